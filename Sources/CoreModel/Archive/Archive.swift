public import Wire

/// The identity of a log. Rooms are reconciled only within their gathering, their relay or their pair.
public enum LogID: Hashable, Sendable {
    case lobby(GatheringID)
    case conversation(PeerID)
    case relayLobby(PeerID)
}

/// An entry as it is stored. `bytes` are the signed bytes, never re-encoded.
public struct ArchivedEntry: Equatable, Sendable {
    public var key: EntryKey
    public var bytes: [UInt8]

    public init(key: EntryKey, bytes: [UInt8]) {
        self.key = key
        self.bytes = bytes
    }

    /// The approximate size of an entry in addition to its signed bytes: its rows in tables and indexes. Without it a
    /// thousand small entries would count as almost nothing. Archives keep sums that include it, so it must never
    /// change.
    public static let overheadBytes = 256
    /// The size that it counts as in ``Archive/bytes(of:)``.
    public var keptBytes: Int { bytes.count + Self.overheadBytes }
}

/// An entry by its place in the order in which entries were stored.
public struct Arrival: Equatable, Sendable {
    public var place: UInt64
    public var log: LogID
    /// The size of the entry, as in ``ArchivedEntry/keptBytes``.
    public var bytes: Int

    public init(place: UInt64, log: LogID, bytes: Int) {
        self.place = place
        self.log = log
        self.bytes = bytes
    }
}

/// A peer that was met, as it is stored.
public struct KnownPeer: Equatable, Sendable {
    public var id: PeerID
    /// The last name it held.
    public var name: String
    /// By ``AgeClock``, only to tell which peer was seen later.
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

/// How durably a round's changes must be stored before any output of the round leaves the machine.
public enum Durability: UInt8, Comparable, Sendable {
    /// Other peers have it too: after a power cut the latest changes may be missing, but the archive is intact.
    case normal
    /// On the disk when `commit` returns. For our own entries and for private messages.
    case full

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A failure to store or read; `text` says what happened and what to do.
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

/// The persistent state of a core. `MemoryArchive` (here) keeps it until the process ends; `Store` keeps it in SQLite;
/// the archive of `Simulator` can lose uncommitted changes. Changes belong to the current round: the host calls
/// ``commit()`` after the inputs of a round and before its outputs leave.
public protocol Archive: AnyObject {
    // Logs.

    /// Adds an entry; returns false if the log has it already. ``search(words:limit:)`` finds it by `body`.
    func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool
    /// Returns all keys of a log, ascending.
    func keys(of log: LogID) throws(ArchiveError) -> [EntryKey]
    /// Returns an entry; nil if the log does not have it.
    func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry?
    /// Returns the last `limit` entries below `before` (nil: of all), ascending.
    func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry]
    /// Removes entries that retention or the user drops.
    func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError)
    /// Moves all entries of one log to another and ends the first (gatherings that met).
    func merge(_ source: LogID, into target: LogID) throws(ArchiveError)
    /// Removes a log and the receipts that were awaited in it. Nothing of it is on the disk when ``commit()`` returns.
    func forget(_ log: LogID) throws(ArchiveError)
    /// Returns all logs that have entries, in a stable order.
    func logs() throws(ArchiveError) -> [LogID]
    /// Returns the total size of a log's entries (``ArchivedEntry/keptBytes``). Called often: a running sum, no scan.
    func bytes(of log: LogID) throws(ArchiveError) -> Int
    /// Returns the size of everything stored, of any kind, as far as the archive can tell. Called often.
    func bytes() throws(ArchiveError) -> Int
    /// Returns the first entries of any log that were stored after this place, in that order. Unlike a time, the order
    /// does not depend on an author's claim.
    func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival]
    /// Returns the entries that match, as ``SearchWords`` parses the words, newest last.
    func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)]

    // Private messages that wait for a receipt, ascending by key.

    /// Marks an entry as awaiting a receipt.
    func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError)
    /// Records a receipt; returns false if none was awaited for this entry.
    func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool
    /// Returns the entries that await a receipt.
    func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey]

    // Peers and settings.

    /// Returns all peers that were met.
    func knownPeers() throws(ArchiveError) -> [KnownPeer]
    /// Stores a peer, or replaces its record.
    func remember(_ peer: KnownPeer) throws(ArchiveError)
    /// Removes the records of these peers.
    func forget(_ peers: [PeerID]) throws(ArchiveError)
    /// Returns a small value by name: the gathering, the last name, the network it was on.
    func setting(_ name: String) throws(ArchiveError) -> [UInt8]?
    /// Stores a small value by name; nil removes it.
    func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError)

    /// Makes the round's changes durable, at the highest durability that was requested in it.
    /// - Throws: If they could not be stored. They are not lost: the next call tries again.
    func commit() throws(ArchiveError)

    /// Whether ``commit()`` has more work to do, a little in each round, even without new changes.
    var isBehind: Bool { get }
    /// Whether anything was stored outside the archive's file since the last ``checkpoint()``.
    var needsCheckpoint: Bool { get }
    /// Moves everything that was stored into the archive's file. Called between rounds.
    func checkpoint()
}

extension Archive {
    public var isBehind: Bool { false }
    public var needsCheckpoint: Bool { false }
    public func checkpoint() {}
}
