public import CoreModel
import Glibc

/// The machine's clocks.
public enum Clock {
    /// Counts on through sleep.
    static func now() -> Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_BOOTTIME)) }

    /// Does not count while the machine sleeps: its lag behind ``now()`` grows by the time slept.
    static func awake() -> Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_MONOTONIC)) }

    /// What the wall clock says; it may jump.
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
