import Wire

/// When to dial whom: once soon after a peer is heard of, then with growing pauses (back-off with jitter), a bounded
/// number at once and at a bounded rate, whatever anybody announces.
struct DialSchedule {
    static let underWayCount = 32
    /// Dials a second, after a burst: fifty peers that start together are all dialled at once, a flood of invented ones
    /// costs 50 connections a second.
    static let perSecond = 50.0
    static let burst = 100.0
    static let firstPause = Duration.milliseconds(200)
    static let longestPause = Duration.seconds(15)
    /// For addresses that the user gave, which are tried for ever.
    static let longestLastingPause = Duration.seconds(30)
    /// How long a peer is tried that is not heard any more.
    static let patience = Duration.seconds(180)

    /// Peers to dial that are kept at once, in all and of one address. At 50 a second, an address full of invented
    /// peers holds the others up for less than three seconds.
    static let entryCount = 1_024
    static let addressShare = 128

    private struct Entry {
        let target: DialTarget
        /// Nil while it is under way or satisfied.
        var at: Instant?
        var attempts = 0
        let isLasting: Bool
        /// When it was last heard of.
        var since: Instant
        /// Where it was first heard of.
        var address: IPAddress?
        var isUnderWay = false
        /// For a given address: the peer that answers there.
        var satisfiedBy: PeerID?
    }

    /// In the order in which they were first asked for.
    private var entries: [Entry] = []
    private var bucket = TokenBucket(capacity: burst, perSecond: perSecond)
    /// The rate was reached: nothing before this.
    private var blockedUntil: Instant?

    /// For an address that the user gave.
    mutating func scheduleForEver(_ target: DialTarget, at time: Instant) {
        guard !entries.contains(where: { $0.target == target }) else { return }
        entries.append(Entry(target: target, at: time, isLasting: true, since: time))
    }

    /// For a peer that was heard of at an address. A pause after failures stands, unless the peer is a new process.
    mutating func schedule(
        _ target: DialTarget, at time: Instant, since: Instant, address: IPAddress?, isNewProcess: Bool
    ) {
        guard let place = entries.firstIndex(where: { $0.target == target }) else {
            // Invented peers of one address fill its share and nobody else's.
            guard entries.count < Self.entryCount, entries.count(where: { $0.address == address }) < Self.addressShare
            else { return }
            entries.append(Entry(target: target, at: time, isLasting: false, since: since, address: address))
            return
        }
        entries[place].since = since
        guard !entries[place].isUnderWay else { return }
        if isNewProcess {
            entries[place].attempts = 0
        } else if entries[place].attempts > 0 {
            return
        }
        entries[place].at = min(entries[place].at ?? time, time)
    }

    mutating func cancel(_ target: DialTarget) { entries.removeAll { $0.target == target } }

    /// A given address answers: it is dialled again when that peer is lost.
    mutating func satisfied(_ target: DialTarget, by peer: PeerID) {
        guard let place = entries.firstIndex(where: { $0.target == target }) else { return }
        entries[place].satisfiedBy = peer
        entries[place].isUnderWay = false
        entries[place].at = nil
        entries[place].attempts = 0
    }

    mutating func lost(_ peer: PeerID, at now: Instant) {
        for place in entries.indices where entries[place].satisfiedBy == peer {
            entries[place].satisfiedBy = nil
            entries[place].at = now + Self.firstPause
        }
    }

    /// - Parameter jitter: 0.5..<1.5.
    mutating func failed(_ target: DialTarget, jitter: Double, at now: Instant) {
        guard let place = entries.firstIndex(where: { $0.target == target }) else { return }
        var entry = entries[place]
        entry.isUnderWay = false
        entry.attempts += 1
        if !entry.isLasting, now > entry.since + Self.patience {
            entries.remove(at: place)
            return
        }
        let longest = entry.isLasting ? Self.longestLastingPause : Self.longestPause
        let pause = min(Self.firstPause * (1 << min(entry.attempts - 1, 10)), longest)
        entry.at = now + pause * jitter
        entries[place] = entry
    }

    /// The network changed: what failed before may work now.
    mutating func retryAll(at now: Instant) {
        for place in entries.indices where entries[place].at != nil {
            entries[place].at = now
            entries[place].attempts = 0
            entries[place].since = now
        }
    }

    mutating func takeDue(at now: Instant) -> [DialTarget] {
        blockedUntil = nil
        var due: [DialTarget] = []
        var underWay = entries.count { $0.isUnderWay }
        let order = entries.indices.filter { entries[$0].at.map { $0 <= now } ?? false }
            .sorted { (entries[$0].at!, $0) < (entries[$1].at!, $1) }
        for place in order where underWay < Self.underWayCount {
            guard bucket.take(at: now) else {
                blockedUntil = now + .milliseconds(20)
                break
            }
            entries[place].at = nil
            entries[place].isUnderWay = true
            underWay += 1
            due.append(entries[place].target)
        }
        return due
    }

    var nextDeadline: Deadline? {
        guard entries.count(where: { $0.isUnderWay }) < Self.underWayCount,
            let next = entries.compactMap(\.at).min()
        else { return nil }
        return Deadline(at: max(next, blockedUntil ?? next), reason: "somebody to dial")
    }
}
