import CoreModel
import Wire

/// Since when every peer sees every other one on its LAN, under whatever name: counted as people come and go, because
/// looking at all pairs after every step would take too long.
struct FullView {
    /// Pairs of a peer and another that it could see.
    private let total: Int
    private var count = 0
    /// Nil: somebody does not see somebody.
    private(set) var since: Instant?
    /// When a process was last started.
    private(set) var lastStart = Instant(nanoseconds: 0)

    init(of neighbourhood: Neighbourhood) {
        let hosts = neighbourhood.lans.indices.map(HostID.init)
        total = hosts.reduce(0) { $0 + neighbourhood.neighbours(of: $1).count }
        if total == 0 { since = lastStart }
    }

    /// So many more, or fewer, are seen.
    mutating func changed(by difference: Int, at now: Instant) {
        count += difference
        since = count == total ? since ?? now : nil
    }

    /// A process that sees nobody takes the place of one that saw so many.
    mutating func restarted(having seen: Int, at now: Instant) {
        lastStart = now
        changed(by: -seen, at: now)
    }

    /// How long the full view took to come after the last start and the last fault; nil: it has not come.
    func delay(after lastFault: Instant) -> Duration? {
        since.map { max(.zero, $0 - max(lastStart, lastFault)) }
    }
}
