import CoreModel
import LocalNetwork
import Secure
import Wire

/// The people who are present, as shown to the user: each joins once and leaves once, with a unique name.
extension Peer {
    /// Records a peer whose link was established, or which a link-state advertisement shows to be present.
    mutating func personMet(_ announcement: Announcement, as name: Nickname, away: String?, at endpoint: Endpoint?) {
        let peer = announcement.peer
        var person =
            roster[peer]
            ?? Person(
                id: peer, name: nameToShow(of: peer, name), instance: announcement.instance,
                sequence: announcement.sequence, isSettled: announcement.kind == .announce,
                showBy: now + Bounds.joinGrace)
        if !isStale(announcement) { take(announcement, name, for: &person) }
        person.endpoint = endpoint ?? person.endpoint
        person.goneAt = nil
        roster.update(person)
        show(peer)
        personAway(peer, away)
    }

    /// Whether an announcement is older than the latest one from the same process.
    func isStale(_ announcement: Announcement) -> Bool {
        guard let person = roster[announcement.peer], person.instance == announcement.instance else { return false }
        return announcement.sequence < person.sequence
    }

    /// Updates the name of a peer from an announcement.
    mutating func personRenamed(_ announcement: Announcement, to name: Nickname) {
        guard var person = roster[announcement.peer], !isStale(announcement) else { return }
        take(announcement, name, for: &person)
        roster.update(person)
        show(person.id)
        showHeldBack()
    }

    /// Updates a person from an announcement; the name of a blocked peer is put aside.
    private func take(_ announcement: Announcement, _ name: Nickname, for person: inout Person) {
        if roster.blocked.contains(person.id) {
            person.withheld = .init(name: name, away: person.withheld?.away)
        } else {
            person.name = name
        }
        person.isSettled = announcement.kind == .announce
        person.instance = announcement.instance
        person.sequence = announcement.sequence
    }

    /// Returns the name to show: for a blocked peer, the name from before it was blocked.
    private func nameToShow(of peer: PeerID, _ name: Nickname) -> Nickname {
        roster.blocked.contains(peer) ? nameBeforeBlocking(of: peer) ?? name : name
    }

    /// Shows peers that were held back because of a name, after a name has become free or changed hands.
    mutating func showHeldBack() {
        guard roster.unshownCount > 0 else { return }
        for id in roster.ids {
            guard let person = roster[id], person.shownName == nil, person.goneAt == nil else { continue }
            show(id)
        }
    }

    /// Reports a change of a person: that it joined, or that its name changed. A newcomer whose name clashes is held
    /// back for a moment, because one of the two is about to take another name.
    private mutating func show(_ peer: PeerID) {
        guard var person = roster[peer] else { return }
        if roster.blocked.contains(peer) {
            // The user is not notified, and the name from before may belong to another peer by now.
            person.shownName = person.name
            roster.update(person)
            return
        }
        if let shown = person.shownName {
            guard shown.text != person.name.text, mayTellChange(of: peer) else { return }
            let remark = Self.remarks(
                remarkOnKey(of: person.id, named: person.name), remarkOnLookalike(of: person.id, named: person.name))
            person.shownName = person.name
            roster.update(person)
            notify(.peer(.init(state: .renamed, peer: summary(of: person), was: shown.text, remark: remark)))
            remember(person)
            return
        }
        let isClashing =
            naming.claim?.name == person.name || naming.holders(of: person.name).contains { $0 != peer }
        if isClashing, let showBy = person.showBy, now < showBy {
            timers.schedule(.people, at: showBy)
            return
        }
        guard mayTellChange(of: peer) else { return }
        let remark = Self.remarks(
            remarkOnKey(of: person.id, named: person.name), remarkOnLookalike(of: person.id, named: person.name))
        person.shownName = person.name
        person.showBy = nil
        person.reportedAway = person.away
        roster.update(person)
        notify(.peer(.init(state: .joined, peer: summary(of: person), remark: remark)))
        remember(person)
    }

    private mutating func remember(_ person: Person) { remember(person.id, as: person.name) }

    /// Stores the name of a peer.
    /// - Parameter relay: The relay where the name was in use; nil means this network.
    mutating func remember(_ peer: PeerID, as name: Nickname, at relay: PeerID? = nil) {
        makeRoomToKnow(peer)
        let counted = clock.counted
        roster.remember(peer, as: name, at: relay, since: roster.firstSeen(peer) ?? counted, until: counted)
        // A peer for which there is no room is not stored either.
        if roster.known.name(of: peer) != nil { keepKnown(peer) }
    }

    /// Makes room for one more known peer. Keys are free, so their number is bounded: others are evicted, here and in
    /// the archive.
    private mutating func makeRoomToKnow(_ peer: PeerID) {
        guard !roster.known.hasRoom(for: peer) else { return }
        let unsolicited = rooms.retentionState.unsolicited
        let gone = roster.forgetSome { unsolicited.isAnswered($0) || unsolicited.hasMessages(by: $0) }
        keep { archive throws(ArchiveError) in try archive.forget(gone) }
    }

    /// Stores what is known of a peer in the archive.
    mutating func keepKnown(_ peer: PeerID, token: CommandToken? = nil) {
        let known = roster.known
        let name = known.name(of: peer).map { KnownNames.text($0, at: known.relay(of: peer)) }
        let reported = known.reportedName(of: peer).map { KnownNames.text(reported: $0) }
        let kept = KnownPeer(
            id: peer, name: name ?? reported ?? peer.placeholderName,
            firstSeen: roster.firstSeen(peer) ?? clock.counted,
            lastSeen: clock.counted, isBlocked: roster.blocked.contains(peer))
        keep(token: token) { archive throws(ArchiveError) in try archive.remember(kept) }
    }

    /// Updates the away text of a peer; nil means that it is back.
    mutating func personAway(_ peer: PeerID, _ word: String?) {
        guard var person = roster[peer] else { return }
        if roster.blocked.contains(peer) {
            person.withheld = .init(name: person.withheld?.name ?? person.name, away: word)
            roster.update(person)
            return
        }
        guard person.away != word else { return }
        person.away = word
        roster.update(person)
        tellAway(peer)
    }

    /// Reports the away text of a peer if it differs from the last reported one.
    private mutating func tellAway(_ peer: PeerID) {
        guard var person = roster[peer], person.shownName != nil, person.away != person.reportedAway,
            !roster.blocked.contains(peer), mayTellChange(of: peer)
        else { return }
        person.reportedAway = person.away
        roster.update(person)
        notify(.peer(.init(state: person.away == nil ? .back : .away, peer: summary(of: person))))
    }

    /// Whether a change of a peer may be reported now; if not, it is reported later, together with changes up to then.
    private mutating func mayTellChange(of peer: PeerID) -> Bool {
        if presence.rates.mayTellChange(of: peer, at: now) { return true }
        timers.schedule(.people, at: now + .seconds(1 / Bounds.changeRate))
        return false
    }

    /// Handles the loss of a peer: reports that it left, or gives it a moment to come back.
    mutating func personLost(_ peer: PeerID, left: Bool) {
        guard var person = roster[peer] else { return }
        if left || presence.stage == .finished {
            personLeft(person)
        } else {
            person.goneAt = now + Bounds.leaveGrace
            roster.update(person)
            timers.schedule(.people, at: now + Bounds.leaveGrace)
        }
    }

    /// Removes a person, frees its name and reports that it left.
    private mutating func personLeft(_ person: Person) {
        roster.remove(person.id)
        if person.shownName != nil, !roster.blocked.contains(person.id) { remember(person) }
        naming.claimWithdrawn(by: person.id)
        if person.shownName != nil { notify(.peer(.init(state: .left, peer: summary(of: person)))) }
        showHeldBack()
    }

    /// Reports departures and held-back changes whose time has come.
    mutating func maintainPeople() {
        for id in roster.ids {
            guard let person = roster[id] else { continue }
            if let goneAt = person.goneAt {
                if now >= goneAt { personLeft(person) } else { timers.schedule(.people, at: goneAt) }
            } else {
                show(id)
                tellAway(id)
            }
        }
    }

    /// Returns the summary of a peer on this network, for events.
    func summary(of person: Person) -> Event.PeerSummary {
        Event.PeerSummary(
            name: (person.shownName ?? person.name).text, id: person.id, via: .lan, address: person.endpoint,
            isBlocked: roster.blocked.contains(person.id), away: person.away,
            isThroughFirewall: links.direct(with: person.id).flatMap { links[$0]?.isThroughFirewall } ?? false)
    }
}
