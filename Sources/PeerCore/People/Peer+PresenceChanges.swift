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
            change.isGathered = sessions.all[session].presenceChanges.joined(peer, as: named, at: now)
        case (.joined, nil): change.isGathered = roster.presenceChanges.joined(peer, as: name, at: now)
        case (.left, let session?):
            change.isGathered = sessions.all[session].presenceChanges.left(peer, as: named, at: now)
        case (.left, nil): change.isGathered = roster.presenceChanges.left(peer, as: name, at: now)
        case (.renamed, _), (.away, _), (.back, _), (.blocked, _), (.unblocked, _): return event
        }
        askToTellCompany()
        return .peer(change)
    }

    /// Summarises the departures and arrivals that a change of our own network causes.
    mutating func gatherOnNetwork() {
        guard presence.stage == .ready else { return }
        roster.presenceChanges.gather(for: PresenceChanges.networkTime, at: now)
        askToTellCompany()
    }

    /// Schedules the next summary.
    mutating func askToTellCompany() {
        for until in [roster.presenceChanges.until] + sessions.all.map(\.presenceChanges.until) {
            if let until { timers.schedule(.presenceSummary, at: until) }
        }
    }

    /// Reports the summaries that are complete.
    mutating func tellCompany() {
        if let (came, went) = roster.presenceChanges.take(at: now) { tell(came, went, at: nil) }
        for session in sessions.all.indices {
            guard let (came, went) = sessions.all[session].presenceChanges.take(at: now) else { continue }
            tell(came, went, at: sessions.all[session].name)
        }
        askToTellCompany()
    }

    private mutating func tell(_ came: [String], _ went: [String], at relay: String?) {
        guard !came.isEmpty || !went.isEmpty else { return }
        notify(.company(.init(relay: relay, came: came, went: went)))
    }
}
