import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// The key of a room: the lobby of our gathering, a relay's lobby, or a conversation.
enum RoomKey: Hashable {
    case lobby
    case conversation(PeerID)
    case relayLobby(PeerID)

    var isConversation: Bool {
        if case .conversation = self { return true }
        return false
    }
}

/// How much is stored of all rooms, and which log is pruned next.
struct RetentionState {
    var unsolicited = UnsolicitedMessages()
    /// The number of pruning steps on logs that are not open; selects the next one.
    var retained = 0
    /// The bytes stored since the total size was last checked.
    var uncheckedBytes = 0
    /// Whether storage exceeds its bound and nothing can be pruned.
    var isFull = false
    var hasReportedFull = false
}

/// The open rooms, and their pending work.
struct Rooms {
    /// The gathering that our lobby's log belongs to; nil until one is founded or met (Protocol.md, Gatherings).
    private(set) var gathering: GatheringID?
    private var lobby: RoomLog?
    private var conversations: [PeerID: RoomLog] = [:]
    /// The peers with an open conversation, ascending: the order of iteration.
    private var conversationPeers: [PeerID] = []
    /// Looked up by key only; iterated in the order of ``relays``. A list searched linearly would do, but a value that
    /// an accessor yields from an array element leaks in debug builds (Swift 6.3).
    private var relayLobbies: [PeerID: RoomLog] = [:]
    /// The relays with an open lobby, in the order in which they were opened; few.
    private var relays: [PeerID] = []
    /// The gatherings that we were in before.
    var known = KnownGatherings()
    /// The rate at which our log may be moved to another gathering.
    var moves = TokenBucket(capacity: Bounds.gatheringBurst, perSecond: Bounds.gatheringRate)
    var unseen = UnseenMessages()
    /// Whether lobby messages from before this start have been shown.
    var hasShownRecent = false
    var retentionState = RetentionState()
    /// The lobby entries to gossip to a few peers.
    var gossipedEntries: [EntryID] = []
    /// The entries that arrived late, by reconciliation: shown as history. Membership tests only, never iterated.
    var late: Set<EntryID> = []
    var backlog = Backlog()
    /// The link that last brought an entry for a room: the first to be asked for missing ones.
    var lastSource: [RoomKey: LinkID] = [:]

    /// All open rooms in a stable order.
    var keys: [RoomKey] {
        (lobby == nil ? [] : [.lobby]) + relays.map { .relayLobby($0) }
            + conversationPeers.map { .conversation($0) }
    }

    /// Accesses the log of an open room in place; nil if it is not open.
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

    /// Makes a log that of the lobby.
    mutating func openLobby(_ log: RoomLog, of gathering: GatheringID) {
        self.gathering = gathering
        lobby = log
        gossipedEntries = []
    }

    /// Closes the lobby, because we are on another network: its messages are not sent there.
    mutating func closeLobby() {
        gathering = nil
        lobby = nil
        gossipedEntries = []
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

    /// Closes a conversation without messages once its peer is gone: keys are free, and each may open one.
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
