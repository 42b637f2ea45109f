import CoreModel
import LocalNetwork
import Wire

/// Summaries of many arrivals or departures with one cause, as one line (``PresenceChanges``). Each is still reported,
/// marked as gathered, because a program that keeps a list needs every one.
extension Peer {
    /// Returns a change as it is reported: alone, or marked as part of a summary.
    mutating func gathered(_ event: Event) -> Event {
        guard case .peer(var change) = event, presence.stage == .ready else { return event }
        let session = change.peer.relay.flatMap { relay in sessions.all.firstIndex { $0.name == relay } }
        let (peer, name) = (change.peer.id, change.peer.name)
        // For a peer that is on this network under the same name, a relay's summary need not name it.
        let isHereToo = session != nil && (try? Nickname(name)).map { roster.shown(as: $0).contains(peer) } == true
        let named = isHereToo ? nil : name
        switch (change.state, session) {
        case (.joined, let session?):
            change.isSummarised = sessions.all[session].presenceChanges.joined(peer, as: named, at: now)
        case (.joined, nil): change.isSummarised = roster.presenceChanges.joined(peer, as: name, at: now)
        case (.left, let session?):
            change.isSummarised = sessions.all[session].presenceChanges.left(peer, as: named, at: now)
        case (.left, nil): change.isSummarised = roster.presenceChanges.left(peer, as: name, at: now)
        case (.renamed, _), (.away, _), (.back, _), (.blocked, _), (.unblocked, _): return event
        }
        schedulePresenceSummary()
        return .peer(change)
    }

    /// Summarises the departures and arrivals that a change of our own network causes.
    mutating func gatherOnNetwork() {
        guard presence.stage == .ready else { return }
        roster.presenceChanges.gather(for: PresenceChanges.networkTime, at: now)
        schedulePresenceSummary()
    }

    /// Schedules the next summary.
    mutating func schedulePresenceSummary() {
        for until in [roster.presenceChanges.until] + sessions.all.map(\.presenceChanges.until) {
            if let until { timers.schedule(.presenceSummary, at: until) }
        }
    }

    /// Reports the summaries that are complete.
    mutating func reportPresenceSummary() {
        if let (arrived, departed) = roster.presenceChanges.take(at: now) { tell(arrived, departed, at: nil) }
        for session in sessions.all.indices {
            guard let (arrived, departed) = sessions.all[session].presenceChanges.take(at: now) else { continue }
            tell(arrived, departed, at: sessions.all[session].name)
        }
        schedulePresenceSummary()
    }

    private mutating func tell(_ arrived: [String], _ departed: [String], at relay: String?) {
        guard !arrived.isEmpty || !departed.isEmpty else { return }
        notify(.presenceSummary(.init(relay: relay, arrived: arrived, departed: departed)))
    }
}
