import CoreModel

/// Tells that the machine slept (one clock counts through sleep, the other does not) or that the process was stopped
/// (a wait took much longer than asked).
struct SleepDetector {
    private var lag: Duration
    private var last: Instant

    /// - Parameter awake: The clock that does not count through sleep.
    init(at now: Instant, awake: Instant) {
        lag = now - awake
        last = now
    }

    /// - Parameter asked: How long the wait that has just ended was to take at most.
    mutating func hasSlept(at now: Instant, awake: Instant, asked: Duration) -> Bool {
        let lag = now - awake
        defer {
            self.lag = lag
            last = now
        }
        return lag - self.lag > HostBounds.unexplainedTime || now - last > asked + HostBounds.oversleptTime
    }
}
