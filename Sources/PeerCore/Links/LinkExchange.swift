import CoreModel
import LocalNetwork
import RoomSync
import Wire

/// What is under way with one link beyond single frames: entries asked for, reconciliations, and its rate of
/// entries that nobody asked for.
struct LinkExchange {
    /// One reconciliation that we opened, by room.
    struct Round {
        var room: RoomID
        var reconciliation: Reconciliation
    }

    /// At most one a room: the lobby and one conversation.
    var rounds: [Round] = []
    /// Entries that are asked for.
    var window = RequestWindow()
    /// Entries that the other side asks for.
    var owed = PendingAnswers()
    /// The lowest Lamport time that the other side keeps, of each room that it told it of; at most ``floorCount``.
    private var floors: [RoomID: UInt64] = [:]
    /// Entries to ask for next.
    var planned = PlannedEntries()
    /// Tokens for entries that nobody asked for.
    var unasked = TokenBucket(capacity: Bounds.unaskedEntryBurst, perSecond: Bounds.unaskedEntryRate)

    /// Authors whose names we told on it.
    var toldAuthors = ToldAuthors()
    /// What the other side told of authors of whom nothing has come yet; at most a frame's worth.
    private var authorNames: [PeerID: Nickname] = [:]

    /// What was told on it of who is here.
    var gossip = LinkGossip()
    var capabilities = Capabilities()

    private static let floorCount = 64

    /// The names of authors were told: each counts when an entry by its author comes on this link too.
    mutating func noteTold(_ names: [AuthorName]) {
        if authorNames.count + names.count > Limits.frameAuthorCount { authorNames.removeAll() }
        for told in names where authorNames[told.peer] == nil { authorNames[told.peer] = try? Nickname(told.name) }
    }

    /// An entry by this author has come: the name that was told of it, once.
    mutating func takeToldName(of author: PeerID) -> Nickname? { authorNames.removeValue(forKey: author) }

    func floor(of room: RoomID) -> UInt64 { floors[room] ?? 0 }

    mutating func note(floor: UInt64, of room: RoomID) {
        if floors[room] != nil || floors.count < Self.floorCount { floors[room] = floor }
    }

    /// Whether a reconciliation of this room that we opened is under way.
    func isComparing(_ room: RoomID) -> Bool { rounds.contains { $0.room == room } }
}
