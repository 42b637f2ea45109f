import CoreModel
import Wire

/// Addresses that an introduction is to be sent to, at a bounded rate whatever asks for it.
struct IntroductionQueue {
    /// 200 a second: a /24 takes 1.3 s and 52 kB.
    static let batchCount = 5
    static let batchInterval = Duration.milliseconds(25)
    /// Addresses that wait besides a sweep's.
    static let urgentCount = 1_024

    /// Neighbours and known addresses, which come before a sweep.
    private var urgent: [IPAddress] = []
    /// In random order; the next one last.
    private var sweep: [IPAddress] = []
    private var next: Instant?
    private var lastBatch: Instant?

    package var isEmpty: Bool { urgent.isEmpty && sweep.isEmpty }

    package mutating func add(_ address: IPAddress, at now: Instant) {
        guard urgent.count < Self.urgentCount, !urgent.contains(address) else { return }
        urgent.append(address)
        plan(at: now)
    }

    /// - Parameter addresses: in random order.
    package mutating func sweep(_ addresses: [IPAddress], at now: Instant) {
        sweep += addresses
        plan(at: now)
    }

    /// Somebody is found: the rest of a network is left out.
    package mutating func remove(where isLeftOut: (IPAddress) -> Bool) {
        urgent.removeAll(where: isLeftOut)
        sweep.removeAll(where: isLeftOut)
        if isEmpty { next = nil }
    }

    private mutating func plan(at now: Instant) {
        guard next == nil, !isEmpty else { return }
        next = max(now, lastBatch.map { $0 + Self.batchInterval } ?? now)
    }

    mutating func takeBatch(at now: Instant) -> [IPAddress] {
        guard let due = next, due <= now else { return [] }
        var batch = Array(urgent.prefix(Self.batchCount))
        urgent.removeFirst(batch.count)
        while batch.count < Self.batchCount, let address = sweep.popLast() { batch.append(address) }
        lastBatch = now
        next = nil
        plan(at: now)
        return batch
    }

    package var nextDeadline: Deadline? { next.map { Deadline(at: $0, reason: "introductions to send") } }
}
