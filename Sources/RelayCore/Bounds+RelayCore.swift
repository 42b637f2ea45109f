import CoreModel

extension Bounds {
    /// The number of days before the end of its certificate from which a relay warns of it, once a day.
    static let certificateWarningDays: UInt64 = 30
    /// The time between two such warnings.
    static let certificateInterval = Duration.seconds(86_400)
    /// The silence after which a relay closes a member's link. Members that follow Protocol.md ping well before that.
    static let relaySilence = Duration.seconds(30)
    /// The time between two rounds of link maintenance: an iteration over 5,000 links takes less than a millisecond.
    static let relayMaintenanceInterval = Duration.seconds(1)
    /// The maximum number of entries that a relay has requested from a member and not received yet.
    static let relayRequestCount = 64
    /// The maximum number of entries that a member has offered and the relay has not requested yet: 32 KiB a member.
    static let relayPlannedCount = 1_024
    /// The maximum number of former members' keys that a relay remembers: 100,000 × about 150 bytes. The oldest are
    /// evicted.
    static let relayAuthorCount = 100_000
    /// The maximum bytes of tunnels that a relay queues for one member, because lobby messages wait behind them: 0.1 s
    /// at 10 Mbit/s. As the queue is refilled every ``paceInterval``, this is far more than the rate of a tunnel.
    static let relayTunnelQueueBytes = 128 * 1024
    /// The time between two attempts to pass on rate-limited entries and tunnel frames.
    static let paceInterval = Duration.milliseconds(50)
}
