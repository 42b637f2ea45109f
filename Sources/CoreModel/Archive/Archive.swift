public import Wire

/// Which log: rooms are reconciled only within their gathering, their relay or their pair.
public enum LogID: Hashable, Sendable {
    case lobby(GatheringID)
    case conversation(PeerID)
    case relayLobby(PeerID)
}

/// What is kept of one entry. `bytes` are the signed bytes, never re-encoded.
public struct ArchivedEntry: Equatable, Sendable {
    public var key: EntryKey
    public var bytes: [UInt8]

    public init(key: EntryKey, bytes: [UInt8]) {
        self.key = key
        self.bytes = bytes
    }

    /// What an entry takes beside its signed bytes, about: its places in tables and indexes. So a thousand small ones
    /// do not count as nothing. Archives keep sums with it, so it never changes.
    public static let overheadBytes = 256
    /// What it counts in ``Archive/bytes(of:)``.
    public var keptBytes: Int { bytes.count + Self.overheadBytes }
}

/// An entry by its place in the order in which all were kept.
public struct Arrival: Equatable, Sendable {
    public var place: UInt64
    public var log: LogID
    /// ``ArchivedEntry/keptBytes``
    public var bytes: Int

    public init(place: UInt64, log: LogID, bytes: Int) {
        self.place = place
        self.log = log
        self.bytes = bytes
    }
}

/// What is kept of a peer that was met.
public struct KnownPeer: Equatable, Sendable {
    public var id: PeerID
    /// The last name it held.
    public var name: String
    /// By ``AgeClock``: only to tell who was seen later.
    public var firstSeen: WallTime
    public var lastSeen: WallTime
    public var isBlocked: Bool

    public init(id: PeerID, name: String, firstSeen: WallTime, lastSeen: WallTime, isBlocked: Bool) {
        self.id = id
        self.name = name
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.isBlocked = isBlocked
    }
}

/// How firmly a round's changes must be kept before anything that the round says leaves the machine.
public enum Durability: UInt8, Comparable, Sendable {
    /// Others hold it too: after a power cut the last of it may be missing, the archive is whole.
    case normal
    /// On the disk when `commit` returns: own entries, private messages.
    case full

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What could not be kept or read; `text` says what happened and what to do.
public struct ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Sendable { case full, damaged, newer, locked, unwritable, other }
    public var kind: Kind
    public var text: String
    public var description: String { text }

    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// What a core needs kept. `MemoryArchive` (here) keeps it until the process ends; `Store` keeps it in SQLite;
/// `Simulator` can lose what was not committed. Changes belong to the round that is under way: the host calls
/// ``commit()`` after the inputs of a round and before its outputs leave.
public protocol Archive: AnyObject {
    // Logs.

    /// Adds an entry; false if the log has it already. `body` is what ``search(words:limit:)`` finds it by.
    func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool
    /// All keys of a log, ascending.
    func keys(of log: LogID) throws(ArchiveError) -> [EntryKey]
    func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry?
    /// The last `limit` entries below `before` (nil: of all), ascending.
    func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry]
    /// Drops entries that retention or the user lets go.
    func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError)
    /// Adds all of one log to another and ends the first (gatherings that met).
    func merge(_ source: LogID, into target: LogID) throws(ArchiveError)
    /// Drops all of a log, with the receipts that were awaited in it. It is no longer on the disk when ``commit()``
    /// returns.
    func forget(_ log: LogID) throws(ArchiveError)
    /// All logs that have entries, in a stable order.
    func logs() throws(ArchiveError) -> [LogID]
    /// What a log's entries count together (``ArchivedEntry/keptBytes``). Asked often: a running sum, no walk.
    func bytes(of log: LogID) throws(ArchiveError) -> Int
    /// Bytes of all that is kept, of whatever kind, as far as the archive can tell. Asked often.
    func bytes() throws(ArchiveError) -> Int
    /// The entries that were kept first of all behind this place, in that order. It is no author's word, as a time is.
    func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival]
    /// Entries with all that is looked for, as ``SearchWords`` reads it, newest last.
    func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)]

    // Private messages that wait for a receipt, ascending by key.

    func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError)
    /// False if no receipt was awaited for this entry.
    func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool
    func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey]

    // Peers and settings.

    func knownPeers() throws(ArchiveError) -> [KnownPeer]
    func remember(_ peer: KnownPeer) throws(ArchiveError)
    /// Drops what is kept of these peers.
    func forget(_ peers: [PeerID]) throws(ArchiveError)
    /// Small values by name: the gathering, the last name, the network it was on.
    func setting(_ name: String) throws(ArchiveError) -> [UInt8]?
    func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError)

    /// Keeps the round's changes, as firmly as the firmest of them asked for.
    /// - Throws: when they could not be kept. They are not forgotten: the next call tries again.
    func commit() throws(ArchiveError)

    /// Whether it has more work for ``commit()``, a little in each round, though nothing changes.
    var isBehind: Bool { get }
    /// Whether something was kept beside the archive's file since the last ``checkpoint()``.
    var needsCheckpoint: Bool { get }
    /// Brings all that was kept into the archive's file. Between rounds.
    func checkpoint()
}

extension Archive {
    public var isBehind: Bool { false }
    public var needsCheckpoint: Bool { false }
    public func checkpoint() {}
}
