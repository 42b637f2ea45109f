/// One line of a room's log, before it is signed (Protocol.md, Entry).
public struct Entry: Equatable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Something said.
        case text
        /// Something done (`/me`).
        case action
        /// Of a later version, by its number (from 2 on): kept and passed on, and not understood.
        case unknown(UInt16)
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
    /// At most ``Limits/textBytes`` bytes of UTF-8. Empty if the kind is unknown.
    public var body: String
    /// The body of an entry of an unknown kind: one encoded CBOR item of at most ``Limits/textBytes`` bytes. Else empty.
    public var item: [UInt8]

    public init(
        room: RoomID, author: PeerID, lamport: UInt64, wallTime: UInt64, parents: [EntryID], kind: Kind, body: String,
        item: [UInt8] = []
    ) {
        self.room = room
        self.author = author
        self.lamport = lamport
        self.wallTime = wallTime
        self.parents = parents
        self.kind = kind
        self.body = body
        self.item = item
    }
}

extension Entry.Kind {
    /// As on the wire.
    public var number: UInt16 {
        switch self {
        case .text: 0
        case .action: 1
        case .unknown(let number): number
        }
    }

    /// The kind of this number.
    public init(number: UInt16) {
        self =
            switch number {
            case 0: .text
            case 1: .action
            default: .unknown(number)
            }
    }

    /// Whether this version understands entries of the kind.
    public var isKnown: Bool {
        if case .unknown = self { false } else { true }
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
