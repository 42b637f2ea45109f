// What a relay and its members say to each other besides the frames of every link (Protocol.md, Relays).

/// A member asks to be let in.
public struct RelayJoin: Equatable, Sendable {
    /// The name that it wants at the relay.
    public var name: String
    /// Rather refused than given another name.
    public var isStrict: Bool
    /// The room's password, or an operator's. Sent only once the relay has proved who it is.
    public var password: [UInt8]?
    /// Which program asks, for the relay's log.
    public var program: String

    public init(name: String, isStrict: Bool, password: [UInt8]?, program: String) {
        self.name = name
        self.isStrict = isStrict
        self.password = password
        self.program = program
    }
}

/// The relay lets a member in.
public struct RelayWelcome: Equatable, Sendable {
    /// What the member is called here.
    public var name: String
    /// What the relay calls itself.
    public var relayName: String
    public var isOperator: Bool
    public var topic: String?
    public var messageOfTheDay: String?
    /// Entries a second that the relay passes on for one member; 0: as many as come.
    public var rate: UInt64
    /// Entries at once, before the rate counts.
    public var burst: UInt64
    /// The Lamport time from which a newcomer, whose log is empty, is told what was said; 0: from the beginning.
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

/// The relay does not let a member in. `goodbye(refused)` follows.
public struct RelayRefusal: Equatable, Sendable {
    public enum Code: UInt8, Sendable {
        /// A password is needed, or this one is wrong.
        case wrongPassword = 0
        case banned = 1
        /// Somebody here has the name, and no other was wanted.
        case nameTaken = 2
        /// No room for another member, or for another from that address.
        case full = 3
        /// Only keys on a list may enter, and this is none of them.
        case notListed = 4
        /// The versions of the two sides do not fit.
        case version = 5
        /// The peer that was asked is no relay.
        case notARelay = 6
        case badName = 7
        /// Too many attempts just now: later.
        case busy = 8
        /// For a reason that this version does not know; never sent.
        case other = 255

        /// Those that this version sends, by number.
        public static let sent: [Code] = [
            .wrongPassword, .banned, .nameTaken, .full, .notListed, .version, .notARelay, .badName, .busy,
        ]
    }

    public var code: Code
    /// In words, for people.
    public var reason: String
    /// Seconds after which another attempt may succeed; nil: none will, as things are.
    public var retryAfter: UInt64?

    public init(code: Code, reason: String, retryAfter: UInt64?) {
        self.code = code
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

/// Who is at the relay, or what changed of it.
public struct RelayMembers: Equatable, Sendable {
    /// The receiver forgets what it was told before: the first frame of the whole list.
    public var isFresh: Bool
    public var changes: [RelayMember]

    public init(isFresh: Bool, changes: [RelayMember]) {
        self.isFresh = isFresh
        self.changes = changes
    }
}

/// One member as the relay tells of it.
public struct RelayMember: Equatable, Sendable {
    public enum State: UInt8, Sendable {
        /// Here, under this name.
        case here = 0
        /// Left of its own accord.
        case left = 1
        /// Its link broke.
        case lost = 2
        case kicked = 3
        case banned = 4
        /// No longer here, in a way that this version does not know; never sent.
        case other = 255
    }

    /// What a member is besides.
    public struct Traits: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let isOperator = Self(rawValue: 1)
        /// A guest with nothing installed: the relay holds its key and reads what it is told.
        public static let isGuest = Self(rawValue: 2)
        public static let isMuted = Self(rawValue: 4)
    }

    public var peer: PeerID
    public var state: State
    public var name: String
    public var traits: Traits
    /// Nil: not away. Else why, possibly empty.
    public var away: String?

    public init(peer: PeerID, state: State, name: String, traits: Traits = [], away: String? = nil) {
        self.peer = peer
        self.state = state
        self.name = name
        self.traits = traits
        self.away = away
    }
}

/// What an operator, or whoever wants to be one, asks of the relay.
public struct RelayModeration: Equatable, Sendable {
    public enum Act: UInt8, Sendable, CaseIterable {
        /// Become an operator; `text` is the password.
        case op = 0
        case kick = 1
        case ban = 2
        case unban = 3
        case bans = 4
        case mute = 5
        case unmute = 6
        /// `text` is the topic, empty for none.
        case topic = 7
        /// Be called `target` from now on. For every member.
        case rename = 8
        /// One that this version does not know; never sent.
        case other = 255
    }

    /// Repeated in the answer.
    public var number: UInt64
    public var act: Act
    /// Whom: a name, a name with `*` and `?` in it, or a peer ID in hexadecimal.
    public var target: String
    /// The reason, the password or the topic.
    public var text: String
    /// For how long, in seconds; nil: until it is taken back.
    public var seconds: UInt64?

    public init(number: UInt64, act: Act, target: String = "", text: String = "", seconds: UInt64? = nil) {
        self.number = number
        self.act = act
        self.target = target
        self.text = text
        self.seconds = seconds
    }
}

/// What became of it.
public struct RelayModerated: Equatable, Sendable {
    public enum Outcome: UInt8, Sendable {
        case done = 0
        case notAllowed = 1
        case noSuchMember = 2
        case badRequest = 3
        case nameTaken = 4
        case tooFast = 5
        case failed = 6
        /// Not done, for a reason that this version does not know; never sent.
        case other = 255
    }

    public var number: UInt64
    public var outcome: Outcome
    /// In words, for people.
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
    /// The key, if the banned one was known.
    public var peer: PeerID?
    public var address: String?
    public var reason: String
    /// The operator who did it.
    public var by: String
    /// Milliseconds since 1970; nil: for good.
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

/// The receiver is removed from the relay. `goodbye(refused)` follows.
public struct RelayRemoval: Equatable, Sendable {
    public enum How: UInt8, Sendable {
        case kick = 0
        case ban = 1
        /// For saying more than the relay passes on, in spite of a warning.
        case flood = 2
        /// For a reason that this version does not know; never sent.
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

/// Which of the tunnels between two members. Each side numbers those that it opens.
public struct RelayTunnel: Hashable, Sendable {
    /// The other end, as the receiver of the frame sees it: whom it is for on the way to the relay, whom it is from on
    /// the way from it.
    public var peer: PeerID
    public var number: UInt64
    /// Whether the sender of the frame opened this tunnel; if not, the receiver did.
    public var isFromOpener: Bool

    public init(peer: PeerID, number: UInt64, isFromOpener: Bool) {
        self.peer = peer
        self.number = number
        self.isFromOpener = isFromOpener
    }
}

/// Why the relay did not take entries.
public enum RelayDecline: UInt8, Equatable, Sendable {
    case muted = 0
    /// The author is none whom the relay knows, or is banned.
    case author = 1
    /// They do not fit the log.
    case misplaced = 2
    /// For a reason that this version does not know; never sent.
    case other = 255
}
