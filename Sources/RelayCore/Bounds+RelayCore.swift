import CoreModel

extension Bounds {
    /// A relay points out daily that its certificate ends, from so many days before.
    static let certificateWarningDays: UInt64 = 30
    static let certificateInterval = Duration.seconds(86_400)
    /// Silence after which a relay gives a member up. Members that follow Protocol.md ping long before.
    static let relaySilence = Duration.seconds(30)
    /// How often a relay looks after its links: a walk over 5,000 of them takes less than a millisecond.
    static let relayMaintenanceInterval = Duration.seconds(1)
    /// Entries that a relay has asked a member for and that have not come.
    static let relayRequestCount = 64
    /// Entries that a member said it has and that the relay has still to ask for: 32 KiB a member.
    static let relayPlannedCount = 1_024
    /// Keys that a relay remembers to have been members: 100,000 × about 150 bytes. The oldest give way.
    static let relayAuthorCount = 100_000
    /// Bytes of tunnels that a relay queues for one member, because what is said in the lobby waits behind them: 0.1 s at
    /// 10 Mbit/s. With what is passed on every ``paceInterval`` it is far more than the rate of a tunnel.
    static let relayTunnelQueueBytes = 128 * 1024
    /// How often what waits for its time is looked at.
    static let paceInterval = Duration.milliseconds(50)
}
