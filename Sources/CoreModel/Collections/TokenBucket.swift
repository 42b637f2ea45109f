/// A token bucket: full at first, refilled at a steady rate.
package struct TokenBucket {
    private let capacity: Double
    private let perSecond: Double
    private var tokens: Double
    private var filledAt: Instant?

    package init(capacity: Double, perSecond: Double) {
        self.capacity = capacity
        self.perSecond = perSecond
        tokens = capacity
    }

    /// Takes this many tokens if they are available.
    /// - Returns: Whether they were.
    package mutating func take(_ count: Int = 1, at now: Instant) -> Bool {
        if let filledAt, now > filledAt {
            let seconds = Double((now - filledAt).wholeNanoseconds) / 1e9
            tokens = min(capacity, tokens + seconds * perSecond)
        }
        filledAt = now
        guard tokens >= Double(count) else { return false }
        tokens -= Double(count)
        return true
    }
}
