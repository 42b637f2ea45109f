import CoreModel
import Wire

/// The addresses waiting for an introduction, which are sent at a bounded rate.
struct IntroductionQueue {
    /// The number of introductions in a batch. At 200 a second, a /24 takes 1.3 s and 52 kB.
    static let batchCount = 5
    static let batchInterval = Duration.milliseconds(25)
    /// The maximum number of waiting addresses, not counting those of a sweep.
    static let urgentCount = 1_024

    /// The neighbours and known addresses, which precede a sweep.
    private var urgent: [IPAddress] = []
    /// The addresses of a sweep in random order; the next one last.
    private var sweep: [IPAddress] = []
    private var next: Instant?
    private var lastBatch: Instant?

    /// Whether no introduction is waiting.
    package var isEmpty: Bool { urgent.isEmpty && sweep.isEmpty }

    /// Queues an introduction to a neighbour or known address.
    package mutating func add(_ address: IPAddress, at now: Instant) {
        guard urgent.count < Self.urgentCount, !urgent.contains(address) else { return }
        urgent.append(address)
        plan(at: now)
    }

    /// Queues the introductions of a sweep.
    /// - Parameter addresses: In random order.
    package mutating func sweep(_ addresses: [IPAddress], at now: Instant) {
        sweep += addresses
        plan(at: now)
    }

    /// Removes addresses, such as the rest of a network on which a peer was found.
    package mutating func remove(where isLeftOut: (IPAddress) -> Bool) {
        urgent.removeAll(where: isLeftOut)
        sweep.removeAll(where: isLeftOut)
        if isEmpty { next = nil }
    }

    private mutating func plan(at now: Instant) {
        guard next == nil, !isEmpty else { return }
        next = max(now, lastBatch.map { $0 + Self.batchInterval } ?? now)
    }

    /// Returns the introductions to send now.
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
