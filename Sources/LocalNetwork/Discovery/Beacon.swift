package import CoreModel

/// The schedule of our announcements: a burst after a change, then steady ones at a rate that keeps all peers together
/// within a budget (RFC 3550 §6.2 and §6.3, RTCP's rule).
package struct Beacon {
    /// The budget of the steady announcements of all peers on a LAN, in bytes a second.
    static let budgetBytesPerSecond = 2_000.0
    /// The shortest mean interval of steady announcements, in seconds.
    static let shortestInterval = 2.0
    /// The mean interval while no peer is found, in seconds: a newcomer without a firewall then receives an
    /// announcement from a peer behind a firewall within 1.5 s.
    static let searchingInterval = 1.0
    /// The times of the announcements after a change.
    package static let burst: [Duration] = [.zero, .milliseconds(250), .seconds(1)]
    /// The mean size of the headers of IPv4 and UDP, or IPv6 and UDP, in bytes.
    private static let headerBytes = 38.0
    /// The number of address families: each announcement is sent by IPv4 and by IPv6.
    private static let familyCount = 2.0

    /// The pending times of the burst, ascending.
    private var pending: [Instant] = []
    private var lastSent: Instant?
    private var nextSteady: Instant?
    /// Whether no peer has been found.
    private var isSearching = false
    /// The running mean of the sizes of received announcements, in bytes (RFC 3550 §6.3.3).
    private var meanBytes = 220.0

    /// Schedules a burst of announcements.
    package mutating func burst(at now: Instant) {
        pending = Self.burst.map { now + $0 }
    }

    /// Adapts the interval to whether we search for the first peer.
    mutating func searchingChanged(to isSearching: Bool, population: Int, at now: Instant) {
        guard isSearching != self.isSearching else { return }
        self.isSearching = isSearching
        populationChanged(to: population, at: now)
    }

    /// Records the size of a received announcement.
    package mutating func heard(bytes: Int) { meanBytes += (Double(bytes) - meanBytes) / 16 }

    /// Adapts the interval to the number of others: with fewer, the next announcement is proportionally earlier (RFC
    /// 3550 §6.3.4); for more, see ``isDue(at:population:unit:)``.
    package mutating func populationChanged(to count: Int, at now: Instant) {
        guard let next = nextSteady, next > now else { return }
        let remaining = Double((next - now).wholeNanoseconds) / 1e9
        nextSteady = now + .nanoseconds(Int64(min(remaining, interval(population: count + 1) * 1.5) * 1e9))
    }

    /// Returns whether to announce now. If peers have arrived in the meantime, the wait is drawn again from the last
    /// announcement (RFC 3550 §6.3.6, timer reconsideration), so that a crowd arriving together does not exceed the
    /// budget.
    /// - Parameter unit: Uniform 0..<1.
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

    /// Returns the mean interval in seconds.
    private func interval(population: Int) -> Double {
        let bytes = Self.familyCount * (meanBytes + Self.headerBytes)
        let shortest = isSearching ? Self.searchingInterval : Self.shortestInterval
        return max(shortest, Double(population) * bytes / Self.budgetBytesPerSecond)
    }

    private func wait(population: Int, unit: Double) -> Duration {
        .nanoseconds(Int64(interval(population: population) * (0.5 + unit) * 1e9))
    }
}
