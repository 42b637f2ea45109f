public import Wire

/// An archive that keeps everything in memory until the process ends: for tests, for simulations and for users who want
/// nothing on a disk. It grows with what is said.
public final class MemoryArchive: Archive {
    /// The error that every change throws while it is set, such as a full disk in a test.
    public var failure: ArchiveError?
    /// Whether ``remember(_:)`` stores anything. In a simulation of 1,000 peers that each know 1,000, these records
    /// would take a large part of the memory.
    public var keepsPeers = true
    /// The number of calls of ``commit()`` that succeeded.
    public private(set) var commitCount = 0

    private struct Log {
        /// Ascending.
        var keys: [EntryKey] = []
        var entries: [EntryID: Kept] = [:]
        var awaiting: [EntryID: EntryKey] = [:]
        var bytes = 0
    }

    private struct Kept {
        var entry: ArchivedEntry
        var body: String
        var arrival: UInt64
    }

    private var kept: [LogID: Log] = [:]
    private var peers: [PeerID: KnownPeer] = [:]
    private var settings: [String: [UInt8]] = [:]
    private var lastArrival: UInt64 = 0
    private var allBytes = 0

    public init() {}

    /// Returns a copy of this archive as it is now. Changes in one do not affect the other.
    public func copy() -> MemoryArchive {
        let copy = MemoryArchive()
        (copy.kept, copy.peers, copy.settings) = (kept, peers, settings)
        (copy.lastArrival, copy.allBytes) = (lastArrival, allBytes)
        return copy
    }

    public func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool {
        try check()
        let isNew = insert(Kept(entry: entry, body: body, arrival: lastArrival + 1), into: log)
        if isNew { lastArrival += 1 }
        return isNew
    }

    private func insert(_ new: Kept, into log: LogID) -> Bool {
        guard kept[log]?.entries[new.entry.key.id] == nil else { return false }
        allBytes += new.entry.keptBytes
        kept[log, default: Log()].bytes += new.entry.keptBytes
        kept[log, default: Log()].entries[new.entry.key.id] = new
        let place = kept[log]?.keys.lowerBound(of: new.entry.key) ?? 0
        kept[log]?.keys.insert(new.entry.key, at: place)
        return true
    }

    public func keys(of log: LogID) throws(ArchiveError) -> [EntryKey] { kept[log]?.keys ?? [] }

    public func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry? {
        guard let entry = kept[log]?.entries[key.id]?.entry, entry.key == key else { return nil }
        return entry
    }

    public func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry] {
        guard let log = kept[log] else { return [] }
        let end = before.map { log.keys.lowerBound(of: $0) } ?? log.keys.count
        return log.keys[..<end].suffix(max(0, limit)).compactMap { log.entries[$0.id]?.entry }
    }

    public func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError) {
        try check()
        guard var changed = kept.removeValue(forKey: log) else { return }
        let gone = Set(keys)
        changed.keys.removeAll { gone.contains($0) }
        for key in keys {
            if let dropped = changed.entries.removeValue(forKey: key.id) {
                changed.bytes -= dropped.entry.keptBytes
                allBytes -= dropped.entry.keptBytes
            }
            changed.awaiting[key.id] = nil
        }
        if !changed.keys.isEmpty { kept[log] = changed }
    }

    public func merge(_ source: LogID, into target: LogID) throws(ArchiveError) {
        try check()
        guard source != target, let moved = kept.removeValue(forKey: source) else { return }
        allBytes -= moved.bytes
        for key in moved.keys {
            guard let entry = moved.entries[key.id] else { continue }
            _ = insert(entry, into: target)
        }
        kept[target]?.awaiting.merge(moved.awaiting) { mine, _ in mine }
    }

    public func forget(_ log: LogID) throws(ArchiveError) {
        try check()
        allBytes -= kept.removeValue(forKey: log)?.bytes ?? 0
    }

    public func logs() throws(ArchiveError) -> [LogID] {
        kept.filter { !$0.value.keys.isEmpty }.keys.sorted { $0.order < $1.order }
    }

    public func bytes(of log: LogID) throws(ArchiveError) -> Int { kept[log]?.bytes ?? 0 }

    public func bytes() throws(ArchiveError) -> Int { allBytes }

    public func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival] {
        var found: [Arrival] = []
        for (log, content) in kept {
            for entry in content.entries.values where entry.arrival > place {
                found.append(Arrival(place: entry.arrival, log: log, bytes: entry.entry.keptBytes))
            }
        }
        return Array(found.sorted { $0.place < $1.place }.prefix(max(0, limit)))
    }

    public func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        let wanted = SearchWords(words)
        guard !wanted.isEmpty, limit > 0 else { return [] }
        var found: [(log: LogID, entry: ArchivedEntry)] = []
        for log in try logs() {
            for entry in kept[log]?.entries.values.map({ $0 }) ?? [] where wanted.areFound(in: entry.body) {
                found.append((log, entry.entry))
            }
        }
        found.sort { ($0.entry.key, $0.log.order) < ($1.entry.key, $1.log.order) }
        return found.suffix(limit)
    }

    public func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError) {
        try check()
        kept[log, default: Log()].awaiting[key.id] = key
    }

    public func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool {
        try check()
        return kept[log]?.awaiting.removeValue(forKey: id) != nil
    }

    public func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey] {
        kept[log]?.awaiting.values.sorted() ?? []
    }

    public func knownPeers() throws(ArchiveError) -> [KnownPeer] {
        peers.values.sorted { $0.id < $1.id }
    }

    public func remember(_ peer: KnownPeer) throws(ArchiveError) {
        try check()
        if keepsPeers { peers[peer.id] = peer }
    }

    public func forget(_ peers: [PeerID]) throws(ArchiveError) {
        try check()
        for peer in peers { self.peers[peer] = nil }
    }

    public func setting(_ name: String) throws(ArchiveError) -> [UInt8]? { settings[name] }

    public func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError) {
        try check()
        settings[name] = value
    }

    public func commit() throws(ArchiveError) {
        try check()
        commitCount += 1
    }

    private func check() throws(ArchiveError) {
        if let failure { throw failure }
    }
}

extension LogID {
    /// The text that orders logs and names them in settings.
    package var order: String {
        switch self {
        case .lobby(let gathering): "lobby \(gathering)"
        case .relayLobby(let relay): "relay \(relay)"
        case .conversation(let peer): "with \(peer)"
        }
    }
}
