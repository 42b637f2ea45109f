public import CoreModel
public import Secure
public import Wire

/// The outcome of inserting an entry.
public enum Insertion: Equatable, Sendable {
    case added
    /// The log has it already.
    case duplicate
    case refused(Refusal)

    public enum Refusal: Equatable, Sendable {
        case otherRoom
        /// Retention has pruned all entries that old.
        case belowFloor(lamport: UInt64, floor: UInt64)
        /// Too many entries are above the horizon; retention would prune these last.
        case tooManyFarAhead
    }
}

/// An entry to show, in causal order.
public struct Shown: Equatable, Sendable {
    public var entry: SignedEntry
    /// Whether a parent of it was unavailable.
    public var hasGap: Bool

    public init(entry: SignedEntry, hasGap: Bool) {
        self.entry = entry
        self.hasGap = hasGap
    }
}

/// The log of one room. The entries are in the archive; this value has their order, and the entries received since the
/// start that are to be shown next.
///
/// Entries are stored as soon as they arrive, before anything is shown, and shown in causal order. Entries that were in
/// the archive at the start count as shown.
public struct RoomLog {
    public let log: LogID
    public let room: RoomID
    package let archive: any Archive
    /// The keys of all entries.
    public internal(set) var index: LogIndex
    /// The Lamport time of each entry. Only looked up, never iterated.
    var lamports: [EntryID: UInt64]
    /// The retention floor: the lowest Lamport time that this log keeps; 0: all.
    public internal(set) var floor: UInt64
    /// The horizon: the greatest Lamport time that can be reached from the lowest in steps of at most ``lamportStep``.
    /// Entries above it are kept and shown like all others, but no new entry continues from them. The horizon follows
    /// from the set of entries alone. If it were a reason to refuse an entry, the content of a log would depend on the
    /// order of arrival, and one false entry would make the logs differ permanently.
    public internal(set) var horizon: UInt64 = 0
    /// The highest retention floor that another member has reported.
    package var highestKnownFloor: UInt64 = 0
    /// The entries that are not known to be a parent of another, ascending by key; the greatest ``headCount`` of them.
    var openHeads: [EntryKey] = []
    var order = CausalOrder()
    /// The entries of unknown kinds, which are hidden from peers that do not support them; nil in a log that has none.
    package var unknownKinds: UnknownKinds?

    /// The maximum distance of a Lamport time from the one below it within the room's horizon: it takes nine billion
    /// false entries to use up all 2^53 Lamport times.
    static let lamportStep: UInt64 = 1_000_000
    /// The horizon of a log whose lowest entry is above this starts from 0, so that half of all Lamport times are left.
    static let firstLamport: UInt64 = Limits.lamport / 2
    /// The maximum number of entries above the ``horizon`` that are kept. Honest peers write none.
    static let farAheadCount = 1_000
    /// The number of heads that are remembered: more than an entry may name, so that enough are left when some become
    /// parents.
    static let headCount = 64
    /// The number of entries that are read at the start to find the heads. They are the last of the log, so they
    /// include all of their children, and none of them is mistaken for a head. An older entry without a child is not
    /// named again, which affects only the order.
    static let headWindow = 256

    /// Reads the log's keys and finds its heads.
    public init(log: LogID, room: RoomID, archive: any Archive) throws(ArchiveError) {
        self.log = log
        self.room = room
        self.archive = archive
        index = LogIndex()
        lamports = [:]
        floor = try Self.floor(of: log, in: archive)
        try load()
        try findUnknownKinds()
    }

    /// Reads the keys from the archive and finds the horizon and the heads.
    package mutating func load() throws(ArchiveError) {
        let keys = try archive.keys(of: log)
        index = LogIndex(ascending: keys)
        lamports = [:]
        lamports.reserveCapacity(keys.count)
        for key in keys { lamports[key.id] = key.lamport }
        findHorizon()
        var heads: Set<EntryKey> = []
        let end = EntryKey(lamport: horizon + 1, id: .least)
        for kept in try archive.entries(of: log, before: end, limit: Self.headWindow) {
            guard let entry = try? SignedEntry(trusted: kept.bytes) else { continue }
            // Parents come before their children.
            for parent in entry.entry.parents {
                if let lamport = lamports[parent] { heads.remove(EntryKey(lamport: lamport, id: parent)) }
            }
            // Above a floor a missing parent proves nothing: retention may have dropped it.
            if floor == 0, entry.entry.parents.contains(where: { lamports[$0] == nil }) { continue }
            heads.insert(entry.key)
        }
        openHeads = heads.sorted().suffix(Self.headCount)
    }

    public var isEmpty: Bool { index.isEmpty }
    public var count: Int { index.count }
    /// Returns whether the log has the entry.
    public func contains(_ id: EntryID) -> Bool { lamports[id] != nil }
    public func contains(_ key: EntryKey) -> Bool { lamports[key.id] == key.lamport }

    /// Returns the IDs that are not in the log, in the order given.
    public func missing(from ids: some Sequence<EntryID>) -> [EntryID] { ids.filter { !contains($0) } }

    // Writing.

    /// The parents of a new entry: the greatest heads that were shown without a gap, ascending by ID. An entry that
    /// waits to be shown has not been seen by the author, and would delay the new entry.
    public var heads: [EntryID] {
        openHeads.filter { !order.isWaiting($0.id) }.suffix(Limits.entryParentCount).map(\.id).sorted()
    }

    /// The Lamport time of a new entry. It must exceed every known retention floor, or peers would refuse it. A floor
    /// far ahead is trusted no more than an entry far ahead.
    public var nextLamport: UInt64 { min(max(horizon, floor, highestKnownFloor) + 1, Limits.lamport) }

    /// Records that another member keeps no entries below this Lamport time.
    package mutating func note(highestKnownFloor theirs: UInt64) {
        if theirs <= max(horizon, floor) + Self.lamportStep { highestKnownFloor = max(highestKnownFloor, theirs) }
    }

    // Receiving.

    /// Stores an entry whose signature has been verified.
    ///
    /// Whether it is stored does not depend on which of its parents arrived before it, so that all logs become equal. A
    /// parent that is not below its child in the order is false and counts as none.
    /// - Parameters:
    ///   - isNew: Whether the entry came from its author without a request. It was then written just now, so it cannot
    ///     be one that was pruned, even if its author knew little of the room.
    ///   - sendersFloor: The lowest Lamport time that the sender keeps. Parents of an entry at or below it are
    ///     unavailable.
    /// - Throws: If the entry could not be stored; then nothing has changed.
    @discardableResult
    public mutating func insert(
        _ entry: SignedEntry, isNew: Bool = false, sendersFloor: UInt64 = 0, at now: Instant, durability: Durability
    ) throws(ArchiveError) -> Insertion {
        let key = entry.key
        guard entry.entry.room == room else { return .refused(.otherRoom) }
        guard lamports[key.id] == nil else { return .duplicate }
        guard isNew || key.lamport >= floor else {
            order.unavailable(key.id)
            return .refused(.belowFloor(lamport: key.lamport, floor: floor))
        }
        if key.lamport > max(horizon, floor) + Self.lamportStep {
            guard try makeRoomFarAhead(for: key) else { return .refused(.tooManyFarAhead) }
        }
        if !entry.entry.kind.isKnown { try noteUnknownKinds() }
        let isAdded = try archive.append(
            ArchivedEntry(key: key, bytes: entry.bytes), body: entry.entry.body, to: log, durability: durability)
        insertByKind(entry)
        index.insert(key)
        lamports[key.id] = key.lamport
        updateHorizon(of: key)
        guard isAdded else { return .duplicate }
        noteHeads(of: entry)
        order.arrived(entry, at: now, below: max(floor, sendersFloor)) { lamports[$0] }
        return .added
    }

    private mutating func updateHorizon(of key: EntryKey) {
        if floor == 0, key == index.first {
            findHorizon()
            // It may be lower than a false entry that arrived first suggested.
            openHeads.removeAll { $0.lamport > horizon }
        } else if key.lamport > horizon {
            raiseHorizon()
        }
    }

    private mutating func findHorizon() {
        horizon = floor
        if floor == 0, let first = index.first, first.lamport <= Self.firstLamport { horizon = first.lamport }
        raiseHorizon()
    }

    private mutating func raiseHorizon() {
        // Usually the last entry is within reach, and therefore all others too: no search is needed.
        if let last = index.last, last.lamport <= horizon + Self.lamportStep {
            horizon = max(horizon, last.lamport)
            return
        }
        while true {
            let below = index.position(of: EntryKey(lamport: horizon + Self.lamportStep + 1, id: .least))
            guard below > 0, index[below - 1].lamport > horizon else { return }
            horizon = index[below - 1].lamport
        }
    }

    private mutating func noteHeads(of entry: SignedEntry) {
        for parent in entry.entry.parents {
            guard let lamport = lamports[parent], lamport < entry.entry.lamport else { continue }
            if let place = openHeads.lastIndex(of: EntryKey(lamport: lamport, id: parent)) {
                openHeads.remove(at: place)
            }
        }
        // An entry that others wait for is a parent already; one above the horizon would displace the true heads.
        guard entry.entry.lamport <= horizon, !order.isAwaited(entry.id) else { return }
        openHeads.insert(entry.key, at: openHeads.lowerBound(of: entry.key))
        if openHeads.count > Self.headCount { openHeads.removeFirst() }
    }

    // Showing.

    /// Returns missing parents to request now, ascending; the same ones again every 0.5 s while an entry waits for
    /// them. At most ``Limits/frameIDCount``.
    public mutating func nextWanted() -> [EntryID] { order.nextWanted() }

    /// Returns the next entry to show.
    public mutating func nextShown(at now: Instant) -> Shown? {
        let shown = order.nextShown()
        // An entry with a gap is not named as a parent: other peers would wait without success for its own missing
        // parent before they showed our next entry, so one false entry, sent only to us, would delay our entries
        // everywhere.
        if let shown, shown.hasGap { openHeads.removeAll { $0 == shown.entry.key } }
        return shown
    }

    public var nextDeadline: Deadline? { order.nextDeadline }

    public mutating func deadlineReached(at now: Instant) { order.deadlineReached(at: now) }

    // Reading.

    /// Returns the last `limit` entries below `before` (nil: of all), ascending.
    public func history(before: EntryKey? = nil, limit: Int) throws(ArchiveError) -> [SignedEntry] {
        let kept = try archive.entries(of: log, before: before, limit: limit)
        return kept.compactMap { try? SignedEntry(trusted: $0.bytes) }
    }

    /// Returns an entry as it was signed; nil if the log does not have it.
    public func entry(_ id: EntryID) throws(ArchiveError) -> ArchivedEntry? {
        guard let lamport = lamports[id] else { return nil }
        return try archive.entry(EntryKey(lamport: lamport, id: id), in: log)
    }

    /// Returns the entries with these IDs that the log has, in the order given, up to the size of one frame.
    /// - Returns: The entries, and the remaining IDs, for which there was no room.
    public func entries(
        _ ids: ArraySlice<EntryID>, maximumBytes: Int = Limits.frameBytes - 1024
    ) throws(ArchiveError) -> (found: [ArchivedEntry], rest: ArraySlice<EntryID>) {
        var found: [ArchivedEntry] = []
        var size = 0
        for place in ids.indices {
            guard let entry = try entry(ids[place]) else { continue }
            // The CBOR head of its byte string takes at most five bytes.
            size += entry.bytes.count + 5
            if size > maximumBytes, !found.isEmpty { return (found, ids[place...]) }
            found.append(entry)
        }
        return (found, [])
    }

    /// Merges another log of the same room (two gatherings that met) into this one, including the entries that it has
    /// yet to show. This log must have just been opened, with no entries of its own to show.
    public mutating func absorb(_ other: RoomLog) throws(ArchiveError) {
        try archive.merge(other.log, into: log)
        // Entries that one of the two logs pruned or dropped are not accepted again from newcomers.
        if other.floor > floor { try setFloor(other.floor) }
        // The settings of the merged log are removed: otherwise a peer that creates gatherings could fill the disk with
        // them.
        if other.log != log {
            if other.floor > 0 { try archive.setSetting(Self.floorSetting(other.log), to: nil) }
            if try archive.setting(Arrivals.setting(other.log)) != nil {
                try archive.setSetting(Arrivals.setting(other.log), to: nil)
            }
            try moveUnknownKinds(from: other)
        }
        highestKnownFloor = max(highestKnownFloor, other.highestKnownFloor)
        let unknown = unknownKindIDs.union(other.unknownKindIDs)
        try load()
        try findUnknownKinds(among: unknown)
        order = other.order
        order.known { lamports[$0] != nil }
    }
}
