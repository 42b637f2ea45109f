import CoreModel
import LocalNetwork
import Secure
import Wire

/// Who is here, as told to the person in front: joined once, left once, names that are unique.
extension Peer {
    /// A peer's link has been established.
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

    /// Whether the same process has said something newer of itself.
    func isStale(_ announcement: Announcement) -> Bool {
        guard let person = roster[announcement.peer], person.instance == announcement.instance else { return false }
        return announcement.sequence < person.sequence
    }

    mutating func personRenamed(_ announcement: Announcement, to name: Nickname) {
        guard var person = roster[announcement.peer], !isStale(announcement) else { return }
        take(announcement, name, for: &person)
        roster.update(person)
        show(person.id)
        showHeldBack()
    }

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

    /// Of somebody who is blocked no new name is shown.
    private func nameToShow(of peer: PeerID, _ name: Nickname) -> Nickname {
        roster.blocked.contains(peer) ? nameBeforeBlocking(of: peer) ?? name : name
    }

    /// A name has become free or changed hands: whoever was held back because of it need not wait on.
    mutating func showHeldBack() {
        guard roster.unshownCount > 0 else { return }
        for id in roster.ids {
            guard let person = roster[id], person.shownName == nil, person.goneAt == nil else { continue }
            show(id)
        }
    }

    /// Says what is new about a person: that it joined, or that it has another name. A newcomer whose name clashes is
    /// held back for a moment, because one of the two is about to take another.
    private mutating func show(_ peer: PeerID) {
        guard var person = roster[peer] else { return }
        if roster.blocked.contains(peer) {
            // Nobody is told, and the name from before may be another's by now.
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
        person.toldAway = person.away
        roster.update(person)
        notify(.peer(.init(state: .joined, peer: summary(of: person), remark: remark)))
        remember(person)
    }

    private mutating func remember(_ person: Person) { remember(person.id, as: person.name) }

    /// - Parameter relay: at which the name was heard; nil: on this network.
    mutating func remember(_ peer: PeerID, as name: Nickname, at relay: PeerID? = nil) {
        makeRoomToKnow(peer)
        let counted = clock.counted
        roster.remember(peer, as: name, at: relay, since: roster.firstSeen(peer) ?? counted, until: counted)
        // One for whom there is no room is not kept either.
        if roster.known.name(of: peer) != nil { keepKnown(peer) }
    }

    /// Keys are free: when as many are known as may be, others give way, here and in the archive.
    private mutating func makeRoomToKnow(_ peer: PeerID) {
        guard !roster.known.hasRoom(for: peer) else { return }
        let unasked = rooms.keeping.unasked
        let gone = roster.forgetSome { unasked.isAnswered($0) || unasked.hasMessages(by: $0) }
        keep { archive throws(ArchiveError) in try archive.forget(gone) }
    }

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

    private mutating func tellAway(_ peer: PeerID) {
        guard var person = roster[peer], person.shownName != nil, person.away != person.toldAway,
            !roster.blocked.contains(peer), mayTellChange(of: peer)
        else { return }
        person.toldAway = person.away
        roster.update(person)
        notify(.peer(.init(state: person.away == nil ? .back : .away, peer: summary(of: person))))
    }

    /// Whether what is new about somebody is told now, or later with what is new by then.
    private mutating func mayTellChange(of peer: PeerID) -> Bool {
        if presence.rates.mayTellChange(of: peer, at: now) { return true }
        timers.schedule(.people, at: now + .seconds(1 / Bounds.changeRate))
        return false
    }

    /// The last link with a peer is gone.
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

    private mutating func personLeft(_ person: Person) {
        roster.remove(person.id)
        if person.shownName != nil, !roster.blocked.contains(person.id) { remember(person) }
        naming.claimWithdrawn(by: person.id)
        if person.shownName != nil { notify(.peer(.init(state: .left, peer: summary(of: person)))) }
        showHeldBack()
    }

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

    func summary(of person: Person) -> Event.PeerSummary {
        Event.PeerSummary(
            name: (person.shownName ?? person.name).text, id: person.id, via: .lan, address: person.endpoint,
            isBlocked: roster.blocked.contains(person.id), away: person.away,
            isThroughFirewall: links.direct(with: person.id).flatMap { links[$0]?.isThroughFirewall } ?? false)
    }
}
