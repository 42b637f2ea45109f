import CoreModel

/// Detects that the machine slept (one clock continues during sleep, the other stops) or that the process was stopped
/// (a wait took much longer than requested).
struct SleepDetector {
    private var lag: Duration
    private var last: Instant

    /// - Parameter awake: The clock that stops during sleep.
    init(at now: Instant, awake: Instant) {
        lag = now - awake
        last = now
    }

    /// Returns whether the machine slept or the process was stopped since the last call.
    /// - Parameter asked: The maximum duration requested for the wait that has just ended.
    mutating func hasSlept(at now: Instant, awake: Instant, asked: Duration) -> Bool {
        let lag = now - awake
        defer {
            self.lag = lag
            last = now
        }
        return lag - self.lag > HostBounds.unexplainedTime || now - last > asked + HostBounds.oversleptTime
    }
}
