import Wire

/// What ends with time at a relay: what is kept of its log, bans and mutes.
extension Relay {
    mutating func read(_ wall: WallTime) {
        for news in state.clock.read(wall, at: now) { outputs.push(.note(news.note)) }
    }

    /// The first start that counts ages.
    mutating func beginAges() {
        guard !clock.isContinued else { return }
        let (log, reach) = (lobby.log, lobby.reach)
        keep { archive throws(ArchiveError) in try Arrivals(unknown: reach).keep(of: log, in: archive) }
        keepClock()
    }

    mutating func keepClock(isUrgent: Bool = false) {
        guard let setting = state.clock.takeSetting(at: now, isUrgent: isUrgent) else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(AgeClock.setting, to: setting) }
    }

    mutating func trimLog() {
        agenda.ask(for: .retention, at: now + RelayState.retentionInterval)
        keepClock()
        let age = configuration.historyAge.map { UInt64(clamping: $0.components.seconds) &* 1_000 }
        do {
            // Members have but a part of it.
            let old = try lobby.old(after: age, by: clock, heldBy: .few)
            let dropped = try lobby.trim(keeping: max(1, configuration.historyCount), dropping: old)
            if dropped > 0 {
                note(.debug, "\(dropped) old entries dropped")
                // There may be more: a step is bounded.
                agenda.ask(for: .retention, at: now + .milliseconds(100))
            }
        } catch {
            archiveFailed(error)
        }
    }
}
