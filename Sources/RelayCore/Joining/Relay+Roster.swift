import CoreModel
import Wire

/// What has changed of who is here and has not been told yet.
struct RosterChanges {
    /// By key, what it was before and what it is now. Never walked.
    var changes: [PeerID: RelayMember] = [:]
    /// Their keys in the order in which they first changed.
    var order: [PeerID] = []
    /// Keys that the others have been told are here. Only asked "is it in there?".
    var told: Set<PeerID> = []
    /// Members that have not been told who is here.
    var newcomers: [RelayLink] = []
    /// Not before this: with thousands of members, what happens meanwhile is told in one frame.
    var nextAt = Instant(nanoseconds: 0)

    var isEmpty: Bool { order.isEmpty && newcomers.isEmpty }
}

/// Telling who is here. Many changes are told at once, each list is encoded once, and what came and went in between is
/// not told at all, so that a thousand who come and go cost what one does.
extension Relay {
    mutating func noteRosterChange(_ peer: PeerID, _ state: RelayMember.State) {
        let name = links.member(peer)?.member?.name ?? names.name(of: peer)
        let change = RelayMember(
            peer: peer, state: state, name: name?.text ?? peer.placeholderName, traits: traits(of: peer),
            away: shownAway(of: peer))
        if rosterChanges.changes.updateValue(change, forKey: peer) == nil { rosterChanges.order.append(peer) }
    }

    func traits(of peer: PeerID) -> RelayMember.Traits {
        var traits: RelayMember.Traits = []
        if isOperator(peer) { traits.insert(.isOperator) }
        if links.member(peer)?.guest != nil { traits.insert(.isGuest) }
        if moderation.isMuted(peer, at: clock.counted) { traits.insert(.isMuted) }
        return traits
    }

    /// Whether nothing that somebody writes reaches the others but what is private: neither lines nor names nor why it
    /// is away.
    func isSilenced(_ peer: PeerID) -> Bool { moderation.isMuted(peer, at: clock.counted) && !isOperator(peer) }

    /// Of somebody muted the others are told at most that it is away.
    private func shownAway(of peer: PeerID) -> String? {
        let away = links.member(peer)?.member?.away
        return isSilenced(peer) ? away.map { _ in "" } : away
    }

    mutating func awayReceived(_ word: String?, from peer: PeerID, on link: RelayLink) {
        guard link.member?.acts.take(at: now) == true, link.member?.away != word else { return }
        link.member?.away = word
        guard !isSilenced(peer) else {
            // What is told when it may speak again.
            return send(
                .notice(
                    "\(RelayNotice.stillMuted): nobody is told \(word == nil ? "that you are back" : "why you are away")"
                ),
                on: link)
        }
        noteRosterChange(peer, .here)
    }

    /// Tells now what may be told now, and sees to it that the rest is told in time.
    mutating func considerRosterChanges() {
        guard !rosterChanges.isEmpty else { return }
        if now >= rosterChanges.nextAt { sendRosterChanges() } else { timers.schedule(.roster, at: rosterChanges.nextAt) }
    }

    mutating func sendRosterChanges() {
        guard now >= rosterChanges.nextAt, !rosterChanges.isEmpty else { return }
        // A fifth of a millisecond a member: 5,000 are told once a second.
        let pause = Duration.microseconds(200) * links.members.count
        rosterChanges.nextAt = now + (links.members.count <= 50 ? .zero : min(pause, .seconds(1)))
        let changes = rosterChanges.order.compactMap { peer -> RelayMember? in
            guard let change = rosterChanges.changes[peer] else { return nil }
            if change.state == .here {
                rosterChanges.told.insert(peer)
                return change
            }
            // Whoever came and went untold has not been here.
            return rosterChanges.told.remove(peer) == nil ? nil : change
        }
        rosterChanges.order.removeAll(keepingCapacity: true)
        rosterChanges.changes.removeAll(keepingCapacity: true)
        tellGuests(changes)
        let frames = Self.frames(of: changes, isFresh: false)
        if !frames.isEmpty {
            for link in links.members where link.member?.knowsRoster == true {
                for frame in frames { sendEncoded(frame, on: link) }
            }
        }
        let newcomers = rosterChanges.newcomers.filter { $0.member?.knowsRoster == false }
        rosterChanges.newcomers.removeAll(keepingCapacity: true)
        guard !newcomers.isEmpty else { return }
        let everybody = wholeRoster()
        let roster = Self.frames(of: everybody, isFresh: true)
        for link in newcomers {
            link.member?.knowsRoster = true
            if link.guest != nil {
                tellRoster(everybody, to: link)
                continue
            }
            for frame in roster { sendEncoded(frame, on: link) }
        }
    }

    private func wholeRoster() -> [RelayMember] {
        links.members.compactMap { link in
            guard let peer = link.peer, let member = link.member else { return nil }
            return RelayMember(
                peer: peer, state: .here, name: member.name.text, traits: traits(of: peer), away: shownAway(of: peer))
        }
    }

    /// As few frames as they fit into.
    private static func frames(of members: [RelayMember], isFresh: Bool) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var batch: [RelayMember] = []
        var size = 0
        func close() {
            guard !batch.isEmpty else { return }
            frames.append(Frame.members(.init(isFresh: isFresh && frames.isEmpty, changes: batch)).encoded())
            batch = []
            size = 0
        }
        for member in members {
            let bytes = 48 + member.name.utf8.count + (member.away?.utf8.count ?? 0)
            if batch.count == Limits.frameMemberCount || size + bytes > Limits.frameBytes - 64 { close() }
            batch.append(member)
            size += bytes
        }
        close()
        return frames
    }
}
