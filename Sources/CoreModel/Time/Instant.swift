/// A point on a clock that never goes back and continues through sleep (`CLOCK_BOOTTIME`), in nanoseconds from an
/// arbitrary start.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (left: Self, right: Duration) -> Self {
        Self(nanoseconds: left.nanoseconds + right.wholeNanoseconds)
    }

    public static func - (left: Self, right: Duration) -> Self {
        Self(nanoseconds: left.nanoseconds - right.wholeNanoseconds)
    }

    public static func - (left: Self, right: Self) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero. Durations of this program are far below the 292 years that
    /// fit.
    public var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

/// A wall-clock time in milliseconds since 1970. Shown, and compared in claims, never used for waiting.
public struct WallTime: Hashable, Comparable, Sendable {
    public var milliseconds: UInt64

    public init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

/// The time at which a state machine needs its next call, and the reason (shown in traces).
public struct Deadline: Equatable, Sendable {
    public var at: Instant
    public var reason: StaticReason

    public init(at: Instant, reason: StaticReason) {
        self.at = at
        self.reason = reason
    }

    /// Returns the earlier of two deadlines, either of which may be missing.
    public static func earlier(_ left: Deadline?, _ right: Deadline?) -> Deadline? {
        guard let left else { return right }
        guard let right else { return left }
        return right.at < left.at ? right : left
    }
}

/// The reason for a deadline: a short text fixed at compile time.
public struct StaticReason: Equatable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let description: String

    public init(stringLiteral value: String) { description = value }
}
