import CoreModel
import Wire

/// The schedule of dials: one soon after a peer is first seen, then repeats with exponential backoff and jitter,
/// bounded in number and rate whatever other peers announce.
struct DialSchedule {
    /// The maximum number of dials in progress.
    static let underWayCount = 32
    /// The number of dials a second, after a burst: fifty peers that start together are all dialled immediately, and a
    /// flood of invented ones costs 50 connections a second.
    package static let perSecond = 50.0
    /// The maximum number of dials in a burst.
    package static let burst = 100.0
    /// The backoff after the first failure.
    static let initialBackoff = Duration.milliseconds(200)
    /// The longest backoff.
    package static let maximumBackoff = Duration.seconds(15)
    /// The longest backoff for addresses given by the user, which are dialled indefinitely.
    static let maximumLastingBackoff = Duration.seconds(30)
    /// How long a peer is dialled after it was last announced or introduced.
    package static let timeout = Duration.seconds(180)

    /// The maximum number of peers to dial, in total and of one address. At 50 a second, an address full of invented
    /// peers delays the others by less than three seconds.
    package static let entryCount = 1_024
    static let addressShare = 128

    /// A peer or address to dial.
    private struct Entry {
        /// Ascending in the order in which the targets were first requested.
        let number: UInt64
        /// When to dial; nil while a dial is in progress or the target is satisfied.
        var at: Instant?
        /// The number of failed dials in a row.
        var attempts = 0
        /// Whether the user gave the address, so that it is dialled indefinitely.
        let isLasting: Bool
        /// When the peer was last announced or introduced.
        var since: Instant
        /// The address at which it was first seen.
        var address: IPAddress?
        var isUnderWay = false
        /// Low priority: cancelled if gossip shows that the peer is present.
        var isLowPriority = false
        /// The peer that answers at an address given by the user.
        var satisfiedBy: PeerID?
    }

    private var entries: [DialTarget: Entry] = [:]
    /// The number of entries of each address.
    private var shares: [IPAddress: Int] = [:]
    private var lastNumber: UInt64 = 0
    /// The number of dials in progress.
    private var underWay = 0
    /// The earliest time of all entries.
    private var next: Instant?
    private var bucket = TokenBucket(capacity: burst, perSecond: perSecond)
    /// No dial starts before this, because the rate was reached.
    private var blockedUntil: Instant?

    /// Schedules dials of an address given by the user, which are repeated indefinitely.
    mutating func scheduleIndefinitely(_ target: DialTarget, at time: Instant) {
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
        // Release the memory that a crowd took.
        if entries.isEmpty, entries.capacity > 64 { entries = [:] }
    }

    /// Changes an existing entry.
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

    /// Schedules a dial of a peer seen at an address. A backoff after failures is kept, unless the peer is a new
    /// process.
    mutating func schedule(
        _ target: DialTarget, at time: Instant, since: Instant, address: IPAddress?, isNewProcess: Bool,
        isLowPriority: Bool = false
    ) {
        guard let entry = entries[target] else {
            // Invented peers of one address fill its share and no other's.
            guard entries.count < Self.entryCount, address.flatMap({ shares[$0] }) ?? 0 < Self.addressShare else {
                return
            }
            insert(target, at: time, isLasting: false, since: since, address: address)
            entries[target]?.isLowPriority = isLowPriority
            return
        }
        change(target) { entry in
            entry.since = since
            entry.isLowPriority = entry.isLowPriority && isLowPriority
        }
        guard !entry.isUnderWay else { return }
        if isNewProcess {
            change(target) { $0.attempts = 0 }
        } else if entry.attempts > 0 {
            return
        }
        change(target) { $0.at = min($0.at ?? time, time) }
    }

    /// Removes a target.
    mutating func cancel(_ target: DialTarget) { remove(target) }

    /// Records that an address given by the user is answered: it is dialled again when that peer is lost.
    mutating func satisfied(_ target: DialTarget, by peer: PeerID) {
        change(target) { entry in
            entry.satisfiedBy = peer
            entry.isUnderWay = false
            entry.at = nil
            entry.attempts = 0
        }
    }

    /// Schedules dials of the addresses at which a lost peer answered.
    package mutating func lost(_ peer: PeerID, at now: Instant) {
        for (target, entry) in entries where entry.satisfiedBy == peer {
            change(target) { entry in
                entry.satisfiedBy = nil
                entry.at = now + Self.initialBackoff
            }
        }
    }

    /// Schedules the next dial after a failure, or drops a peer not seen for ``timeout``.
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
            let longest = entry.isLasting ? Self.maximumLastingBackoff : Self.maximumBackoff
            let pause = min(Self.initialBackoff * (1 << min(entry.attempts - 1, 10)), longest)
            entry.at = now + pause * jitter
        }
    }

    /// Dials all waiting targets immediately: after a change of the network, earlier failures are meaningless.
    mutating func retryAll(at now: Instant) {
        for (target, entry) in entries where entry.at != nil {
            change(target) { entry in
                entry.at = now
                entry.attempts = 0
                entry.since = now
            }
        }
    }

    /// The peers waiting to be dialled for the first time, in the order in which they were requested.
    var untried: [DialTarget] {
        entries.filter { $0.value.at != nil && $0.value.attempts == 0 && !$0.value.isLasting }
            .sorted { $0.value.number < $1.value.number }.map(\.key)
    }

    /// Postpones a dial, even one just taken as due.
    /// - Parameter isLowPriority: Whether gossip may make it unnecessary.
    mutating func postpone(_ target: DialTarget, until time: Instant, isLowPriority: Bool = false) {
        change(target) { entry in
            entry.at = time
            entry.isUnderWay = false
            entry.isLowPriority = isLowPriority
        }
    }

    /// Returns the peer requested first among those that at least this many dials in a row failed to reach.
    func unreachablePeer(_ count: Int) -> PeerID? {
        let entry = entries.filter { $0.value.attempts >= count && !$0.value.isLasting }
            .min { $0.value.number < $1.value.number }
        guard case .peer(let peer)? = entry?.key else { return nil }
        return peer
    }

    /// Returns whether a dial of this target is in progress.
    package func isUnderWay(_ target: DialTarget) -> Bool { entries[target]?.isUnderWay ?? false }
    /// Returns whether gossip may make the dial of this target unnecessary.
    func isLowPriority(_ target: DialTarget) -> Bool { entries[target]?.isLowPriority ?? false }

    /// Returns the targets to dial now, within the limits, in the order in which they were due.
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
