public import CoreModel
import LocalNetwork
public import Wire

/// A machine's disk as its archive sees it. A process that dies leaves behind what it committed. A machine that loses
/// power leaves only what was synced, and perhaps the first of the commits after that.
public final class Disk: Archive {
    private enum Change {
        case append(ArchivedEntry, body: String, LogID, Durability)
        case remove([EntryKey], LogID)
        case merge(LogID, into: LogID)
        case forget(LogID)
        case awaitReceipt(EntryKey, LogID)
        case receiptArrived(EntryID, LogID)
        case remember(KnownPeer)
        case forgetPeers([PeerID])
        case setSetting(String, [UInt8]?)

        func apply(to archive: MemoryArchive) throws(ArchiveError) {
            switch self {
            case .append(let entry, let body, let log, let durability):
                _ = try archive.append(entry, body: body, to: log, durability: durability)
            case .remove(let keys, let log): try archive.remove(keys, from: log)
            case .merge(let source, let target): try archive.merge(source, into: target)
            case .forget(let log): try archive.forget(log)
            case .awaitReceipt(let key, let log): try archive.awaitReceipt(of: key, in: log)
            case .receiptArrived(let id, let log): _ = try archive.receiptArrived(for: id, in: log)
            case .remember(let peer): try archive.remember(peer)
            case .forgetPeers(let peers): try archive.forget(peers)
            case .setSetting(let name, let value): try archive.setSetting(name, to: value)
            }
        }
    }

    /// The content as the running process sees it.
    private var present = MemoryArchive()
    /// The content that would be found after the worst power cut.
    private var synced = MemoryArchive()
    /// The changes committed since the last sync, one element a round, oldest first.
    private var unsynced: [[Change]] = []
    /// The changes of the round in progress, and how durable they must be.
    private var round: [Change] = []
    private var firmness = Durability.normal

    /// The number of rounds after which a write-ahead log is synced at the latest.
    private static let checkpointRounds = 1_000

    /// An empty disk.
    public init() {}

    /// The number of committed rounds that a power cut could undo.
    public var unsyncedRounds: Int { unsynced.count }

    /// Returns whether the entry would be found after a power cut, in whichever log.
    public func isSynced(_ key: EntryKey) -> Bool { Self.bytes(of: key, in: synced) != nil }

    /// Returns the entry as it was signed, from whichever log; nil if it is in none.
    public func bytes(of key: EntryKey) -> [UInt8]? { Self.bytes(of: key, in: present) }

    private static func bytes(of key: EntryKey, in archive: MemoryArchive) -> [UInt8]? {
        for log in (try? archive.logs()) ?? [] {
            if let entry = (try? archive.entry(key, in: log)) ?? nil { return entry.bytes }
        }
        return nil
    }

    // MARK: Faults

    /// Ends the process: its uncommitted changes never happened.
    public func processEnded() {
        guard !round.isEmpty else { return }
        forgetRound()
        present = synced.copy()
        for changes in unsynced { apply(changes, to: present) }
    }

    /// Cuts the machine's power.
    /// - Parameter share: The share, in 0...1, of the rounds since the last sync that had reached the disk all the
    ///   same, always the first ones.
    public func powerCut(keeping share: Double) {
        forgetRound()
        for changes in unsynced.prefix(Int(Double(unsynced.count) * share)) { apply(changes, to: synced) }
        unsynced = []
        present = synced.copy()
    }

    public func commit() throws(ArchiveError) {
        try present.commit()
        guard !round.isEmpty else { return }
        unsynced.append(round)
        if firmness == .full || unsynced.count >= Self.checkpointRounds {
            for changes in unsynced { apply(changes, to: synced) }
            unsynced = []
        }
        forgetRound()
    }

    private func forgetRound() {
        round = []
        firmness = .normal
    }

    private func apply(_ changes: [Change], to archive: MemoryArchive) {
        // A change that succeeded once succeeds again.
        for change in changes { try! change.apply(to: archive) }
    }

    private func change(_ change: Change) throws(ArchiveError) {
        try change.apply(to: present)
        round.append(change)
    }

    // MARK: Archive

    public func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool {
        let isNew = try present.append(entry, body: body, to: log, durability: durability)
        round.append(.append(entry, body: body, log, durability))
        firmness = max(firmness, durability)
        return isNew
    }

    public func keys(of log: LogID) throws(ArchiveError) -> [EntryKey] { try present.keys(of: log) }

    public func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry? {
        try present.entry(key, in: log)
    }

    public func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry] {
        try present.entries(of: log, before: before, limit: limit)
    }

    public func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError) {
        try change(.remove(keys, log))
    }

    public func merge(_ source: LogID, into target: LogID) throws(ArchiveError) {
        try change(.merge(source, into: target))
    }

    public func forget(_ log: LogID) throws(ArchiveError) {
        try change(.forget(log))
        firmness = .full
    }

    public func logs() throws(ArchiveError) -> [LogID] { try present.logs() }

    public func bytes(of log: LogID) throws(ArchiveError) -> Int { try present.bytes(of: log) }

    public func bytes() throws(ArchiveError) -> Int { try present.bytes() }

    public func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival] {
        try present.arrivals(after: place, limit: limit)
    }

    public func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        try present.search(words: words, limit: limit)
    }

    public func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError) {
        try change(.awaitReceipt(key, log))
        firmness = .full
    }

    public func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool {
        let wasAwaited = try present.receiptArrived(for: id, in: log)
        if wasAwaited { round.append(.receiptArrived(id, log)) }
        return wasAwaited
    }

    public func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey] {
        try present.awaitingReceipt(in: log)
    }

    public func knownPeers() throws(ArchiveError) -> [KnownPeer] { try present.knownPeers() }

    public func remember(_ peer: KnownPeer) throws(ArchiveError) {
        try change(.remember(peer))
    }

    public func forget(_ peers: [PeerID]) throws(ArchiveError) {
        try change(.forgetPeers(peers))
    }

    public func setting(_ name: String) throws(ArchiveError) -> [UInt8]? { try present.setting(name) }

    public func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError) {
        try change(.setSetting(name, value))
    }
}
