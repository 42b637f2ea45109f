public import CoreModel
public import Secure
public import Wire

/// What became of an entry that came for a room.
public enum Insertion: Equatable, Sendable {
    case added
    /// The log has it.
    case duplicate
    case refused(Refusal)

    public enum Refusal: Equatable, Sendable {
        case otherRoom
        /// Retention has let go of everything that old.
        case belowFloor(lamport: UInt64, floor: UInt64)
        /// There are too many that nobody goes on from; retention would not let go of them before all others.
        case tooManyFarAhead
    }
}

/// An entry to show, in causal order.
public struct Shown: Equatable, Sendable {
    public var entry: SignedEntry
    /// Something that it answers to was not to be had.
    public var hasGap: Bool

    public init(entry: SignedEntry, hasGap: Bool) {
        self.entry = entry
        self.hasGap = hasGap
    }
}

/// One room's log: what was said, in the archive; the order of all of it, here; and which entries that came in this
/// run are to be shown next.
///
/// Entries are kept as soon as they come (the archive is told before anything is shown) and shown in causal order.
/// What was in the archive before counts as shown.
public struct RoomLog {
    public let log: LogID
    public let room: RoomID
    package let archive: any Archive
    public internal(set) var index: LogIndex
    /// The Lamport time of each entry. Never walked, only asked.
    var lamports: [EntryID: UInt64]
    /// The lowest Lamport time that is kept here; 0: all.
    public internal(set) var floor: UInt64
    /// How far the room has come: the greatest Lamport time that is reached from the lowest in steps of at most
    /// ``lamportStep``. What is above is kept and shown like everything, but nobody goes on from there. It follows from
    /// the set of entries alone: were it a reason to refuse one, what is kept would depend on what came first, and one
    /// lie would part the logs for good.
    public internal(set) var reach: UInt64 = 0
    /// The highest floor that another member has told.
    package var othersFloor: UInt64 = 0
    /// Entries that no other is known to name as its parent, ascending by key; the greatest ``headCount`` of them.
    var openHeads: [EntryKey] = []
    var order = CausalOrder()
    /// What of it is not for peers that know none of these; nil in a log that has none.
    package var unknownKinds: UnknownKinds?

    /// How far a Lamport time may be above all below it and still count as the room's: 2^53 of them then last for nine
    /// thousand million lies.
    static let lamportStep: UInt64 = 1_000_000
    /// A log whose lowest entry is above this has not come anywhere yet: half of all times is left to go on.
    static let firstLamport: UInt64 = Limits.lamport / 2
    /// Entries above the ``reach`` that are kept. Honest peers write none.
    static let farAheadCount = 1_000
    /// Heads remembered: more than an entry may name, so that the right ones are left when some become parents.
    static let headCount = 64
    /// Entries read at the start to find the heads. All children of these are among them, so their heads are right;
    /// an older entry that nobody answered to is not named again, which only order could notice.
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

    /// Takes over what the archive has.
    package mutating func load() throws(ArchiveError) {
        let keys = try archive.keys(of: log)
        index = LogIndex(ascending: keys)
        lamports = [:]
        lamports.reserveCapacity(keys.count)
        for key in keys { lamports[key.id] = key.lamport }
        findReach()
        var heads: Set<EntryKey> = []
        let end = EntryKey(lamport: reach + 1, id: .least)
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
    public func contains(_ id: EntryID) -> Bool { lamports[id] != nil }
    public func contains(_ key: EntryKey) -> Bool { lamports[key.id] == key.lamport }

    /// Which of these are not here, in the order given.
    public func missing(from ids: some Sequence<EntryID>) -> [EntryID] { ids.filter { !contains($0) } }

    // Writing.

    /// The parents of a new entry: the greatest heads that were shown without a gap, ascending by ID. What waits to be
    /// shown has not been seen by the person who writes now, and would hold up their own words.
    public var heads: [EntryID] {
        openHeads.filter { !order.isWaiting($0.id) }.suffix(Limits.entryParentCount).map(\.id).sorted()
    }

    /// The Lamport time of a new entry: also above what others have let go of, who else would not take it. A floor far
    /// ahead is no more believed than an entry.
    public var nextLamport: UInt64 { min(max(reach, floor, othersFloor) + 1, Limits.lamport) }

    /// Another member has let go of what is below this.
    package mutating func note(othersFloor theirs: UInt64) {
        if theirs <= max(reach, floor) + Self.lamportStep { othersFloor = max(othersFloor, theirs) }
    }

    // Receiving.

    /// Keeps an entry whose signature has been verified.
    ///
    /// Whether it is kept does not depend on which of its parents came before it, so that all logs become equal; a
    /// parent that is not below its child in the order is a lie that counts as no parent.
    /// - Parameters:
    ///   - isNew: it comes from its author, unasked: it was said just now, so it is none that was let go of, however
    ///     little its author knew of the room.
    ///   - sendersFloor: the lowest Lamport time that who sent it keeps; what is that old has no parents to be had.
    /// - Throws: when it could not be kept; then nothing has changed.
    @discardableResult
    public mutating func insert(
        _ entry: SignedEntry, isNew: Bool = false, sendersFloor: UInt64 = 0, at now: Instant, durability: Durability
    ) throws(ArchiveError) -> Insertion {
        let key = entry.key
        guard entry.entry.room == room else { return .refused(.otherRoom) }
        guard lamports[key.id] == nil else { return .duplicate }
        guard isNew || key.lamport >= floor else {
            order.givenUp(key.id)
            return .refused(.belowFloor(lamport: key.lamport, floor: floor))
        }
        if key.lamport > max(reach, floor) + Self.lamportStep {
            guard try makeRoomFarAhead(for: key) else { return .refused(.tooManyFarAhead) }
        }
        if !entry.entry.kind.isKnown { try noteUnknownKinds() }
        let isAdded = try archive.append(
            ArchivedEntry(key: key, bytes: entry.bytes), body: entry.entry.body, to: log, durability: durability)
        insertByKind(entry)
        index.insert(key)
        lamports[key.id] = key.lamport
        noteReach(of: key)
        guard isAdded else { return .duplicate }
        noteHeads(of: entry)
        order.arrived(entry, at: now, below: max(floor, sendersFloor)) { lamports[$0] }
        return .added
    }

    private mutating func noteReach(of key: EntryKey) {
        if floor == 0, key == index.first {
            findReach()
            // It may be less far than a lie that came first made believe.
            openHeads.removeAll { $0.lamport > reach }
        } else if key.lamport > reach {
            climb()
        }
    }

    private mutating func findReach() {
        reach = floor
        if floor == 0, let first = index.first, first.lamport <= Self.firstLamport { reach = first.lamport }
        climb()
    }

    private mutating func climb() {
        // Mostly all is within reach, which the last one shows without a search.
        if let last = index.last, last.lamport <= reach + Self.lamportStep {
            reach = max(reach, last.lamport)
            return
        }
        while true {
            let below = index.position(of: EntryKey(lamport: reach + Self.lamportStep + 1, id: .least))
            guard below > 0, index[below - 1].lamport > reach else { return }
            reach = index[below - 1].lamport
        }
    }

    private mutating func noteHeads(of entry: SignedEntry) {
        for parent in entry.entry.parents {
            guard let lamport = lamports[parent], lamport < entry.entry.lamport else { continue }
            if let place = openHeads.lastIndex(of: EntryKey(lamport: lamport, id: parent)) {
                openHeads.remove(at: place)
            }
        }
        // One that others wait for is a parent already; one that is out of reach would push the true heads out.
        guard entry.entry.lamport <= reach, !order.isAwaited(entry.id) else { return }
        openHeads.insert(entry.key, at: openHeads.lowerBound(of: entry.key))
        if openHeads.count > Self.headCount { openHeads.removeFirst() }
    }

    // Showing.

    /// Missing parents to ask for now, ascending; the same ones again every 0.5 s while something waits for them. At
    /// most ``Limits/frameIDCount``.
    public mutating func nextWanted() -> [EntryID] { order.nextWanted() }

    /// The next entry to show.
    public mutating func nextShown(at now: Instant) -> Shown? {
        let shown = order.nextShown()
        // Not to be named as a parent: others would wait in vain for its own missing parent before they showed what we say
        // next, so one false entry, told to us alone, would delay us everywhere.
        if let shown, shown.hasGap { openHeads.removeAll { $0 == shown.entry.key } }
        return shown
    }

    public var nextDeadline: Deadline? { order.nextDeadline }

    public mutating func deadlineReached(at now: Instant) { order.deadlineReached(at: now) }

    // Reading.

    /// The last `limit` entries below `before` (nil: of all), ascending.
    public func history(before: EntryKey? = nil, limit: Int) throws(ArchiveError) -> [SignedEntry] {
        let kept = try archive.entries(of: log, before: before, limit: limit)
        return kept.compactMap { try? SignedEntry(trusted: $0.bytes) }
    }

    /// As it was signed; nil if it is not here.
    public func entry(_ id: EntryID) throws(ArchiveError) -> ArchivedEntry? {
        guard let lamport = lamports[id] else { return nil }
        return try archive.entry(EntryKey(lamport: lamport, id: id), in: log)
    }

    /// Those that are here, in the order given, up to what fits one frame.
    /// - Returns: also those that there was no room for.
    public func entries(
        _ ids: ArraySlice<EntryID>, maximumBytes: Int = Limits.frameBytes - 1024
    ) throws(ArchiveError) -> (found: [ArchivedEntry], rest: ArraySlice<EntryID>) {
        var found: [ArchivedEntry] = []
        var size = 0
        for place in ids.indices {
            guard let entry = try entry(ids[place]) else { continue }
            // Its head as a byte string takes at most five bytes.
            size += entry.bytes.count + 5
            if size > maximumBytes, !found.isEmpty { return (found, ids[place...]) }
            found.append(entry)
        }
        return (found, [])
    }

    /// Takes over all of another log of the same room (two gatherings that met), with what it has still to show. This
    /// one was just opened: it has nothing to show itself.
    public mutating func absorb(_ other: RoomLog) throws(ArchiveError) {
        try archive.merge(other.log, into: log)
        // What was let go of, or forgotten, in one of the two is not told again by who comes along.
        if other.floor > floor { try setFloor(other.floor) }
        // A log that has ended leaves nothing: who gives out gatherings could fill the disk with what is left of them.
        if other.log != log {
            if other.floor > 0 { try archive.setSetting(Self.floorSetting(other.log), to: nil) }
            if try archive.setting(Arrivals.setting(other.log)) != nil {
                try archive.setSetting(Arrivals.setting(other.log), to: nil)
            }
            try moveUnknownKinds(from: other)
        }
        othersFloor = max(othersFloor, other.othersFloor)
        let unknown = unknownKindIDs.union(other.unknownKindIDs)
        try load()
        try findUnknownKinds(among: unknown)
        order = other.order
        order.known { lamports[$0] != nil }
    }
}
