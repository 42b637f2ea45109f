public import CoreModel
import Glibc

/// The machine's clocks.
public enum Clock {
    /// Returns the time of a clock that continues during sleep.
    static func now() -> Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_BOOTTIME)) }

    /// Returns the time of a clock that stops while the machine sleeps: it falls behind ``now()`` by the time slept.
    static func awake() -> Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_MONOTONIC)) }

    /// Returns the wall-clock time, which may jump.
    public static func wall() -> WallTime {
        WallTime(milliseconds: UInt64(max(0, nanoseconds(of: CLOCK_REALTIME))) / 1_000_000)
    }

    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "the clock can be read")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
