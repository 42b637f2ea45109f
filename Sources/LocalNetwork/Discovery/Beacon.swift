package import CoreModel

/// When we announce ourselves: a burst when something changed, then steadily at a rate that all peers together keep
/// within a budget (RFC 3550 §6.2 and §6.3, RTCP's rule).
package struct Beacon {
    /// Bytes a second of all peers' steady announcements on a LAN.
    static let budgetBytesPerSecond = 2_000.0
    static let shortestInterval = 2.0
    /// The same while nobody is there: an open newcomer then hears who is behind a firewall within 1.5 s.
    static let searchingInterval = 1.0
    package static let burst: [Duration] = [.zero, .milliseconds(250), .seconds(1)]
    /// Bytes of IPv4 and UDP, or IPv6 and UDP, headers: the mean.
    private static let headerBytes = 38.0
    /// Each announcement goes out by IPv4 and by IPv6.
    private static let familyCount = 2.0

    /// Burst times to come, ascending.
    private var pending: [Instant] = []
    private var lastSent: Instant?
    private var nextSteady: Instant?
    /// Nobody is there, as far as we know.
    private var isSearching = false
    /// Running mean of the sizes of announcements heard (RFC 3550 §6.3.3).
    private var meanBytes = 220.0

    package mutating func burst(at now: Instant) {
        pending = Self.burst.map { now + $0 }
    }

    mutating func searchingChanged(to isSearching: Bool, population: Int, at now: Instant) {
        guard isSearching != self.isSearching else { return }
        self.isSearching = isSearching
        populationChanged(to: population, at: now)
    }

    package mutating func heard(bytes: Int) { meanBytes += (Double(bytes) - meanBytes) / 16 }

    /// Fewer peers: the next beacon comes sooner in proportion (RFC 3550 §6.3.4). More: see ``isDue``.
    package mutating func populationChanged(to count: Int, at now: Instant) {
        guard let next = nextSteady, next > now else { return }
        let remaining = Double((next - now).wholeNanoseconds) / 1e9
        nextSteady = now + .nanoseconds(Int64(min(remaining, interval(population: count + 1) * 1.5) * 1e9))
    }

    /// Whether to announce now. When peers have come meanwhile the wait is drawn again from where the last one ended
    /// (RFC 3550 §6.3.6, timer reconsideration), so a crowd that arrives at once does not overrun the budget.
    mutating func isDue(at now: Instant, population: Int, unit: Double) -> Bool {
        if let first = pending.first, first <= now {
            pending.removeAll { $0 <= now }
            lastSent = now
            nextSteady = now + wait(population: population, unit: unit)
            return true
        }
        guard let next = nextSteady, next <= now, let lastSent else { return false }
        let reconsidered = lastSent + wait(population: population, unit: unit)
        if reconsidered > now {
            nextSteady = reconsidered
            return false
        }
        self.lastSent = now
        nextSteady = now + wait(population: population, unit: unit)
        return true
    }

    package var nextDeadline: Deadline? {
        let burst = pending.first.map { Deadline(at: $0, reason: "announcement burst") }
        return .earlier(burst, nextSteady.map { Deadline(at: $0, reason: "steady announcement") })
    }

    private func interval(population: Int) -> Double {
        let bytes = Self.familyCount * (meanBytes + Self.headerBytes)
        let shortest = isSearching ? Self.searchingInterval : Self.shortestInterval
        return max(shortest, Double(population) * bytes / Self.budgetBytesPerSecond)
    }

    private func wait(population: Int, unit: Double) -> Duration {
        .nanoseconds(Int64(interval(population: population) * (0.5 + unit) * 1e9))
    }
}
