import CoreModel
import RoomSync
import Wire

/// The acts of operators. Every act is noted with the operator, the target and the reason, and stored before it is
/// announced. The log adds the time.
extension Relay {
    /// Performs an act of moderation or a rename, and answers with its outcome.
    mutating func moderationReceived(_ act: RelayModeration, from peer: PeerID, on link: RelayLink) {
        guard link.member?.acts.take(at: now) == true else {
            return answer(act, .tooFast, "too many commands: wait a second", on: link)
        }
        switch act.act {
        case .rename: return rename(act, peer, on: link)
        case .op: return becomeOperator(act, peer, on: link)
        case .other: return answer(act, .badRequest, "this relay does not know what is asked of it", on: link)
        case .kick, .ban, .unban, .bans, .mute, .unmute, .topic: break
        }
        guard isOperator(peer) else {
            note(.info, "refused: \(who(link)) is no operator and asked for \(act.act)")
            return answer(act, .notAllowed, "only operators may do that (become one: /op PASSWORD)", on: link)
        }
        do {
            switch act.act {
            case .kick: kick(act, by: peer, on: link)
            case .ban: try ban(act, by: peer, on: link)
            case .unban: try unban(act, on: link)
            case .bans: listBans(act, on: link)
            case .mute, .unmute: try mute(act, on: link)
            case .topic: try setTopic(act, on: link)
            case .rename, .op, .other: break
            }
        } catch {
            archiveFailed(error)
            answer(act, .failed, "the relay could not keep that: \(error.text)", on: link)
        }
        scheduleOverdue()
    }

    private mutating func answer(
        _ act: RelayModeration, _ outcome: RelayModerated.Outcome, _ text: String, bans: [RelayBan] = [],
        on link: RelayLink
    ) {
        let text = text.fitting(bytes: Limits.noticeBytes)
        send(.moderated(RelayModerated(number: act.number, outcome: outcome, text: text, bans: bans)), on: link)
    }

    // Members' acts about themselves.

    private mutating func rename(_ act: RelayModeration, _ peer: PeerID, on link: RelayLink) {
        let wanted: Nickname
        do throws(NicknameError) {
            // A guest chooses its name here; a member's own program has checked its name, perhaps by an older rule.
            wanted = link.guest == nil ? try Nickname(act.target) : try Nickname(choosing: act.target)
        } catch {
            return answer(act, .badRequest, "\(error)", on: link)
        }
        guard !isSilenced(peer) else {
            return answer(act, .notAllowed, "\(RelayNotice.stillMuted): you keep your name", on: link)
        }
        let isAllowed = isOperator(peer) || moderation.ban(of: nil, wanted, nil, at: clock.counted) == nil
        guard isAllowed else { return answer(act, .notAllowed, "that name is banned", on: link) }
        guard let name = names.claim(wanted, by: peer, isStrict: true) else {
            return answer(act, .nameTaken, "the name \(wanted.text) is taken here", on: link)
        }
        note(.info, "\(who(link)) is now \(name.text)")
        link.member?.name = name
        noteRosterChange(peer, .here)
        answer(act, .done, name.text, on: link)
    }

    private mutating func becomeOperator(_ act: RelayModeration, _ peer: PeerID, on link: RelayLink) {
        if isOperator(peer) { return answer(act, .done, "you are an operator", on: link) }
        guard let check = configuration.operatorPassword else {
            return answer(act, .notAllowed, "this relay's operators are named in its configuration", on: link)
        }
        switch gate.judgeOperator(Array(act.text.utf8), check, from: link.endpoint.address, at: now) {
        case .right:
            makeOperator(peer, check, on: link)
            noteRosterChange(peer, .here)
            answer(act, .done, "you are an operator", on: link)
        case .wrong:
            note(.warning, "op: \(who(link)) gave a wrong password")
            answer(act, .notAllowed, "the password is wrong", on: link)
        case .later:
            answer(act, .tooFast, "too many passwords: try again in ten seconds", on: link)
        }
    }

    // Operators' acts about others.

    /// Returns the link of the member that a name or an ID means.
    private func member(meantBy target: String) -> RelayLink? {
        if let peer = PeerID(hexadecimal: target) { return links.member(peer) }
        guard let name = try? Nickname(target), let peer = names.holder(of: name) else { return nil }
        return links.member(peer)
    }

    private func name(of link: RelayLink) -> String { link.member?.name.text ?? "?" }

    private mutating func kick(_ act: RelayModeration, by peer: PeerID, on link: RelayLink) {
        guard let target = member(meantBy: act.target) else {
            return answer(act, .noSuchMember, "nobody here is called \(act.target)", on: link)
        }
        guard let other = target.peer, !isOperator(other) else {
            return answer(act, .notAllowed, "operators cannot be removed", on: link)
        }
        let whom = name(of: target)
        note(.info, "kick: \(who(link)) removed \(who(target)) (\(other)): \(act.text)")
        counters.sinceStart.failures.kicks += 1
        remove(target, .kick, by: name(of: link), act.text)
        answer(act, .done, "\(whom) has been removed", on: link)
    }

    /// Removes a member after telling it why.
    mutating func remove(_ link: RelayLink, _ how: RelayRemoval.How, by name: String, _ reason: String) {
        send(
            .removed(RelayRemoval(how: how, by: name, reason: reason.fitting(bytes: Limits.phraseBytes))), on: link)
        dismiss(link, .refused, as: how == .ban ? .banned : .kicked)
    }

    private mutating func ban(_ act: RelayModeration, by peer: PeerID, on link: RelayLink) throws(ArchiveError) {
        let target = member(meantBy: act.target)
        if let other = target?.peer, isOperator(other) {
            return answer(act, .notAllowed, "operators cannot be banned", on: link)
        }
        guard moderation.bans.count < RelayModerationBook.banCount else {
            return answer(act, .failed, "\(RelayModerationBook.banCount) bans are the most: lift some first", on: link)
        }
        // A kept name still belongs to its key.
        let holder = (try? Nickname(act.target)).flatMap { names.holder(of: $0) }
        let key = target?.peer ?? PeerID(hexadecimal: act.target) ?? holder
        let name = target?.member?.name.text ?? act.target
        guard key != nil || (try? Nickname(name)) != nil else {
            return answer(act, .badRequest, "whom? A name, a pattern such as spam*, or an ID", on: link)
        }
        guard key != peer, !(key.map { isOperator($0) } ?? false) else {
            return answer(act, .notAllowed, "operators cannot be banned", on: link)
        }
        let address = target.flatMap { bannable($0) }
        let record = RelayBanRecord(
            name: PeerID(hexadecimal: act.target) != nil && target == nil ? "" : name, peer: key, address: address,
            reason: act.text,
            by: self.name(of: link),
            until: act.seconds.map { clock.counted(after: $0) })
        try moderation.add(record, in: archive)
        let length = act.seconds.map { "for \($0) s" } ?? "for good"
        let parts = [
            key.map { "key \($0)" }, record.name.isEmpty ? nil : "name \(record.name)",
            address.map { "address \($0.text)" },
        ].compactMap { $0 }.joined(separator: ", ")
        note(.info, "ban: \(who(link)) banned \(parts) \(length): \(act.text)")
        removeMatching(record, by: self.name(of: link))
        answer(act, .done, "banned \(length): \(parts)", on: link)
    }

    /// Returns the address of a member, unless other members share it.
    private func bannable(_ target: RelayLink) -> AddressKey? {
        let key = AddressKey(target.endpoint.address)
        let isShared = links.members.contains { $0 !== target && AddressKey($0.endpoint.address) == key }
        return isShared || key.isLoopback ? nil : key
    }

    private mutating func removeMatching(_ ban: RelayBanRecord, by name: String) {
        for link in links.members {
            guard let peer = link.peer, !isOperator(peer),
                ban.matches(peer, link.member?.name, AddressKey(link.endpoint.address))
            else { continue }
            note(.info, "ban: \(who(link)) (\(peer)) is removed by it")
            counters.sinceStart.failures.kicks += 1
            remove(link, .ban, by: name, ban.reason)
        }
    }

    private mutating func unban(_ act: RelayModeration, on link: RelayLink) throws(ArchiveError) {
        var lifted = 0
        while let index = moderation.bans.firstIndex(where: { $0.isMeant(by: act.target) }) {
            let ban = moderation.bans[index]
            try moderation.removeBan(at: index, in: archive)
            note(.info, "unban: \(who(link)) lifted the ban of \(ban.name) (\(ban.peer.map { "\($0)" } ?? "no key"))")
            lifted += 1
        }
        guard lifted > 0 else { return answer(act, .noSuchMember, "no ban of \(act.target) (see /bans)", on: link) }
        answer(act, .done, "the ban of \(act.target) has been lifted", on: link)
    }

    private mutating func listBans(_ act: RelayModeration, on link: RelayLink) {
        var rest = moderation.bans[...]
        // The last frame has fewer bans than the others, perhaps none.
        while true {
            let part = rest.prefix(Limits.frameBanCount)
            answer(act, .done, "\(moderation.bans.count) bans", bans: part.map { $0.shown(by: clock) }, on: link)
            rest = rest.dropFirst(part.count)
            if part.count < Limits.frameBanCount { return }
        }
    }

    private mutating func mute(_ act: RelayModeration, on link: RelayLink) throws(ArchiveError) {
        guard let key = member(meantBy: act.target)?.peer ?? PeerID(hexadecimal: act.target) else {
            return answer(act, .noSuchMember, "nobody here is called \(act.target)", on: link)
        }
        guard !isOperator(key) else { return answer(act, .notAllowed, "operators cannot be muted", on: link) }
        let whom = names.name(of: key)?.text ?? act.target
        if act.act == .unmute, !moderation.isMuted(key, at: clock.counted) {
            return answer(act, .badRequest, "\(whom) is not muted", on: link)
        }
        if act.act == .mute {
            guard moderation.mutes.count < RelayModerationBook.peerCount else {
                return answer(act, .failed, "too many are muted", on: link)
            }
            let until = act.seconds.map { clock.counted(after: $0) }
            let name = names.name(of: key) ?? moderation.mutedName(of: key)
            try moderation.mute(key, called: name, until: until, in: archive)
            let length = act.seconds.map { " for \($0) s" } ?? ""
            note(.info, "mute: \(who(link)) muted \(whom) (\(key))\(length): \(act.text)")
            answer(act, .done, "\(whom) is muted\(length)", on: link)
        } else {
            try moderation.unmute(key, in: archive)
            note(.info, "unmute: \(who(link)) lets \(whom) (\(key)) speak again")
            answer(act, .done, "\(whom) may speak", on: link)
        }
        guard let target = links.member(key) else { return }
        noteRosterChange(key, .here)
        let reason = act.text.isEmpty ? "" : ": \(act.text)"
        send(
            .notice(
                act.act == .mute
                    ? "\(name(of: link)) \(RelayNotice.muted)\(reason)" : "\(name(of: link)) \(RelayNotice.unmuted)"),
            on: target)
    }

    private mutating func setTopic(_ act: RelayModeration, on link: RelayLink) throws(ArchiveError) {
        let topic = act.text.isEmpty ? nil : act.text
        try moderation.setTopic(topic, by: name(of: link), in: archive)
        note(.info, "topic: \(who(link)) set it to \"\(act.text)\"")
        tellAll(.topic(topic, by: name(of: link)))
        answer(act, .done, topic == nil ? "the topic is gone" : "the topic is set", on: link)
    }

    // Expiry.

    /// Removes bans and mutes that have ended, and notifies the members that may speak again.
    mutating func removeExpired() {
        do {
            for peer in try moderation.removeExpired(at: clock.counted, in: archive) {
                note(.info, "unmute: the time of \(names.name(of: peer)?.text ?? "\(peer)") is over")
                guard let link = links.member(peer) else { continue }
                noteRosterChange(peer, .here)
                send(.notice(RelayNotice.mayBeHeard), on: link)
            }
        } catch {
            archiveFailed(error)
        }
        scheduleOverdue()
    }

    private mutating func scheduleOverdue() {
        state.nextExpiry = moderation.nextDeadline(at: now, counted: clock.counted)
    }
}
