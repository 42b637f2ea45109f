/// One line of a room's log, before it is signed (Protocol.md, Entry).
public struct Entry: Equatable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// Something said.
        case text = 0
        /// Something done (`/me`).
        case action = 1
    }

    public var room: RoomID
    public var author: PeerID
    /// Lamport time: one more than the greatest that the author had seen in this room. 1...2^53.
    public var lamport: UInt64
    /// The author's wall clock, milliseconds since 1970. Shown, never used for order.
    public var wallTime: UInt64
    /// The heads of the log that the author had seen, in ascending order, at most ``Limits/entryParentCount``.
    public var parents: [EntryID]
    public var kind: Kind
    /// At most ``Limits/textBytes`` bytes of UTF-8.
    public var body: String

    public init(
        room: RoomID, author: PeerID, lamport: UInt64, wallTime: UInt64, parents: [EntryID], kind: Kind, body: String
    ) {
        self.room = room
        self.author = author
        self.lamport = lamport
        self.wallTime = wallTime
        self.parents = parents
        self.kind = kind
        self.body = body
    }
}

/// Where an entry stands in its room: the order everywhere is (Lamport, ID).
public struct EntryKey: Hashable, Comparable, Sendable {
    public var lamport: UInt64
    public var id: EntryID

    public init(lamport: UInt64, id: EntryID) {
        self.lamport = lamport
        self.id = id
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.lamport != right.lamport ? left.lamport < right.lamport : left.id < right.id
    }
}
