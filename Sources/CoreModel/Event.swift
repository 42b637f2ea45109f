public import Wire

/// What a front end shows or prints (DESIGN §6 fixes the JSON form of each).
public enum Event: Equatable, Sendable {
    /// The name is settled and the links' port is open. Once.
    case ready(name: String, id: PeerID, port: UInt16)
    /// Our own name changed state.
    case name(NameChange)
    case peer(PeerChange)
    /// Many came or went for one reason; each of them has been told, marked as gathered.
    case company(Company)
    case message(Message)
    case delivery(id: EntryID, to: Recipient, state: DeliveryState)
    /// What a person types goes to this key from now on, or the key is called otherwise.
    case conversation(Conversation)
    case who([PeerSummary])
    case blocked([BlockedPeer])
    case history(room: RoomName, messages: [Message])
    case found(words: String, messages: [Message])
    case bans([Ban])
    case relay(state: RelayRuntime, address: String, reason: String?)
    /// We were removed from a relay.
    case removed(by: String, how: Removal, reason: String)
    case failed(Failure)
    /// Something worth a line that is no failure.
    case notice(String)
    /// Something about somebody that must not be overlooked.
    case remark(String, about: PeerID)

    public struct NameChange: Equatable, Sendable {
        public enum State: String, Sendable { case claimed, taken, lost }
        public var state: State
        /// What we are called now (for `taken` under `--strict-name`: what we would have been).
        public var name: String
        /// What we wanted to be called.
        public var wanted: String
        /// Who has the wanted name, if that is why.
        public var holder: PeerID?
        /// Something to point out, such as that the name looks like another's.
        public var remark: String?

        public init(state: State, name: String, wanted: String, holder: PeerID? = nil, remark: String? = nil) {
            self.state = state
            self.name = name
            self.wanted = wanted
            self.holder = holder
            self.remark = remark
        }
    }

    public struct PeerChange: Equatable, Sendable {
        public enum State: String, Sendable { case joined, left, renamed, away, back, blocked, unblocked }
        public var state: State
        public var peer: PeerSummary
        /// The name before, for `renamed`.
        public var was: String?
        /// Something to point out, such as a new key under a name that another key had, or a name that looks like
        /// another's.
        public var remark: String?
        /// One of many who came or went for one reason, which has a line of its own: none for each of them.
        public var isGathered: Bool

        public init(
            state: State, peer: PeerSummary, was: String? = nil, remark: String? = nil, isGathered: Bool = false
        ) {
            self.state = state
            self.peer = peer
            self.was = was
            self.remark = remark
            self.isGathered = isGathered
        }
    }

    /// Names of those who came and went, as they were then.
    public struct Company: Equatable, Sendable {
        /// Where; nil: on this network.
        public var relay: String?
        public var came: [String]
        public var went: [String]

        public init(relay: String?, came: [String], went: [String]) {
            self.relay = relay
            self.came = came
            self.went = went
        }
    }

    public struct PeerSummary: Equatable, Sendable {
        public enum Via: String, Sendable { case lan, relay }
        public var name: String
        public var id: PeerID
        public var via: Via
        /// Where its link goes, if there is one.
        public var address: Endpoint?
        public var isBlocked: Bool
        /// Nil: here. Else why it is away, possibly empty.
        public var away: String?
        /// For `relay`: the name of the relay that it is at.
        public var relay: String?
        /// For `lan`: a firewall, here or there, lets nothing in that was not asked for, and the link came about all the
        /// same.
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

    /// Somebody whose words are not shown.
    public struct BlockedPeer: Equatable, Sendable {
        /// The last name that is known.
        public var name: String
        public var id: PeerID
        /// On this network or at a relay that we are in.
        public var isHere: Bool

        public init(name: String, id: PeerID, isHere: Bool) {
            self.name = name
            self.id = id
            self.isHere = isHere
        }
    }

    public struct Message: Equatable, Sendable {
        public var room: RoomName
        public var isPrivate: Bool
        /// The author's name as known here now.
        public var from: String
        public var fromID: PeerID
        /// The other side of a private conversation.
        public var partner: PeerID?
        public var text: String
        public var kind: Entry.Kind
        public var id: EntryID
        public var time: WallTime
        public var lamport: UInt64
        /// Said before this start or link.
        public var isHistory: Bool
        /// Said on this network in an earlier gathering, of which nothing is told to others (Protocol.md, Gatherings).
        public var isEarlier = false
        /// Written by us.
        public var isOwn: Bool
        /// Something that it answers to was not to be had (DESIGN §4): shown with a mark.
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

    /// Whom a private message is for.
    public struct Recipient: Equatable, Sendable {
        public var name: String
        public var id: PeerID

        public init(name: String, id: PeerID) {
            self.name = name
            self.id = id
        }
    }

    /// A conversation that a person has entered with ``Command/converse(with:)``. It is with a key and stays with it.
    public struct Conversation: Equatable, Sendable {
        public var peer: PeerID
        /// What the key is called now.
        public var name: String
        /// What it was called before; nil when the conversation is entered.
        public var was: String?
        /// Something to point out: another key has the name.
        public var remark: String?

        public init(peer: PeerID, name: String, was: String? = nil, remark: String? = nil) {
            self.peer = peer
            self.name = name
            self.was = was
            self.remark = remark
        }
    }

    public enum DeliveryState: String, Sendable {
        /// Kept here; the other is not linked, or has not yet said that it has it.
        case queued
        /// On the other's disk.
        case delivered
    }

    public struct Ban: Equatable, Sendable {
        /// The name or pattern; empty for a key alone.
        public var name: String
        public var reason: String
        public var peer: PeerID?
        public var address: String?
        /// The operator who did it.
        public var by: String
        /// Nil: for good.
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

    public enum RelayRuntime: String, Sendable { case connected, disconnected, refused }
    public enum Removal: String, Sendable { case kick, ban }

    /// A command that could not be done: what happened and what to do next.
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
