import CoreModel
public import Secure
public import Wire

/// A password as a relay knows it: it can tell whether one is right, but not what it is.
public struct PasswordCheck: Sendable {
    /// Changes when the password does: operators that used an older one must give the new one.
    public let tag: [UInt8]
    let isRight: @Sendable ([UInt8]) -> Bool

    /// - Parameters:
    ///   - tag: At most 64 bytes that differ between passwords and do not reveal them, such as a salt.
    ///   - isRight: Compares in constant time. May be slow: it is called rarely, at a bounded rate.
    public init(tag: [UInt8], isRight: @escaping @Sendable ([UInt8]) -> Bool) {
        self.tag = tag
        self.isRight = isRight
    }
}

/// The configuration of a relay. It may be replaced while the relay runs (``Relay/configure(_:)``).
public struct RelayConfiguration: Sendable {
    /// The name of the relay.
    public var name: Nickname
    /// The text shown to everyone who joins; at most ``Limits/noticeBytes``.
    public var messageOfTheDay: String?
    /// The topic while operators have set none.
    public var topic: String?

    /// The proof that the relay belongs to a community; nil: it is its own. It may be renewed while the relay runs;
    /// another community takes effect only at a start.
    public var certificate: SignedCertificate?

    // Access. Operators are admitted regardless of the other settings.

    /// The password of the room; nil: none is needed.
    public var roomPassword: PasswordCheck?
    /// The only keys that may join; nil: any key may.
    public var allowedPeers: [PeerID]?
    /// The keys of operators.
    public var operators: [PeerID] = []
    /// The password by which a member can become an operator.
    public var operatorPassword: PasswordCheck?

    /// The limits for members and connections.
    public var limits = RelayLimits()

    // The lobby's log.

    /// The maximum number of entries that are kept.
    public var historyCount = 100_000
    /// The number of entries that a newcomer, which has no history of the room yet, is offered.
    public var newcomerHistoryCount = 1_000
    /// The time for which entries are kept; nil: until there are too many.
    public var historyAge: Duration?
    /// The maximum bytes of everything that is stored. The oldest entries are dropped.
    public var keptBytes = 1 << 30

    public init(name: Nickname) {
        self.name = name
    }
}

/// The limits for members and connections. The defaults suit 5,000 members on a small machine.
public struct RelayLimits: Equatable, Sendable {
    /// The maximum number of members. Ten more are reserved for operators.
    public var memberCount = 5_000
    /// The maximum number of connections of one address (one /64 network in IPv6): an office behind one address fits.
    public var connectionsPerAddress = 256
    /// New connections a second of one address, after a burst of ``connectionsPerAddress``.
    public var connectionRatePerAddress = 50.0
    /// The maximum number of connections that have not joined yet.
    public var handshakeCount = 512
    /// The maximum number of plain text guests, each of which is a member too.
    public var guestCount = 100
    /// Entries a second of one member that are passed on immediately. Entries above this rate wait.
    public var messageRate = Bounds.messageRate
    /// The burst of entries of one member before the rate applies.
    public var messageBurst = Bounds.messageBurst
    /// The maximum number of a member's waiting entries; one more and it is removed. It is warned when the first one
    /// waits.
    public var waitingMessageCount = 500
    /// Bytes a second that one member may send through tunnels.
    public var tunnelByteRate = 262_144.0
    /// The burst of bytes through tunnels before the rate applies.
    public var tunnelByteBurst = 1_048_576
    /// The maximum bytes of one member's tunnels that wait at the relay, when it sends faster than its rate: four
    /// windows of requested bytes (`Bounds.requestedBytes`). Beyond it a tunnel is closed.
    public var waitingTunnelBytes = 1_048_576
    /// The maximum bytes queued for one member that it has not read; beyond it the connection is cut.
    public var queueBytes = 1_048_576
    /// The permitted silence of a member. Members that follow Protocol.md ping well before that.
    public var silence = Bounds.relaySilence

    public init() {}
}

/// The counters of a relay since its start, for metrics.
public struct RelayCounters: Equatable, Sendable {
    /// Members present, guests included.
    public internal(set) var members = 0
    public internal(set) var guests = 0
    /// Connections that have not joined.
    public internal(set) var unauthenticated = 0
    /// Entries in the lobby's log.
    public internal(set) var entriesKept = 0
    public internal(set) var bans = 0

    /// The totals since the start.
    public internal(set) var sinceStart = Totals()

    public init() {}

    /// Counters that only grow.
    public struct Totals: Equatable, Sendable {
        // Joining and leaving.
        public internal(set) var connectionsAccepted: UInt64 = 0
        /// Closed before any exchange: too many connections of one address.
        public internal(set) var connectionsRefused: UInt64 = 0
        public internal(set) var handshakesFailed: UInt64 = 0
        public internal(set) var joins: UInt64 = 0
        public internal(set) var leaves: UInt64 = 0
        /// Refused joins by ``RelayRefusal/Code``.
        public internal(set) var refusals = [UInt64](repeating: 0, count: RelayRefusal.Code.sent.count)

        // Traffic.
        public internal(set) var entriesAccepted: UInt64 = 0
        public internal(set) var entriesDeclined: UInt64 = 0
        /// Accepted entries times the members that they were sent to.
        public internal(set) var deliveries: UInt64 = 0
        public internal(set) var bytesReceived: UInt64 = 0
        public internal(set) var bytesSent: UInt64 = 0
        public internal(set) var tunnelBytes: UInt64 = 0

        /// The failures.
        public internal(set) var failures = Trouble()
    }

    /// Failures, at either end.
    public struct Trouble: Equatable, Sendable {
        /// Links that were closed because the other side broke the protocol.
        public internal(set) var violations: UInt64 = 0
        /// Members that were cut because they did not read.
        public internal(set) var tooSlow: UInt64 = 0
        /// Members that were removed because they sent too many messages.
        public internal(set) var floods: UInt64 = 0
        /// Members that an operator removed.
        public internal(set) var kicks: UInt64 = 0
        public internal(set) var archiveFailures: UInt64 = 0
    }
}
