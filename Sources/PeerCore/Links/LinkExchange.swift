import CoreModel
import LocalNetwork
import RoomSync
import Wire

/// The state of a link beyond single frames: requested entries, reconciliations, and the rate of unsolicited entries.
struct LinkExchange {
    /// A reconciliation that we opened in a room.
    struct Round {
        var room: RoomID
        var reconciliation: Reconciliation
    }

    /// The open reconciliations, at most one a room: the lobby and one conversation.
    var rounds: [Round] = []
    /// The entries that we requested.
    var window = RequestWindow()
    /// The entries that the other side requested.
    var pendingAnswers = PendingAnswers()
    /// The retention floor of the other side in each room that it sent one for, as a Lamport time; at most
    /// ``floorCount``.
    private var floors: [RoomID: UInt64] = [:]
    /// The entries to request next.
    var planned = PlannedEntries()
    /// The rate limit of unsolicited entries.
    var unsolicited = TokenBucket(capacity: Bounds.unrequestedEntryBurst, perSecond: Bounds.unrequestedEntryRate)

    /// The authors whose names we sent on it.
    var sentAuthors = SentAuthors()
    /// The names that the other side sent of authors without an entry on this link so far; at most one frame's worth.
    private var authorNames: [PeerID: Nickname] = [:]

    /// The state of gossip on it.
    var gossip = LinkGossip()
    var capabilities = Capabilities()

    private static let floorCount = 64

    /// Notes the names of authors. Each counts when an entry by its author arrives on this link too.
    mutating func noteTold(_ names: [AuthorName]) {
        if authorNames.count + names.count > Limits.frameAuthorCount { authorNames.removeAll() }
        for told in names where authorNames[told.peer] == nil { authorNames[told.peer] = try? Nickname(told.name) }
    }

    /// Returns and removes the name that the other side sent of this author, when an entry by it has arrived.
    mutating func takeToldName(of author: PeerID) -> Nickname? { authorNames.removeValue(forKey: author) }

    /// Returns the retention floor of the other side in a room.
    func floor(of room: RoomID) -> UInt64 { floors[room] ?? 0 }

    mutating func note(floor: UInt64, of room: RoomID) {
        if floors[room] != nil || floors.count < Self.floorCount { floors[room] = floor }
    }

    /// Returns whether a reconciliation of this room that we opened is in progress.
    func isComparing(_ room: RoomID) -> Bool { rounds.contains { $0.room == room } }
}
