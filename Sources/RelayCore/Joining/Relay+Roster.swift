import CoreModel
import Wire

/// The roster changes that have not been sent to members yet.
struct RosterChanges {
    /// The latest state of each key that changed. Never iterated.
    var changes: [PeerID: RelayMember] = [:]
    /// The keys in the order in which they first changed.
    var order: [PeerID] = []
    /// The keys that the other members believe to be present. Only tested for membership.
    var told: Set<PeerID> = []
    /// The members that have not received the roster yet.
    var newcomers: [RelayLink] = []
    /// The earliest time of the next frame: with thousands of members, changes until then share one frame.
    var nextAt = Instant(nanoseconds: 0)

    var isEmpty: Bool { order.isEmpty && newcomers.isEmpty }
}

/// Sends the roster. Changes are sent in batches, each list is encoded once, and a member that joins and leaves between
/// two batches is not mentioned, so a thousand members that come and go cost as much as one.
extension Relay {
    /// Records a change of a member, to be sent with the next batch.
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

    /// Returns whether nothing public that a key writes may reach the others: no messages, names or away reasons. Only
    /// its private messages do.
    func isSilenced(_ peer: PeerID) -> Bool { moderation.isMuted(peer, at: clock.counted) && !isOperator(peer) }

    /// Returns a member's away reason. Of a muted member the others learn at most that it is away.
    private func shownAway(of peer: PeerID) -> String? {
        let away = links.member(peer)?.member?.away
        return isSilenced(peer) ? away.map { _ in "" } : away
    }

    mutating func awayReceived(_ word: String?, from peer: PeerID, on link: RelayLink) {
        guard link.member?.acts.take(at: now) == true, link.member?.away != word else { return }
        link.member?.away = word
        guard !isSilenced(peer) else {
            // The others learn of it when the member may speak again.
            return send(
                .notice(
                    "\(RelayNotice.stillMuted): nobody is told \(word == nil ? "that you are back" : "why you are away")"
                ),
                on: link)
        }
        noteRosterChange(peer, .here)
    }

    /// Sends the roster changes if they are due, and schedules them otherwise.
    mutating func considerRosterChanges() {
        guard !rosterChanges.isEmpty else { return }
        if now >= rosterChanges.nextAt {
            sendRosterChanges()
        } else {
            timers.schedule(.roster, at: rosterChanges.nextAt)
        }
    }

    mutating func sendRosterChanges() {
        guard now >= rosterChanges.nextAt, !rosterChanges.isEmpty else { return }
        // 200 microseconds a member: 5,000 members are sent changes once a second.
        let pause = Duration.microseconds(200) * links.members.count
        rosterChanges.nextAt = now + (links.members.count <= 50 ? .zero : min(pause, .seconds(1)))
        let changes = rosterChanges.order.compactMap { peer -> RelayMember? in
            guard let change = rosterChanges.changes[peer] else { return nil }
            if change.state == .here {
                rosterChanges.told.insert(peer)
                return change
            }
            // A member that joined and left before it was announced is not mentioned.
            return rosterChanges.told.remove(peer) == nil ? nil : change
        }
        rosterChanges.order.removeAll(keepingCapacity: true)
        rosterChanges.changes.removeAll(keepingCapacity: true)
        sendToGuests(changes)
        let frames = Self.frames(of: changes, isFresh: false)
        if !frames.isEmpty {
            for link in links.members where link.member?.knowsRoster == true {
                for frame in frames { sendEncoded(frame, on: link) }
            }
        }
        let newcomers = rosterChanges.newcomers.filter { $0.member?.knowsRoster == false }
        rosterChanges.newcomers.removeAll(keepingCapacity: true)
        guard !newcomers.isEmpty else { return }
        let presentPeers = wholeRoster()
        let roster = Self.frames(of: presentPeers, isFresh: true)
        for link in newcomers {
            link.member?.knowsRoster = true
            if link.guest != nil {
                tellRoster(presentPeers, to: link)
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

    /// Encodes members in as few frames as possible.
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
