import CoreModel
import Wire
import Wording

extension LineInterface {
    /// Returns the lines that show an event to a person, and updates the state of the interface accordingly.
    func lines(for event: Event, token: CommandToken?, at wall: WallTime) -> [String] {
        switch event {
        case .ready(let name, _, _): return linesWhenReady(as: name, at: wall)
        case .name(let change): return lines(change, at: wall)
        case .peer(let change): return lines(change, at: wall)
        case .presenceSummary(let presenceSummary): return lines(presenceSummary, at: wall)
        case .message(let message):
            roster.noteSpeaker(message)
            let isMention = !message.isOwn && !message.isHistory && Mention.of(own.name, in: message.text)
            return renderer.lines(message, isMention: isMention, now: wall)
        case .delivery(let id, let to, .queued):
            return optional(deliveries.queued(id, to: to, isPresent: roster.isPresent(to.id)), at: wall)
        case .delivery(let id, let to, .delivered):
            return optional(deliveries.delivered(id, to: to), at: wall)
        case .conversation(let conversation): return lines(conversation, token: token, at: wall)
        case .who(let peers): return renderer.table(peers, now: wall)
        case .blocked(let peers):
            guard !peers.isEmpty else { return renderer.notice("nobody is blocked", now: wall) }
            let names = peers.map { "\($0.name) (\($0.id.description.prefix(8))\($0.isHere ? "" : ", not here"))" }
            return renderer.notice("blocked: \(names.joined(separator: ", ")) (/unblock NAME)", now: wall)
        case .history(_, let messages):
            guard !messages.isEmpty else { return renderer.notice("nothing has been said here yet", now: wall) }
            let lines = messages.flatMap { renderer.lines($0, now: wall) }
            guard messages.contains(where: \.isEarlier) else { return lines }
            let mark = Renderer.earlierMark
            return lines
                + renderer.notice(
                    "\(mark) marks what was said before the people here now met; they do not have it", now: wall)
        case .found(let words, let messages):
            let count = messages.isEmpty ? "nothing found" : messages.count == 1 ? "1 line" : "\(messages.count) lines"
            return messages.flatMap { renderer.lines($0, now: wall) }
                + renderer.notice("\(count) for: \(SafeText.line(words))", now: wall)
        case .bans(let bans):
            guard !bans.isEmpty else { return renderer.notice("nobody is banned", now: wall) }
            return bans.flatMap { ban in
                renderer.notice(Self.text(ban), now: wall)
            }
        case .relay(let state, let address, let reason):
            return renderer.notice("relay \(address) \(state.rawValue)" + Self.reason(reason ?? ""), now: wall)
        case .removed(let by, let how, let reason):
            let done = how == .ban ? "banned" : "removed"
            return renderer.failure("you were \(done) by \(by)" + Self.reason(reason), now: wall)
        case .failed(let failure): return lines(failure, token: token, at: wall)
        case .notice(let text): return renderer.notice(text, now: wall)
        case .remark(let text, _): return renderer.remark(text, now: wall)
        }
    }

    private func lines(_ conversation: Event.Conversation, token: CommandToken?, at wall: WallTime) -> [String] {
        let (peer, name) = (conversation.peer, conversation.name)
        guard let was = conversation.was else {
            guard case .asking(_, token) = destination.now else { return [] }
            destination = (.conversation(peer, name: name), .conversation(peer, name: name))
            return renderer.notice("what you type now goes to \(destination.now.meaning)", now: wall)
        }
        guard case .conversation(peer, _) = destination.now else { return [] }
        destination = (.conversation(peer, name: name), .conversation(peer, name: name))
        if let remark = conversation.remark { return renderer.remark(remark, now: wall) }
        // A peer that changes its own name has been announced already.
        return was.contains("#") ? renderer.notice("what you type goes to \(destination.now.meaning)", now: wall) : []
    }

    private func optional(_ text: String?, at wall: WallTime) -> [String] {
        text.map { renderer.notice($0, now: wall) } ?? []
    }

    private static func reason(_ reason: String) -> String { reason.isEmpty ? "" : ": \(reason)" }

    private func lines(_ failure: Event.Failure, token: CommandToken?, at wall: WallTime) -> [String] {
        // Plain input goes on as if nothing had happened, so its next lines must not be sent to everybody.
        if case .asking(_, token) = destination.now, options.isTerminal { destination.now = destination.before }
        guard let line = commands.takeLine(of: token) else { return renderer.failure(failure.text, now: wall) }
        guard options.isTerminal else { return renderer.failure(failure.text, now: wall) }
        guard editor.isEmpty else {
            return renderer.failure("\(failure.text) (Up brings back what you typed)", now: wall)
        }
        putBack(line)
        return renderer.failure(failure.text, now: wall)
    }

    private func linesWhenReady(as name: String, at wall: WallTime) -> [String] {
        let wanted = own.name
        own = Own(name: name, isSettled: true)
        let remark = name == wanted ? [] : renderer.remark(Self.taken(wanted, now: name), now: wall)
        guard !options.isQuiet else { return remark }
        return remark
            + renderer.notice("you are \(name); \(Self.presenceSummary(roster.presentNames)) (/help, /quit)", now: wall)
    }

    /// Returns who was there before us, in one line regardless of their number.
    private static func presenceSummary(_ names: [String]) -> String {
        switch names.count {
        case 0: "others will appear here when they join"
        case 1...8: "\(list(names)) \(names.count == 1 ? "is" : "are") here"
        default: "\(list(names)) are here (/who)"
        }
    }

    /// Returns up to eight names, or otherwise their number.
    private static func list(_ names: [String]) -> String {
        guard names.count > 1 else { return names.first ?? "" }
        guard names.count <= 8 else { return "\(names.count) others" }
        return names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1])"
    }

    /// Returns one line for all who came and one for all who left.
    private func lines(_ presenceSummary: Event.PresenceSummary, at wall: WallTime) -> [String] {
        guard !options.isQuiet else { return [] }
        let place = presenceSummary.relay.map { " at \($0)" } ?? ""
        var lines: [String] = []
        if !presenceSummary.departed.isEmpty {
            lines += renderer.notice(
                "\(Self.list(presenceSummary.departed)) left\(presenceSummary.relay.map { " \($0)" } ?? "")", now: wall)
        }
        guard !presenceSummary.arrived.isEmpty else { return lines }
        let verb = presenceSummary.arrived.count == 1 ? "is" : "are"
        let more = presenceSummary.arrived.count > 8 ? " (/who)" : ""
        return lines + renderer.notice("\(Self.list(presenceSummary.arrived)) \(verb) here\(place)\(more)", now: wall)
    }

    private static func taken(_ wanted: String, now name: String) -> String {
        "the name \(wanted) is taken here; you are \(name) (/nick NAME to choose another)"
    }

    private func lines(_ change: Event.NameChange, at wall: WallTime) -> [String] {
        let isNew = change.name != own.name
        let remark = change.remark.map { renderer.remark("\($0) (/nick NAME to choose another)", now: wall) } ?? []
        // `ready` announces the first claim.
        if change.state == .claimed, !own.isSettled { return remark }
        own.name = change.name
        switch change.state {
        case .claimed:
            return (isNew ? renderer.notice("you are now \(change.name)", now: wall) : []) + remark
        case .taken where change.name == change.wanted:
            return renderer.failure(
                "the name \(change.wanted) is taken here: start with another --name", now: wall)
        case .taken:
            return renderer.remark(Self.taken(change.wanted, now: change.name), now: wall)
        case .lost:
            return renderer.remark(
                "another \(change.wanted) was here first; you are now \(change.name) (/nick NAME to choose another)",
                now: wall)
        }
    }

    private func lines(_ change: Event.PeerChange, at wall: WallTime) -> [String] {
        roster.note(change)
        let name = change.peer.name
        var lines: [String] = []
        // Until our name is settled, arrivals are gathered into one line.
        let isFirst = !own.isSettled && (change.state == .joined || change.state == .left) && change.remark == nil
        let isSummarised = isFirst || change.isSummarised
        let isHushed = options.isQuiet && change.state != .blocked && change.state != .unblocked
        // A peer that is on this network as well has been announced already.
        let isRepeated = change.peer.relay != nil && roster.isHere(change.peer.id, as: name)
        if let text = Self.text(change), !isHushed, !isSummarised, !isRepeated {
            lines = renderer.notice(text, now: wall)
        }
        if change.state == .left, !roster.isPresent(change.peer.id) {
            lines += optional(deliveries.left(change.peer), at: wall)
        }
        if let remark = change.remark { lines += renderer.remark(remark, now: wall) }
        return lines
    }

    private static func text(_ ban: Event.Ban) -> String {
        let key = ban.peer.map { "key \($0.description.prefix(8))…" }
        let parts = [ban.name.isEmpty ? nil : ban.name, key, ban.address].compactMap(\.self)
        let end = ban.until.map { " until \(text($0))" } ?? ""
        return "banned: \(parts.joined(separator: ", "))" + (ban.by.isEmpty ? "" : " by \(ban.by)") + end
            + reason(ban.reason)
    }

    private static func text(_ time: WallTime) -> String {
        let date = time.calendar()
        let clock = [date.hour, date.minute].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "\(date.year)-\(date.month)-\(date.day) \(clock) UTC"
    }

    private static func text(_ change: Event.PeerChange) -> String? {
        let name = change.peer.nameAndPlace
        let words = change.peer.away ?? ""
        return switch change.state {
        case .joined: "\(name) is here" + (change.peer.away == nil ? "" : ", but away" + reason(words))
        case .left: "\(name) left"
        case .renamed: change.was.map { "\($0) is now \(name)" }
        case .away: "\(name) is away" + reason(words)
        case .back: "\(name) is back"
        case .blocked: "\(name) is blocked: you will see nothing more from \(name) (/unblock \(name))"
        case .unblocked: "\(name) is no longer blocked"
        }
    }
}
