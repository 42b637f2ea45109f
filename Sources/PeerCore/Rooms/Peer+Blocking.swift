import CoreModel
import LocalNetwork
import Secure
import Wire

/// Blocking. The names and away texts that blocked people send are put aside on arrival: they keep the name that the
/// user knows. No event about them reaches the user (``withoutBlocked(_:)``).
extension Peer {
    /// Blocks a peer: stores the block and hides what the peer sends from now on.
    mutating func block(_ text: String, token: CommandToken?) {
        guard let peer = resolve(text, token) else { return }
        guard !roster.blocked.contains(peer) else {
            return notify(.peer(.init(state: .blocked, peer: summaryAnywhere(peer))), token: token)
        }
        rememberMember(peer)
        roster.block(peer, told: reportedSummaries(of: peer))
        let summary = summaryAnywhere(peer)
        if var person = roster[peer] {
            person.withheld = .init(name: person.name, away: person.away)
            person.away = nil
            person.reportedAway = nil
            roster.update(person)
        }
        for session in sessions.all.indices {
            if let member = sessions.all[session].roster[peer] { withhold(member, session) }
        }
        keepKnown(peer, token: token)
        var remark: String?
        if namesake(of: peer) != nil {
            remark =
                "\(summary.name) is the name of several people: this is \(exactName(of: peer, called: summary.name))"
        }
        notify(.peer(.init(state: .blocked, peer: summary, remark: remark)), token: token)
    }

    /// Unblocks a peer, then reports what has changed about it and asks for its messages.
    mutating func unblock(_ text: String, token: CommandToken?) {
        guard let peer = blockedPeer(meantBy: text, token) else { return }
        let summary = summaryAnywhere(peer)
        let before = roster.unblock(peer)
        var remarks: [(place: String?, text: String)] = []
        if var person = roster[peer] {
            person.name = person.withheld?.name ?? person.name
            if let remark = remarkOnKey(of: peer, named: person.name) { remarks.append((nil, remark)) }
            person.away = person.withheld?.away
            person.reportedAway = person.away
            person.withheld = nil
            person.shownName = person.name
            roster.update(person)
        }
        for session in sessions.all.indices {
            guard let member = sessions.all[session].roster.release(peer), sessions.all[session].roster[peer] != nil,
                let name = try? Nickname(member.name)
            else { continue }
            if let remark = remarkOnMember(peer, named: name, session) {
                remarks.append((sessions.all[session].name, remark))
            }
            _ = sessions.all[session].roster.update(member, named: name, of: id)
        }
        if let person = roster[peer] { remember(peer, as: person.name) }
        keepKnown(peer, token: token)
        notify(.peer(.init(state: .unblocked, peer: summary)), token: token)
        tellChanges(of: peer, since: before, remarks)
        // Messages that it wrote meanwhile were not confirmed, so it still has them for us.
        if let link = links.best(with: peer) { startExchange(with: peer, on: link) }
    }

    /// The blocked people, by ID.
    var blockedPeers: [Event.BlockedPeer] {
        roster.blocked.sorted().map { peer in
            let isHere = roster[peer].map { $0.goneAt == nil } ?? (sessions.session(with: peer) != nil)
            return Event.BlockedPeer(name: summaryAnywhere(peer).name, id: peer, isHere: isHere)
        }
    }

    /// Resolves a name among blocked people only, under the names from before they were blocked.
    /// - Returns: Nil if no blocked peer matches, or several do; the user has then been notified.
    private mutating func blockedPeer(meantBy text: String, _ token: CommandToken?) -> PeerID? {
        if let name = try? Nickname(String(text.prefix { $0 != "@" })) {
            let called = roster.blocked.filter { isCalled($0, name) }.sorted()
            if called.count == 1 { return called[0] }
            if called.count > 1 {
                refuseAmbiguous(text, called, token)
                return nil
            }
        }
        guard let peer = resolve(text, token) else { return nil }
        guard roster.blocked.contains(peer) else {
            refuse(.noSuchPeer, "\(distinctName(of: peer)) is not blocked", token)
            return nil
        }
        return peer
    }

    /// Returns what the user was last shown of a peer, at each place where it is present.
    private func reportedSummaries(of peer: PeerID) -> [Event.PeerSummary] {
        var places: [Event.PeerSummary] = []
        if let person = roster[peer], person.shownName != nil { places.append(summary(of: person)) }
        for session in sessions.all.indices {
            if let member = sessions.all[session].roster[peer] { places.append(summary(of: member, at: session)) }
        }
        return places
    }

    /// Returns a summary of a peer, at whichever place it is present.
    private func summaryAnywhere(_ peer: PeerID) -> Event.PeerSummary {
        var summary = reportedSummaries(of: peer).first ?? Event.PeerSummary(name: displayName(of: peer), id: peer)
        summary.away = nil
        summary.isBlocked = roster.blocked.contains(peer)
        return summary
    }

    /// Reports what has changed about a peer of which nothing was reported for a while.
    private mutating func tellChanges(
        of peer: PeerID, since before: [Event.PeerSummary], _ remarks: [(place: String?, text: String)]
    ) {
        let now = reportedSummaries(of: peer)
        for former in before where !now.contains(where: { $0.relay == former.relay }) {
            notify(.peer(.init(state: .left, peer: former)))
        }
        for summary in now {
            let former = before.first { $0.relay == summary.relay }
            if former?.name != summary.name {
                let remark = remarks.first { $0.place == summary.relay }?.text
                let state: Event.PeerChange.State = former == nil ? .joined : .renamed
                notify(.peer(.init(state: state, peer: summary, was: former?.name, remark: remark)))
            }
            guard former != nil, former?.away != summary.away else { continue }
            notify(.peer(.init(state: summary.away == nil ? .back : .away, peer: summary)))
        }
    }

    // State that is put aside.

    /// Returns the name by which the user knows a blocked peer.
    func nameBeforeBlocking(of peer: PeerID, at session: Int? = nil) -> Nickname? {
        session.flatMap { sessions.all[$0].roster.lastName(of: peer) } ?? roster.name(of: peer)
            ?? (try? Nickname(peer.placeholderName))
    }

    /// Updates a blocked member so that only its presence is known, without a new name or away text.
    mutating func withhold(_ member: RelayMember, _ session: Int) {
        guard let name = nameBeforeBlocking(of: member.peer, at: session) else { return }
        let known = sessions.all[session].roster.withhold(member, knownAs: name)
        _ = sessions.all[session].roster.update(known, named: name, of: id, isRemembered: false)
    }

    // Events that reach the user.

    /// Returns an event without messages of blocked people; nil if nothing remains of it.
    func withoutBlocked(_ event: Event) -> Event? {
        guard !roster.blocked.isEmpty else { return event }
        func isShown(_ message: Event.Message) -> Bool { !roster.blocked.contains(message.fromID) }
        switch event {
        case .peer(let change):
            let isOwnDoing = change.state == .blocked || change.state == .unblocked
            return isOwnDoing || !roster.blocked.contains(change.peer.id) ? event : nil
        case .message(let message): return isShown(message) ? event : nil
        case .history(let room, let messages): return .history(room: room, messages: messages.filter(isShown))
        case .found(let words, let messages): return .found(words: words, messages: messages.filter(isShown))
        default: return event
        }
    }
}
