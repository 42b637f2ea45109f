import CoreModel
import Wire

/// When to dial whom: once soon after a peer is heard of, then with growing pauses (back-off with jitter), a bounded
/// number at once and at a bounded rate, whatever anybody announces.
struct DialSchedule {
    static let underWayCount = 32
    /// Dials a second, after a burst: fifty peers that start together are all dialled at once, a flood of invented ones
    /// costs 50 connections a second.
    package static let perSecond = 50.0
    package static let burst = 100.0
    static let firstPause = Duration.milliseconds(200)
    package static let longestPause = Duration.seconds(15)
    /// For addresses that the user gave, which are tried for ever.
    static let longestLastingPause = Duration.seconds(30)
    /// How long a peer is tried that is not heard any more.
    package static let timeout = Duration.seconds(180)

    /// Peers to dial that are kept at once, in all and of one address. At 50 a second, an address full of invented
    /// peers holds the others up for less than three seconds.
    package static let entryCount = 1_024
    static let addressShare = 128

    private struct Entry {
        /// Grows in the order in which they were first asked for.
        let number: UInt64
        /// Nil while it is under way or satisfied.
        var at: Instant?
        var attempts = 0
        let isLasting: Bool
        /// When it was last heard of.
        var since: Instant
        /// Where it was first heard of.
        var address: IPAddress?
        var isUnderWay = false
        /// It is left to others, should they find out what makes it needless.
        var isLate = false
        /// For a given address: the peer that answers there.
        var satisfiedBy: PeerID?
    }

    private var entries: [DialTarget: Entry] = [:]
    /// How many there are of each address.
    private var shares: [IPAddress: Int] = [:]
    private var lastNumber: UInt64 = 0
    private var underWay = 0
    /// The earliest time of all.
    private var next: Instant?
    private var bucket = TokenBucket(capacity: burst, perSecond: perSecond)
    /// The rate was reached: nothing before this.
    private var blockedUntil: Instant?

    /// For an address that the user gave.
    mutating func scheduleForEver(_ target: DialTarget, at time: Instant) {
        guard entries[target] == nil else { return }
        insert(target, at: time, isLasting: true, since: time, address: nil)
    }

    private mutating func insert(
        _ target: DialTarget, at time: Instant, isLasting: Bool, since: Instant, address: IPAddress?
    ) {
        lastNumber += 1
        entries[target] = Entry(number: lastNumber, at: time, isLasting: isLasting, since: since, address: address)
        if let address { shares[address, default: 0] += 1 }
        next = min(next ?? time, time)
    }

    private mutating func remove(_ target: DialTarget) {
        guard let entry = entries.removeValue(forKey: target) else { return }
        if let address = entry.address {
            shares[address]! -= 1
            if shares[address] == 0 { shares[address] = nil }
        }
        if entry.isUnderWay { underWay -= 1 }
        if entry.at == next { lookForNext() }
        // The room that a crowd took is given back.
        if entries.isEmpty, entries.capacity > 64 { entries = [:] }
    }

    /// Changes an entry that is there.
    private mutating func change(_ target: DialTarget, _ body: (inout Entry) -> Void) {
        guard var entry = entries[target] else { return }
        let former = entry
        body(&entry)
        entries[target] = entry
        underWay += (entry.isUnderWay ? 1 : 0) - (former.isUnderWay ? 1 : 0)
        if let at = entry.at, at <= next ?? at {
            next = at
        } else if former.at == next {
            lookForNext()
        }
    }

    private mutating func lookForNext() { next = entries.values.lazy.compactMap(\.at).min() }

    /// For a peer that was heard of at an address. A pause after failures stands, unless the peer is a new process.
    mutating func schedule(
        _ target: DialTarget, at time: Instant, since: Instant, address: IPAddress?, isNewProcess: Bool,
        isLate: Bool = false
    ) {
        guard let entry = entries[target] else {
            // Invented peers of one address fill its share and nobody else's.
            guard entries.count < Self.entryCount, address.flatMap({ shares[$0] }) ?? 0 < Self.addressShare else {
                return
            }
            insert(target, at: time, isLasting: false, since: since, address: address)
            entries[target]?.isLate = isLate
            return
        }
        change(target) { entry in
            entry.since = since
            entry.isLate = entry.isLate && isLate
        }
        guard !entry.isUnderWay else { return }
        if isNewProcess {
            change(target) { $0.attempts = 0 }
        } else if entry.attempts > 0 {
            return
        }
        change(target) { $0.at = min($0.at ?? time, time) }
    }

    mutating func cancel(_ target: DialTarget) { remove(target) }

    /// A given address answers: it is dialled again when that peer is lost.
    mutating func satisfied(_ target: DialTarget, by peer: PeerID) {
        change(target) { entry in
            entry.satisfiedBy = peer
            entry.isUnderWay = false
            entry.at = nil
            entry.attempts = 0
        }
    }

    package mutating func lost(_ peer: PeerID, at now: Instant) {
        for (target, entry) in entries where entry.satisfiedBy == peer {
            change(target) { entry in
                entry.satisfiedBy = nil
                entry.at = now + Self.firstPause
            }
        }
    }

    /// - Parameter jitter: 0.5..<1.5.
    package mutating func failed(_ target: DialTarget, jitter: Double, at now: Instant) {
        guard let entry = entries[target] else { return }
        if !entry.isLasting, now > entry.since + Self.timeout {
            remove(target)
            return
        }
        change(target) { entry in
            entry.isUnderWay = false
            entry.attempts += 1
            let longest = entry.isLasting ? Self.longestLastingPause : Self.longestPause
            let pause = min(Self.firstPause * (1 << min(entry.attempts - 1, 10)), longest)
            entry.at = now + pause * jitter
        }
    }

    /// The network changed: what failed before may work now.
    mutating func retryAll(at now: Instant) {
        for (target, entry) in entries where entry.at != nil {
            change(target) { entry in
                entry.at = now
                entry.attempts = 0
                entry.since = now
            }
        }
    }

    /// Peers that wait to be dialled for the first time, in the order in which they were asked for.
    var untried: [DialTarget] {
        entries.filter { $0.value.at != nil && $0.value.attempts == 0 && !$0.value.isLasting }
            .sorted { $0.value.number < $1.value.number }.map(\.key)
    }

    /// Also one that has just come due. `isLate`: what others find out may make it needless.
    mutating func putOff(_ target: DialTarget, until time: Instant, isLate: Bool = false) {
        change(target) { entry in
            entry.at = time
            entry.isUnderWay = false
            entry.isLate = isLate
        }
    }

    /// The peer that was first asked for among those that as many dials in a row did not reach.
    func triedInVain(_ count: Int) -> PeerID? {
        let entry = entries.filter { $0.value.attempts >= count && !$0.value.isLasting }
            .min { $0.value.number < $1.value.number }
        guard case .peer(let peer)? = entry?.key else { return nil }
        return peer
    }

    package func isUnderWay(_ target: DialTarget) -> Bool { entries[target]?.isUnderWay ?? false }
    package func isLate(_ target: DialTarget) -> Bool { entries[target]?.isLate ?? false }

    package mutating func takeDue(at now: Instant) -> [DialTarget] {
        blockedUntil = nil
        guard let next, next <= now else { return [] }
        var due: [DialTarget] = []
        let order = entries.filter { $0.value.at.map { $0 <= now } ?? false }
            .sorted { ($0.value.at!, $0.value.number) < ($1.value.at!, $1.value.number) }
        for (target, _) in order where underWay < Self.underWayCount {
            guard bucket.take(at: now) else {
                blockedUntil = now + .milliseconds(20)
                break
            }
            change(target) { entry in
                entry.at = nil
                entry.isUnderWay = true
            }
            due.append(target)
        }
        return due
    }

    package var nextDeadline: Deadline? {
        guard underWay < Self.underWayCount, let next else { return nil }
        return Deadline(at: max(next, blockedUntil ?? next), reason: "somebody to dial")
    }
}
