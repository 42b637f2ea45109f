import CoreModel
import RoomSync
import Secure
import Wire

/// The accounting of what a relay keeps.
struct RelayRetention {
    /// The keys of former members, with the name that is stored of each: others may bring back their entries.
    var authors: [PeerID: Nickname?] = [:]
    /// Bytes stored since the total size was last checked.
    var uncheckedBytes = 0
}

/// Retention: the expiry of log entries, bans and mutes.
extension Relay {
    /// Reads the wall clock and notes jumps of it.
    mutating func read(_ wall: WallTime) {
        for observation in state.clock.read(wall, at: now) { outputs.push(.note(observation.note)) }
    }

    /// Marks the arrival of old entries as unknown at the first start that counts ages.
    mutating func beginAges() {
        guard !clock.isContinued else { return }
        let (log, reach) = (lobby.log, lobby.horizon)
        keep { archive throws(ArchiveError) in try Arrivals(unknown: reach).keep(of: log, in: archive) }
        keepClock()
    }

    /// Stores the clock that ages are counted by.
    mutating func keepClock(isUrgent: Bool = false) {
        guard let setting = state.clock.takeSetting(at: now, isUrgent: isUrgent) else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(AgeClock.setting, to: setting) }
    }

    /// Prunes expired entries and those above the bounds, in bounded steps.
    mutating func trimLog() {
        timers.schedule(.retention, at: now + RelayRuntime.retentionInterval)
        keepClock()
        let age = configuration.historyAge.map { UInt64(clamping: $0.components.seconds) &* 1_000 }
        let (clock, count) = (clock, max(1, configuration.historyCount))
        trimLog { (lobby) throws(ArchiveError) in
            // Members hold only a part of the log.
            try lobby.trim(keeping: count, dropping: try lobby.old(after: age, by: clock, heldBy: .few))
        }
        boundBytes()
    }

    /// Counts an added entry, and checks the total size often enough that it never exceeds the bound by much.
    mutating func boundLog(adding bytes: Int) {
        state.retentionState.uncheckedBytes += bytes
        if state.retentionState.uncheckedBytes >= min(Bounds.keptCheckBytes, configuration.keptBytes / 16) {
            boundBytes()
        }
    }

    /// Drops the oldest entries until the total size is within its bound, or until ``Bounds/droppedCount`` are dropped,
    /// so that no link waits for long.
    private mutating func boundBytes() {
        state.retentionState.uncheckedBytes = 0
        var dropped = 0
        var excess = excessBytes
        while excess > 0, dropped < Bounds.droppedCount, !lobby.isEmpty {
            let arrivals = keep { archive throws(ArchiveError) in try archive.arrivals(after: 0, limit: 64) }
            var count = 0
            for arrival in arrivals ?? [] where excess > 0 {
                excess -= arrival.bytes
                count += 1
            }
            let kept = max(0, lobby.count - count)
            let gone = trimLog { (lobby) throws(ArchiveError) in
                try lobby.trim(keeping: kept, newerThan: WallTime(milliseconds: 0))
            }
            guard gone > 0 else { return }
            dropped += gone
            excess = excessBytes
        }
    }

    private var excessBytes: Int { ((try? archive.bytes()) ?? 0) - configuration.keptBytes }

    /// Trims the log, and schedules the next step if it dropped something.
    /// - Returns: The number of entries that were dropped.
    @discardableResult
    private mutating func trimLog(_ trim: (inout RoomLog) throws(ArchiveError) -> Int) -> Int {
        do {
            let dropped = try trim(&lobby)
            if dropped > 0 {
                note(.debug, "\(dropped) old entries dropped")
                // There may be more: a step is bounded.
                timers.schedule(.retention, at: now + .milliseconds(100))
            }
            return dropped
        } catch {
            archiveFailed(error)
            return 0
        }
    }

    /// Makes room for another author. Keys cost nothing, so remembered ones are evicted at ``Bounds/relayAuthorCount``:
    /// first absent members that said nothing, then those that were seen longest ago.
    mutating func evictAuthorIfFull() {
        guard state.retentionState.authors.count >= Bounds.relayAuthorCount else { return }
        state.retentionState.authors = state.retentionState.authors.filter {
            $0.value != nil || links.member($0.key) != nil
        }
        guard state.retentionState.authors.count >= Bounds.relayAuthorCount,
            let kept = keep({ archive throws(ArchiveError) in try archive.knownPeers() })
        else { return }
        let oldest = kept.filter { links.member($0.id) == nil }.sorted { ($0.lastSeen, $0.id) < ($1.lastSeen, $1.id) }
            .prefix(Bounds.relayAuthorCount / 10)
            .map(\.id)
        keep { archive throws(ArchiveError) in try archive.forget(oldest) }
        for peer in oldest { state.retentionState.authors[peer] = nil }
    }
}
