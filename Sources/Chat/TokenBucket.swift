/// A rate with a burst: full at first, refilled steadily.
struct TokenBucket {
    private let capacity: Double
    private let perSecond: Double
    private var tokens: Double
    private var filledAt: Instant?

    init(capacity: Double, perSecond: Double) {
        self.capacity = capacity
        self.perSecond = perSecond
        tokens = capacity
    }

    /// Takes one token if there is one.
    mutating func take(at now: Instant) -> Bool {
        if let filledAt, now > filledAt {
            let seconds = Double((now - filledAt).wholeNanoseconds) / 1e9
            tokens = min(capacity, tokens + seconds * perSecond)
        }
        filledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
