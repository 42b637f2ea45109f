import CoreModel
import LocalNetwork
import Wire

/// One line for many who come or go for one reason (``PresenceChanges``). Each of them is told all the same, marked as gathered:
/// who keeps a list needs every one.
extension Peer {
    /// A change as it is told: alone, or with others.
    mutating func gathered(_ event: Event) -> Event {
        guard case .peer(var change) = event, presence.stage == .ready else { return event }
        let session = change.peer.relay.flatMap { relay in sessions.all.firstIndex { $0.name == relay } }
        let (peer, name) = (change.peer.id, change.peer.name)
        // Of one that is on this network under the same name, nothing need be said at a relay.
        let isHereToo = session != nil && (try? Nickname(name)).map { roster.shown(as: $0).contains(peer) } == true
        let named = isHereToo ? nil : name
        switch (change.state, session) {
        case (.joined, let session?): change.isGathered = sessions.all[session].presenceChanges.joined(peer, as: named, at: now)
        case (.joined, nil): change.isGathered = roster.presenceChanges.joined(peer, as: name, at: now)
        case (.left, let session?): change.isGathered = sessions.all[session].presenceChanges.left(peer, as: named, at: now)
        case (.left, nil): change.isGathered = roster.presenceChanges.left(peer, as: name, at: now)
        case (.renamed, _), (.away, _), (.back, _), (.blocked, _), (.unblocked, _): return event
        }
        askToTellCompany()
        return .peer(change)
    }

    /// Our own network has changed: who is gone with it, and who comes in its place, is told in one line.
    mutating func gatherOnNetwork() {
        guard presence.stage == .ready else { return }
        roster.presenceChanges.gather(for: PresenceChanges.networkTime, at: now)
        askToTellCompany()
    }

    mutating func askToTellCompany() {
        for until in [roster.presenceChanges.until] + sessions.all.map(\.presenceChanges.until) {
            if let until { timers.schedule(.presenceSummary, at: until) }
        }
    }

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
