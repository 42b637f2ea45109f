/// One line of a room's log, before it is signed (Protocol.md, Entry).
public struct Entry: Equatable, Sendable {
    /// The kind of an entry.
    public enum Kind: Hashable, Sendable {
        /// A message.
        case text
        /// An action (`/me`).
        case action
        /// A kind of a later version, by its number (2 or more): stored and forwarded, but not interpreted.
        case unknown(UInt16)
    }

    public var room: RoomID
    public var author: PeerID
    /// The Lamport time, 1...2^53: one more than the greatest that the author had seen in this room.
    public var lamport: UInt64
    /// The author's wall clock, in milliseconds since 1970. It is shown, but never used for ordering.
    public var wallTime: UInt64
    /// The heads of the log that the author had seen, in ascending order, at most ``Limits/entryParentCount``.
    public var parents: [EntryID]
    public var kind: Kind
    /// The text, at most ``Limits/textBytes`` bytes of UTF-8. Empty if the kind is unknown.
    public var body: String
    /// The body of an entry of an unknown kind: one encoded CBOR item of at most ``Limits/textBytes`` bytes. Otherwise
    /// empty.
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
    /// The number of the kind on the wire.
    public var number: UInt16 {
        switch self {
        case .text: 0
        case .action: 1
        case .unknown(let number): number
        }
    }

    /// Creates the kind with this number.
    public init(number: UInt16) {
        self =
            switch number {
            case 0: .text
            case 1: .action
            default: .unknown(number)
            }
    }

    /// Whether this version knows the kind.
    public var isKnown: Bool {
        if case .unknown = self { false } else { true }
    }
}

/// The position of an entry in its room. Every peer orders entries by (Lamport time, ID).
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
