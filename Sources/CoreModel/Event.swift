public import Wire

/// An event that a front end shows or prints (the page Scripting documents the JSON form of each).
public enum Event: Equatable, Sendable {
    /// The name is settled and the links' port is open. Occurs once.
    case ready(name: String, id: PeerID, port: UInt16)
    /// Our own name changed its state.
    case name(NameChange)
    case peer(PeerChange)
    /// Many peers arrived or left for one reason. A ``peer(_:)`` event, marked as gathered, was sent for each of them
    /// before.
    case presenceSummary(PresenceSummary)
    case message(Message)
    case delivery(id: EntryID, to: Recipient, state: DeliveryState)
    /// All further input goes to this key, or the key has another name now.
    case conversation(Conversation)
    case who([PeerSummary])
    case blocked([BlockedPeer])
    case history(room: RoomName, messages: [Message])
    case found(words: String, messages: [Message])
    case bans([Ban])
    case relay(state: RelayState, address: String, reason: String?)
    /// We were removed from a relay.
    case removed(by: String, how: Removal, reason: String)
    case failed(Failure)
    /// Information that deserves a line but is not a failure.
    case notice(String)
    /// A warning about a peer that must not be overlooked.
    case remark(String, about: PeerID)

    /// A change of our own name.
    public struct NameChange: Equatable, Sendable {
        public enum State: String, Sendable { case claimed, taken, lost }
        public var state: State
        /// Our name now (for `taken` under `--strict-name`: the name that we would have got).
        public var name: String
        /// The name that we wanted.
        public var wanted: String
        /// The peer that holds the wanted name, if that is the reason.
        public var holder: PeerID?
        /// A remark to show, such as that the name looks like another's.
        public var remark: String?

        public init(state: State, name: String, wanted: String, holder: PeerID? = nil, remark: String? = nil) {
            self.state = state
            self.name = name
            self.wanted = wanted
            self.holder = holder
            self.remark = remark
        }
    }

    /// A change of another peer.
    public struct PeerChange: Equatable, Sendable {
        public enum State: String, Sendable { case joined, left, renamed, away, back, blocked, unblocked }
        public var state: State
        public var peer: PeerSummary
        /// The name before, for `renamed`.
        public var was: String?
        /// A remark to show, such as that the name was another key's before, or that it looks like another's.
        public var remark: String?
        /// Whether the peer is one of many that arrived or left for one reason. One line covers all of them, so none is
        /// shown for each.
        public var isSummarised: Bool

        public init(
            state: State, peer: PeerSummary, was: String? = nil, remark: String? = nil, isSummarised: Bool = false
        ) {
            self.state = state
            self.peer = peer
            self.was = was
            self.remark = remark
            self.isSummarised = isSummarised
        }
    }

    /// The names of the peers that arrived and left, as they were at that time.
    public struct PresenceSummary: Equatable, Sendable {
        /// The relay; nil: this network.
        public var relay: String?
        public var arrived: [String]
        public var departed: [String]

        public init(relay: String?, arrived: [String], departed: [String]) {
            self.relay = relay
            self.arrived = arrived
            self.departed = departed
        }
    }

    /// A peer as it is known now.
    public struct PeerSummary: Equatable, Sendable {
        public enum Via: String, Sendable { case lan, relay }
        public var name: String
        public var id: PeerID
        public var via: Via
        /// The remote address of its link, if there is one.
        public var address: Endpoint?
        public var isBlocked: Bool
        /// The reason why it is away, possibly empty; nil: it is present.
        public var away: String?
        /// For `relay`: the name of that relay.
        public var relay: String?
        /// For `lan`: whether the link was made although a firewall, here or there, blocks unsolicited packets.
        public var isThroughFirewall: Bool

        public init(
            name: String, id: PeerID, via: Via = .lan, address: Endpoint? = nil, isBlocked: Bool = false,
            away: String? = nil, relay: String? = nil, isThroughFirewall: Bool = false
        ) {
            self.name = name
            self.id = id
            self.via = via
            self.address = address
            self.isBlocked = isBlocked
            self.away = away
            self.relay = relay
            self.isThroughFirewall = isThroughFirewall
        }
    }

    /// A peer whose messages are not shown.
    public struct BlockedPeer: Equatable, Sendable {
        /// The last known name.
        public var name: String
        public var id: PeerID
        /// Whether the peer is on this network or at a relay that we are connected to.
        public var isHere: Bool

        public init(name: String, id: PeerID, isHere: Bool) {
            self.name = name
            self.id = id
            self.isHere = isHere
        }
    }

    /// A message to show.
    public struct Message: Equatable, Sendable {
        public var room: RoomName
        public var isPrivate: Bool
        /// The author's name as it is known here now.
        public var from: String
        public var fromID: PeerID
        /// The other side of a private conversation.
        public var partner: PeerID?
        public var text: String
        public var kind: Entry.Kind
        public var id: EntryID
        public var time: WallTime
        public var lamport: UInt64
        /// Whether it was written before this start or link.
        public var isHistory: Bool
        /// Whether it was written on this network in an earlier gathering, which is not shared with others
        /// (Protocol.md, Gatherings).
        public var isEarlier = false
        /// Whether we wrote it.
        public var isOwn: Bool
        /// Whether a parent of it was unavailable: it is shown with a mark.
        public var hasGap: Bool

        public init(
            room: RoomName, isPrivate: Bool, from: String, fromID: PeerID, text: String, kind: Entry.Kind, id: EntryID,
            time: WallTime, lamport: UInt64, isHistory: Bool, isOwn: Bool, hasGap: Bool, partner: PeerID? = nil
        ) {
            self.partner = partner
            self.room = room
            self.isPrivate = isPrivate
            self.from = from
            self.fromID = fromID
            self.text = text
            self.kind = kind
            self.id = id
            self.time = time
            self.lamport = lamport
            self.isHistory = isHistory
            self.isOwn = isOwn
            self.hasGap = hasGap
        }
    }

    /// The peer that a private message is for.
    public struct Recipient: Equatable, Sendable {
        public var name: String
        public var id: PeerID

        public init(name: String, id: PeerID) {
            self.name = name
            self.id = id
        }
    }

    /// A conversation that was entered with ``Command/converse(with:)``. It stays with a key, whatever its name.
    public struct Conversation: Equatable, Sendable {
        public var peer: PeerID
        /// The name of the key now.
        public var name: String
        /// Its name before; nil when the conversation is entered.
        public var was: String?
        /// A remark to show: another key has the name.
        public var remark: String?

        public init(peer: PeerID, name: String, was: String? = nil, remark: String? = nil) {
            self.peer = peer
            self.name = name
            self.was = was
            self.remark = remark
        }
    }

    /// The delivery state of a private message of ours.
    public enum DeliveryState: String, Sendable {
        /// Stored here: the other peer is not linked, or has not yet acknowledged it.
        case queued
        /// Stored on the other peer's disk.
        case delivered
    }

    /// A ban at a relay.
    public struct Ban: Equatable, Sendable {
        /// The name or pattern; empty for a key alone.
        public var name: String
        public var reason: String
        public var peer: PeerID?
        public var address: String?
        /// The operator that set it.
        public var by: String
        /// Nil: permanent.
        public var until: WallTime?

        public init(
            name: String, reason: String, peer: PeerID? = nil, address: String? = nil, by: String = "",
            until: WallTime? = nil
        ) {
            self.name = name
            self.reason = reason
            self.peer = peer
            self.address = address
            self.by = by
            self.until = until
        }
    }

    /// The state of our connection to a relay.
    public enum RelayState: String, Sendable { case connected, disconnected, refused }
    /// The way in which we were removed from a relay.
    public enum Removal: String, Sendable { case kick, ban }

    /// A command that failed: `text` says what happened and what to do next.
    public struct Failure: Equatable, Sendable {
        public enum Code: String, Sendable {
            case noSuchPeer = "no-such-peer"
            case ambiguous
            case tooLong = "too-long"
            case badName = "bad-name"
            case nameTaken = "name-taken"
            case notAllowed = "not-allowed"
            case badCommand = "bad-command"
            case noSuchRoom = "no-such-room"
            case tooFast = "too-fast"
            case storage
            case identityInUse = "identity-in-use"
            case unsupported
        }

        public var code: Code
        public var text: String

        public init(_ code: Code, _ text: String) {
            self.code = code
            self.text = text
        }
    }
}
