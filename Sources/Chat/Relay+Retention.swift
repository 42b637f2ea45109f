import Secure
import Wire

/// How much a relay keeps, and what of it gives way.
struct RelayKeeping {
    /// Keys that have been members, and under which name that is kept: others may bring back their entries.
    var authors: [PeerID: Nickname?] = [:]
    /// Kept since the size of all was last looked at.
    var uncheckedBytes = 0
}

extension Relay {
    mutating func trimLog() {
        agenda.ask(for: .retention, at: now + RelayState.retentionInterval)
        let oldest = configuration.historyAge.map { age in
            wall.milliseconds - min(wall.milliseconds, UInt64(clamping: age.components.seconds) &* 1_000)
        }
        trimLog(keeping: max(1, configuration.historyCount), newerThan: WallTime(milliseconds: oldest ?? 0))
        boundBytes()
    }

    /// An entry was added: however fast they come, there are not many bytes too many.
    mutating func boundLog(adding bytes: Int) {
        state.keeping.uncheckedBytes += bytes
        if state.keeping.uncheckedBytes >= min(Bounds.keptCheckBytes, configuration.keptBytes / 16) { boundBytes() }
    }

    /// Drops the oldest entries until all that is kept is within its bound, at most so many that nobody waits.
    private mutating func boundBytes() {
        state.keeping.uncheckedBytes = 0
        var dropped = 0
        var excess = excessBytes
        while excess > 0, dropped < Bounds.droppedCount, !lobby.isEmpty {
            let arrivals = keep { archive throws(ArchiveError) in try archive.arrivals(after: 0, limit: 64) }
            var count = 0
            for arrival in arrivals ?? [] where excess > 0 {
                excess -= arrival.bytes
                count += 1
            }
            let gone = trimLog(keeping: max(0, lobby.count - count), newerThan: WallTime(milliseconds: 0))
            guard gone > 0 else { return }
            dropped += gone
            excess = excessBytes
        }
    }

    private var excessBytes: Int { ((try? archive.bytes()) ?? 0) - configuration.keptBytes }

    /// - Returns: how many entries were dropped.
    @discardableResult
    private mutating func trimLog(keeping count: Int, newerThan oldest: WallTime) -> Int {
        do {
            let dropped = try lobby.trim(keeping: count, newerThan: oldest)
            if dropped > 0 {
                note(.debug, "\(dropped) old entries dropped")
                // There may be more: a step is bounded.
                agenda.ask(for: .retention, at: now + .milliseconds(100))
            }
            return dropped
        } catch {
            archiveFailed(error)
            return 0
        }
    }

    /// Keys are free: when as many have been members as are remembered, others give way. First those that said nothing
    /// and are not here, then those that are kept longest.
    mutating func makeRoomForAuthor() {
        guard state.keeping.authors.count >= Bounds.relayAuthorCount else { return }
        state.keeping.authors = state.keeping.authors.filter { $0.value != nil || links.member($0.key) != nil }
        guard state.keeping.authors.count >= Bounds.relayAuthorCount,
            let kept = keep({ archive throws(ArchiveError) in try archive.knownPeers() })
        else { return }
        let oldest = kept.sorted { ($0.lastSeen, $0.id) < ($1.lastSeen, $1.id) }.prefix(Bounds.relayAuthorCount / 10)
            .map(\.id)
        keep { archive throws(ArchiveError) in try archive.forget(oldest) }
        for peer in oldest { state.keeping.authors[peer] = nil }
    }
}
