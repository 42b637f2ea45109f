import CoreModel
import LocalNetwork
import Secure
import Wire

/// Texts from a relay, which may quote its operators and members, without the words of blocked people.
extension Peer {
    /// Reports the connection to a relay: our name there, its message of the day and its topic.
    mutating func tellWelcome(_ welcome: RelayWelcome, _ session: Int) {
        let relay = sessions.all[session].name
        notify(.relay(state: .connected, address: sessions.all[session].target.address, reason: nil))
        let wanted = sessions.all[session].wantedName?.text
        if let wanted, welcome.name != wanted { notify(.notice("at \(relay) you are called \(welcome.name)")) }
        if let message = welcome.messageOfTheDay { notify(.notice("\(relay): \(message)")) }
        guard let topic = welcome.topic, topic != sessions.all[session].hiddenTopic else { return }
        notify(.notice("\(relay) has the topic: \(topic)"))
    }

    /// Shows a notice of a relay, reduced to its effect on us if it begins with the name of a blocked peer.
    mutating func noticeReceived(_ text: String, session: Int) {
        let relay = sessions.all[session].name
        guard let rest = textBehindBlockedName(text, session) else { return notify(.notice("\(relay): \(text)")) }
        // The effect on us is worth a line all the same.
        if rest == RelayNotice.muted || rest.hasPrefix("\(RelayNotice.muted):") {
            notify(.notice("\(relay): an operator muted you"))
        } else if rest == RelayNotice.unmuted {
            notify(.notice("\(relay): \(RelayNotice.mayBeHeard)"))
        }
    }

    /// Shows a new topic; that of a blocked peer is hidden.
    mutating func topicReceived(_ topic: String?, by name: String, session: Int) {
        let relay = sessions.all[session].name
        guard !isOfBlocked(name, session) else {
            sessions.all[session].hiddenTopic = topic
            return
        }
        sessions.all[session].hiddenTopic = nil
        notify(
            .notice(
                topic.map { "\(name) set the topic of \(relay): \($0)" }
                    ?? "\(name) cleared the topic of \(relay)"))
    }

    /// Reports our removal from a relay, and ends the session.
    mutating func removedReceived(_ removal: RelayRemoval, session: Int) {
        let how: Event.Removal = removal.how == .ban ? .ban : .kick
        let isHidden = isOfBlocked(removal.by, session)
        let by = isHidden ? "an operator" : removal.by
        var words = isHidden ? "" : removal.reason
        if removal.how == .other, words.isEmpty { words = "for a reason that this version does not know" }
        notify(.removed(by: by, how: how, reason: words))
        let text = "\(by) removed you from \(sessions.all[session].name)" + (words.isEmpty ? "" : ": \(words)")
        // A member removed for flooding may return and send the rest at the relay's pace.
        refused(session, text, tryingAgain: removal.how == .flood ? .seconds(10) : nil)
    }

    /// Returns the reason for a refusal, without the words of a blocked operator.
    func shown(_ refusal: RelayRefusal, _ session: Int) -> String {
        let start = "banned by "
        guard refusal.code == .banned, refusal.reason.hasPrefix(start) else { return refusal.reason }
        let name = refusal.reason.dropFirst(start.count).prefix { $0 != ":" }
        return isOfBlocked(String(name), session) ? "banned" : refusal.reason
    }

    /// Reports a relay's answer to an act of moderation.
    mutating func moderatedReceived(_ answer: RelayModerated, session: Int) {
        guard let (question, bans) = sessions.all[session].asked.answered(answer) else { return }
        let name = sessions.all[session].name
        let token = question.token
        let text = shown(answer, to: question)
        switch answer.outcome {
        case .done where question.act == .bans: notify(.bans(bans.map { shown($0, session) }), token: token)
        case .done where question.act == .rename:
            notify(.notice("at \(name) you are called \(answer.text) now"), token: token)
        case .done: notify(.notice("\(name): \(text)"), token: token)
        case .nameTaken:
            let own = sessions.all[session].ownName?.text ?? "?"
            refuse(.nameTaken, "\(text) (\(name)); there you are still called \(own)", token)
        case .noSuchMember: refuse(.noSuchPeer, "\(name): \(text)", token)
        case .notAllowed: refuse(.notAllowed, "\(name): \(text)", token)
        case .badRequest: refuse(.badCommand, "\(name): \(text)", token)
        case .tooFast: refuse(.tooFast, "\(name): \(text)", token)
        case .failed: refuse(.storage, "\(name): \(text)", token)
        case .other:
            let words = text.isEmpty ? "not done, for a reason that this version does not know" : text
            refuse(.unsupported, "\(name): \(words)", token)
        }
    }

    /// Returns an answer that names a peer, with the name that we show for the peer if that differs.
    private func shown(_ answer: RelayModerated, to question: RelayQuestions.Question) -> String {
        guard let peer = question.peer else { return answer.text }
        if answer.outcome == .noSuchMember { return "\(distinctName(of: peer)) is not there" }
        guard roster.blocked.contains(peer), answer.outcome == .done else { return answer.text }
        let done =
            switch question.act {
            case .kick: "has been removed"
            case .ban: "has been banned"
            case .mute: "is muted"
            default: "may speak"
            }
        return "\(displayName(of: peer)) \(done)"
    }

    /// Returns a ban as it is shown, without names and words of blocked peers.
    private func shown(_ ban: RelayBan, _ session: Int) -> Event.Ban {
        let isOfBlocked = ban.peer.map { roster.blocked.contains($0) } ?? false
        let isByBlocked = self.isOfBlocked(ban.by, session)
        return Event.Ban(
            name: isOfBlocked ? ban.peer.map { displayName(of: $0) } ?? "" : ban.name,
            reason: isByBlocked ? "" : ban.reason, peer: ban.peer, address: ban.address,
            by: isByBlocked ? "" : ban.by, until: ban.until.map { WallTime(milliseconds: min($0, Limits.wallTime)) })
    }

    // Names that a relay uses and that we hide.

    /// Whether a name at a relay belongs to a blocked peer.
    private func isOfBlocked(_ text: String, _ session: Int) -> Bool {
        guard !roster.blocked.isEmpty, let name = try? Nickname(text) else { return false }
        let there = sessions.all[session].roster
        // The name may have passed to another peer.
        if there.peers(named: name).contains(where: { !roster.blocked.contains($0) }) { return false }
        if there.isWithheld(text) { return true }
        guard case .one(let peer) = meaning(of: name, at: session) else { return false }
        return roster.blocked.contains(peer)
    }

    /// Returns the rest of a line that begins with the name of a blocked peer; nil if it does not.
    private func textBehindBlockedName(_ text: String, _ session: Int) -> Substring? {
        let name = text.prefix { $0 != " " }
        guard !RelayNotice.ofRelay.contains(where: { text.hasPrefix($0) }), isOfBlocked(String(name), session) else {
            return nil
        }
        return text[name.endIndex...].dropFirst()
    }
}
