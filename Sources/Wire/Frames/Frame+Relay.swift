// The messages of a relay and its members, besides the frames of every link (Protocol.md, Relays).

/// A member's request to join.
public struct RelayJoin: Equatable, Sendable {
    /// The name that the member wants at the relay.
    public var name: String
    /// Whether the member prefers a refusal to another name.
    public var isStrict: Bool
    /// The room's password, or an operator's. It is sent only once the relay has proved its identity.
    public var password: [UInt8]?
    /// The program that asks, for the relay's log.
    public var program: String

    public init(name: String, isStrict: Bool, password: [UInt8]?, program: String) {
        self.name = name
        self.isStrict = isStrict
        self.password = password
        self.program = program
    }
}

/// The relay's acceptance of a member.
public struct RelayWelcome: Equatable, Sendable {
    /// The member's name at this relay.
    public var name: String
    /// The relay's own name.
    public var relayName: String
    public var isOperator: Bool
    public var topic: String?
    public var messageOfTheDay: String?
    /// The maximum number of entries a second that the relay forwards for one member; 0 means no limit.
    public var rate: UInt64
    /// The number of entries that may exceed the rate in a burst.
    public var burst: UInt64
    /// The Lamport time from which a newcomer, whose log is empty, receives the history; 0 means from the beginning.
    public var historyFrom: UInt64

    public init(
        name: String, relayName: String, isOperator: Bool, topic: String?, messageOfTheDay: String?, rate: UInt64,
        burst: UInt64, historyFrom: UInt64 = 0
    ) {
        self.name = name
        self.relayName = relayName
        self.isOperator = isOperator
        self.topic = topic
        self.messageOfTheDay = messageOfTheDay
        self.rate = rate
        self.burst = burst
        self.historyFrom = historyFrom
    }
}

/// The relay's refusal of a member. `goodbye(refused)` follows.
public struct RelayRefusal: Equatable, Sendable {
    /// The reason for the refusal.
    public enum Code: UInt8, Sendable {
        /// A password is needed, or the given one is wrong.
        case wrongPassword = 0
        case banned = 1
        /// Another member has the name, and the joining one accepts no other.
        case nameTaken = 2
        /// The relay has no room for another member, or for another from that address.
        case full = 3
        /// Only the keys on a list may join, and this key is not on it.
        case notListed = 4
        /// The versions of the two sides are incompatible.
        case version = 5
        /// The peer that received the request is not a relay.
        case notARelay = 6
        case badName = 7
        /// There were too many attempts recently; another may succeed later.
        case busy = 8
        /// A reason that this version does not know; never sent.
        case other = 255

        /// The codes that this version sends, by number.
        public static let sent: [Code] = [
            .wrongPassword, .banned, .nameTaken, .full, .notListed, .version, .notARelay, .badName, .busy,
        ]
    }

    public var code: Code
    /// The reason in words, for people.
    public var reason: String
    /// The number of seconds after which another attempt may succeed; nil if none will, as things are.
    public var retryAfter: UInt64?

    public init(code: Code, reason: String, retryAfter: UInt64?) {
        self.code = code
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

/// The members present at the relay, or changes to them.
public struct RelayMembers: Equatable, Sendable {
    /// Whether the receiver drops the members that it knew before: true for the first frame of a full list.
    public var isFresh: Bool
    public var changes: [RelayMember]

    public init(isFresh: Bool, changes: [RelayMember]) {
        self.isFresh = isFresh
        self.changes = changes
    }
}

/// One member as the relay describes it.
public struct RelayMember: Equatable, Sendable {
    /// Whether a member is present, and if not, why it left.
    public enum State: UInt8, Sendable {
        /// The member is present under this name.
        case here = 0
        /// The member left of its own accord.
        case left = 1
        /// The member's link broke.
        case lost = 2
        case kicked = 3
        case banned = 4
        /// The member is no longer present, for a reason that this version does not know; never sent.
        case other = 255
    }

    /// Further attributes of a member.
    public struct Traits: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let isOperator = Self(rawValue: 1)
        /// A guest without the program: the relay holds its key and can read all that it receives.
        public static let isGuest = Self(rawValue: 2)
        public static let isMuted = Self(rawValue: 4)
    }

    public var peer: PeerID
    public var state: State
    public var name: String
    public var traits: Traits
    /// The away message, possibly empty; nil if the member is not away.
    public var away: String?

    public init(peer: PeerID, state: State, name: String, traits: Traits = [], away: String? = nil) {
        self.peer = peer
        self.state = state
        self.name = name
        self.traits = traits
        self.away = away
    }
}

/// A moderation request from an operator, or from a member that wants to become one.
public struct RelayModeration: Equatable, Sendable {
    /// The act that is requested.
    public enum Act: UInt8, Sendable, CaseIterable {
        /// Become an operator; `text` is the password.
        case op = 0
        case kick = 1
        case ban = 2
        case unban = 3
        case bans = 4
        case mute = 5
        case unmute = 6
        /// Set the topic to `text`; empty for none.
        case topic = 7
        /// Change the sender's own name to `target`. Allowed to every member.
        case rename = 8
        /// An act that this version does not know; never sent.
        case other = 255
    }

    /// A number that the answer repeats.
    public var number: UInt64
    public var act: Act
    /// The target: a name, a name with `*` and `?` in it, or a peer ID in hexadecimal.
    public var target: String
    /// The reason, the password or the topic.
    public var text: String
    /// The duration in seconds; nil means until it is revoked.
    public var seconds: UInt64?

    public init(number: UInt64, act: Act, target: String = "", text: String = "", seconds: UInt64? = nil) {
        self.number = number
        self.act = act
        self.target = target
        self.text = text
        self.seconds = seconds
    }
}

/// The result of a moderation request.
public struct RelayModerated: Equatable, Sendable {
    /// The outcome of a request.
    public enum Outcome: UInt8, Sendable {
        case done = 0
        case notAllowed = 1
        case noSuchMember = 2
        case badRequest = 3
        case nameTaken = 4
        case tooFast = 5
        case failed = 6
        /// The act was not done, for a reason that this version does not know; never sent.
        case other = 255
    }

    public var number: UInt64
    public var outcome: Outcome
    /// The result in words, for people.
    public var text: String
    /// The answer to `bans`.
    public var bans: [RelayBan]

    public init(number: UInt64, outcome: Outcome, text: String, bans: [RelayBan] = []) {
        self.number = number
        self.outcome = outcome
        self.text = text
        self.bans = bans
    }
}

/// One ban as an operator sees it.
public struct RelayBan: Equatable, Sendable {
    /// The name or pattern.
    public var name: String
    /// The key of the banned peer, if it was known.
    public var peer: PeerID?
    public var address: String?
    public var reason: String
    /// The operator that imposed the ban.
    public var by: String
    /// The end of the ban in milliseconds since 1970; nil if it is permanent.
    public var until: UInt64?

    public init(name: String, peer: PeerID?, address: String?, reason: String, by: String, until: UInt64?) {
        self.name = name
        self.peer = peer
        self.address = address
        self.reason = reason
        self.by = by
        self.until = until
    }
}

/// The receiver's removal from the relay. `goodbye(refused)` follows.
public struct RelayRemoval: Equatable, Sendable {
    /// The kind of removal.
    public enum How: UInt8, Sendable {
        case kick = 0
        case ban = 1
        /// The receiver sent more than the relay forwards, despite a warning.
        case flood = 2
        /// A reason that this version does not know; never sent.
        case other = 255
    }

    public var how: How
    public var by: String
    public var reason: String

    public init(how: How, by: String, reason: String) {
        self.how = how
        self.by = by
        self.reason = reason
    }
}

/// One tunnel between two members. Each side numbers the tunnels that it opens.
public struct RelayTunnel: Hashable, Sendable {
    /// The other end as the receiver of the frame sees it: the destination on the way to the relay, the source on the
    /// way from it.
    public var peer: PeerID
    public var number: UInt64
    /// Whether the sender of the frame opened this tunnel; otherwise the receiver did.
    public var isFromOpener: Bool

    public init(peer: PeerID, number: UInt64, isFromOpener: Bool) {
        self.peer = peer
        self.number = number
        self.isFromOpener = isFromOpener
    }
}

/// The reason why the relay did not accept entries.
public enum RelayDecline: UInt8, Equatable, Sendable {
    case muted = 0
    /// The relay does not know the author, or has banned it.
    case author = 1
    /// The entries do not fit the log.
    case misplaced = 2
    /// A reason that this version does not know; never sent.
    case other = 255
}
