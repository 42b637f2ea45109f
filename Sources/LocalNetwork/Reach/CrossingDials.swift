import CoreModel
import Wire

/// The dials from our link port to peers that a datagram was exchanged with. The other side dials at the same time, so
/// the two dials become one connection although each firewall admits only answers to outgoing packets (TCP's
/// simultaneous open, RFC 9293 §3.5).
struct CrossingDials {
    /// When to dial, counted from the exchange: a firewall that rejects ends the first attempt of the earlier side.
    package static let times: [Duration] = [.zero, .milliseconds(300), .seconds(1), .seconds(3)]
    /// The maximum number of peers: 64 × about 100 bytes.
    package static let capacity = 64

    /// The dials to one peer.
    private struct Entry {
        var endpoint: Endpoint
        var begunAt: Instant
        /// The number of dials made.
        var done = 0

        var next: Instant? { done < CrossingDials.times.count ? begunAt + CrossingDials.times[done] : nil }
    }

    private var entries: [PeerID: Entry] = [:]

    /// Schedules the dials to a peer after an exchange. Further exchanges while they are in progress change nothing.
    mutating func exchanged(with peer: PeerID, at endpoint: Endpoint, now: Instant) {
        if entries[peer] == nil, entries.count >= Self.capacity {
            entries = entries.filter { $0.value.next != nil }
            guard entries.count < Self.capacity else { return }
        }
        if let entry = entries[peer], entry.next != nil, entry.endpoint == endpoint { return }
        entries[peer] = Entry(endpoint: endpoint, begunAt: now)
    }

    /// Cancels the dials to a peer.
    mutating func cancel(_ peer: PeerID) { entries[peer] = nil }

    /// Returns the dials due now, ascending by peer.
    package mutating func takeDue(at now: Instant) -> [(peer: PeerID, endpoint: Endpoint)] {
        let due = entries.filter { $0.value.next.map { $0 <= now } ?? false }.sorted { $0.key < $1.key }
        for (peer, _) in due { entries[peer]?.done += 1 }
        return due.map { ($0.key, $0.value.endpoint) }
    }

    package var nextDeadline: Deadline? {
        entries.values.lazy.compactMap(\.next).min().map { Deadline(at: $0, reason: "dials that cross") }
    }
}
