import CoreModel
import Wire

/// The time since when every peer has seen every other one on its LAN, under whatever name. Arrivals and departures are
/// counted, because checking all pairs after every step would take too long.
struct FullView {
    /// The number of pairs of a peer and another that it could see.
    private let total: Int
    private var count = 0
    /// The time since when the view has been full; nil while a peer does not see another.
    private(set) var since: Instant?
    /// The time when a process was last started.
    private(set) var lastStart = Instant(nanoseconds: 0)

    init(of neighbourhood: Neighbourhood) {
        let hosts = neighbourhood.lans.indices.map(HostID.init)
        total = hosts.reduce(0) { $0 + neighbourhood.neighbours(of: $1).count }
        if total == 0 { since = lastStart }
    }

    /// Records that more pairs, or fewer, are seen.
    mutating func changed(by difference: Int, at now: Instant) {
        count += difference
        since = count == total ? since ?? now : nil
    }

    /// Records that a new process, which sees no peers, replaces one that saw some.
    mutating func restarted(having seen: Int, at now: Instant) {
        lastStart = now
        changed(by: -seen, at: now)
    }

    /// Returns the time that the full view took after the last start and the last fault; nil if it is not full.
    func delay(after lastFault: Instant) -> Duration? {
        since.map { max(.zero, $0 - max(lastStart, lastFault)) }
    }
}
