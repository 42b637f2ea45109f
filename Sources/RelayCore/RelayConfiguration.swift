import CoreModel
public import Secure
public import Wire

/// A password as a relay knows it: only whether it is right, never what it is.
public struct PasswordCheck: Sendable {
    /// Changes when the password does: operators who came by an older one have to give the new one.
    public let tag: [UInt8]
    let isRight: @Sendable ([UInt8]) -> Bool

    /// - Parameters:
    ///   - tag: at most 64 bytes that differ from password to password and do not tell it, such as its salt.
    ///   - isRight: compares in constant time. May be slow: it is asked rarely, at a bounded rate.
    public init(tag: [UInt8], isRight: @escaping @Sendable ([UInt8]) -> Bool) {
        self.tag = tag
        self.isRight = isRight
    }
}

/// How a relay is set up. It may be replaced while the relay runs (``Relay/configure(_:)``).
public struct RelayConfiguration: Sendable {
    /// What the relay calls itself.
    public var name: Nickname
    /// Shown to everybody who joins; at most ``Limits/noticeBytes``.
    public var messageOfTheDay: String?
    /// The topic while operators have set none.
    public var topic: String?

    /// That the relay belongs to a community; nil: it is its own. It may be renewed while the relay runs; another
    /// community is taken up at a start only.
    public var certificate: SignedCertificate?

    // Access. Operators are let in whatever else is set.

    /// Nil: no password is asked for.
    public var roomPassword: PasswordCheck?
    /// Nil: whoever comes; else only these keys.
    public var allowedPeers: [PeerID]?
    /// Operators by their keys.
    public var operators: [PeerID] = []
    /// Who knows it can become an operator.
    public var operatorPassword: PasswordCheck?

    /// What each may take of the relay.
    public var limits = RelayLimits()

    // The lobby's log.

    /// Entries that are kept.
    public var historyCount = 100_000
    /// Entries that a newcomer, who knows nothing of the room yet, is told of.
    public var newcomerHistoryCount = 1_000
    /// How long entries are kept; nil: until there are too many.
    public var historyAge: Duration?
    /// Bytes of all that is kept, of whatever kind. The oldest entries give way.
    public var keptBytes = 1 << 30

    public init(name: Nickname) {
        self.name = name
    }
}

/// What each may take of a relay. The defaults suit 5,000 members on a small machine.
public struct RelayLimits: Equatable, Sendable {
    /// Members at once. Ten more are kept for operators.
    public var memberCount = 5_000
    /// Connections of one address (of one /64 network in IPv6): an office behind one address fits.
    public var connectionsPerAddress = 256
    /// New connections of one address a second, after as many at once as are allowed in all.
    public var connectionRatePerAddress = 50.0
    /// Connections that have not joined yet, in all.
    public var handshakeCount = 512
    /// Guests with plain text at once, of whom each is a member too.
    public var guestCount = 100
    /// Entries a second of one member that are passed on at once. What is above it waits.
    public var messageRate = Bounds.messageRate
    /// Entries of one member at once, before the rate counts.
    public var messageBurst = Bounds.messageBurst
    /// Entries of one member that may wait; one more and it is removed. It is warned when the first one waits.
    public var waitingMessageCount = 500
    /// Bytes a second that one member may send through tunnels.
    public var tunnelByteRate = 262_144.0
    /// Bytes at once through tunnels, before the rate counts.
    public var tunnelByteBurst = 1_048_576
    /// Bytes that may wait at the relay of one member's tunnels, when it sends more than that: four windows of what is
    /// asked for at once (`Bounds.requestedBytes`). Beyond it a tunnel is closed.
    public var waitingTunnelBytes = 1_048_576
    /// Bytes queued for one member that it has not read; beyond it the connection is cut.
    public var queueBytes = 1_048_576
    /// How long a member may be silent. Those that follow Protocol.md ping long before.
    public var silence = Bounds.relaySilence

    public init() {}
}

/// What a relay has counted since it started, for metrics.
public struct RelayCounters: Equatable, Sendable {
    /// Members that are here, guests included.
    public internal(set) var members = 0
    public internal(set) var guests = 0
    /// Connections that have not joined.
    public internal(set) var unauthenticated = 0
    /// Entries in the lobby's log.
    public internal(set) var entriesKept = 0
    public internal(set) var bans = 0

    /// Since it started.
    public internal(set) var ever = Totals()

    public init() {}

    /// What only grows.
    public struct Totals: Equatable, Sendable {
        // Coming and going.
        public internal(set) var connectionsAccepted: UInt64 = 0
        /// Turned away before a word: too many of one address.
        public internal(set) var connectionsRefused: UInt64 = 0
        public internal(set) var handshakesFailed: UInt64 = 0
        public internal(set) var joins: UInt64 = 0
        public internal(set) var leaves: UInt64 = 0
        /// By ``RelayRefusal/Code``.
        public internal(set) var refusals = [UInt64](repeating: 0, count: RelayRefusal.Code.sent.count)

        // Traffic.
        public internal(set) var entriesAccepted: UInt64 = 0
        public internal(set) var entriesDeclined: UInt64 = 0
        /// Entries times the members that they went to.
        public internal(set) var deliveries: UInt64 = 0
        public internal(set) var bytesReceived: UInt64 = 0
        public internal(set) var bytesSent: UInt64 = 0
        public internal(set) var tunnelBytes: UInt64 = 0

        /// What went wrong.
        public internal(set) var trouble = Trouble()
    }

    /// What went wrong, and at whose end.
    public struct Trouble: Equatable, Sendable {
        /// Links that were closed because the other side broke the protocol.
        public internal(set) var violations: UInt64 = 0
        /// Members that were cut because they did not read.
        public internal(set) var tooSlow: UInt64 = 0
        /// Members that were removed because they said too much.
        public internal(set) var floods: UInt64 = 0
        /// Members that an operator removed.
        public internal(set) var kicks: UInt64 = 0
        public internal(set) var archiveFailures: UInt64 = 0
    }
}
