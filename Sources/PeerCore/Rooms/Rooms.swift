import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Which of our rooms: the lobby of the gathering we are in, a relay's, or a conversation.
enum RoomKey: Hashable {
    case lobby
    case conversation(PeerID)
    case relayLobby(PeerID)

    var isConversation: Bool {
        if case .conversation = self { return true }
        return false
    }
}

/// How much is kept of all rooms, and what gives way next.
struct RetentionState {
    var unasked = UnaskedMessages()
    /// Counts the logs that are not open and whose old entries were let go of.
    var retained = 0
    /// Kept since the size of all was last looked at.
    var uncheckedBytes = 0
    /// All that is kept is more than it may be, and nothing can give way.
    var isFull = false
    var hasToldFull = false
}

/// The rooms that are open here, and what of them is still to be done.
struct Rooms {
    /// The gathering that our lobby's log belongs to; nil until one is founded or met (DESIGN §5).
    private(set) var gathering: GatheringID?
    private var lobby: RoomLog?
    private var conversations: [PeerID: RoomLog] = [:]
    /// Peers with an open conversation, ascending: the order in which they are walked.
    private var conversationPeers: [PeerID] = []
    /// Only asked; walked by ``relays``. A list that is searched would do, but what an accessor yields out of an
    /// element of one leaks in debug builds (Swift 6.3).
    private var relayLobbies: [PeerID: RoomLog] = [:]
    /// In the order in which their lobbies were opened; few.
    private var relays: [PeerID] = []
    /// Those that we were in before.
    var known = KnownGatherings()
    /// How often our log may be moved to another gathering.
    var moves = TokenBucket(capacity: Bounds.gatheringBurst, perSecond: Bounds.gatheringRate)
    var unseen = UnseenMessages()
    /// What was said in the lobby before this start has been shown.
    var hasShownRecent = false
    var keeping = RetentionState()
    /// Lobby entries to tell a few others of.
    var rumours: [EntryID] = []
    /// Entries that came late, by reconciliation: shown as history. Only asked "is it in there?".
    var late: Set<EntryID> = []
    var backlog = Backlog()
    /// The link that last brought something for a room: asked first for what is missing.
    var lastSource: [RoomKey: LinkID] = [:]

    /// All open rooms in a stable order.
    var keys: [RoomKey] {
        (lobby == nil ? [] : [.lobby]) + relays.map { .relayLobby($0) }
            + conversationPeers.map { .conversation($0) }
    }

    subscript(key: RoomKey) -> RoomLog? {
        _read {
            switch key {
            case .lobby: yield lobby
            case .conversation(let peer): yield conversations[peer]
            case .relayLobby(let relay): yield relayLobbies[relay]
            }
        }
        _modify {
            switch key {
            case .lobby: yield &lobby
            case .conversation(let peer): yield &conversations[peer]
            case .relayLobby(let relay): yield &relayLobbies[relay]
            }
        }
    }

    mutating func openLobby(_ log: RoomLog, of gathering: GatheringID) {
        self.gathering = gathering
        lobby = log
        rumours = []
    }

    /// We are on another network: what was said on this one is not told there.
    mutating func closeLobby() {
        gathering = nil
        lobby = nil
        rumours = []
    }

    mutating func openRelayLobby(_ log: RoomLog, of relay: PeerID) {
        precondition(relayLobbies[relay] == nil, "a relay's lobby is opened once")
        relayLobbies[relay] = log
        relays.append(relay)
    }

    mutating func openConversation(_ log: RoomLog, with peer: PeerID) {
        if conversations.updateValue(log, forKey: peer) == nil {
            conversationPeers.insert(peer, at: conversationPeers.firstIndex { $0 > peer } ?? conversationPeers.count)
        }
    }

    /// A conversation in which nothing was said is of no use without the peer: keys are free, and each may open one.
    mutating func closeIfEmpty(with peer: PeerID) {
        guard conversations[peer]?.isEmpty == true else { return }
        conversations[peer] = nil
        conversationPeers.remove(sorted: peer)
        lastSource[.conversation(peer)] = nil
    }

    var nextDeadline: Deadline? {
        var next = lobby?.nextDeadline
        for relay in relays { next = .earlier(next, relayLobbies[relay]?.nextDeadline) }
        for peer in conversationPeers { next = .earlier(next, conversations[peer]?.nextDeadline) }
        return next
    }

    mutating func deadlineReached(at now: Instant) {
        for key in keys { self[key]?.deadlineReached(at: now) }
    }
}
