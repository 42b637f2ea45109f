import CoreModel
import RoomSync
import Secure
import Wire

/// Admission: which keys may join and under which names.
extension Relay {
    mutating func helloReceived(_ bytes: [UInt8], away: String?, from peer: PeerID, on link: RelayLink) throws {
        // The link proves the key, so the announcement on it needs no second proof.
        let announcement = try SignedAnnouncement(parsing: bytes, with: identity.signing).announcement
        guard announcement.peer == peer else { throw LinkViolation("a hello in another's name") }
        guard announcement.kind != .goodbye else { throw LinkViolation("a peer that leaves and speaks") }
        link.capabilities.features = announcement.features
        guard peer != id else { throw LinkViolation("a link with ourselves") }
        link.away = away
        links.setPhase(.awaitingJoin(peer), of: link)
    }

    /// The reason to refuse a join.
    struct Objection {
        var code: RelayRefusal.Code
        var reason: String
        var retryAfter: UInt64?
    }

    /// Admits a key that asks to join, or refuses it with a reason.
    mutating func joinReceived(_ join: RelayJoin, from peer: PeerID, on link: RelayLink) {
        let address = link.endpoint.address
        var isOperator = self.isOperator(peer)
        var objection = objection(to: peer, join, from: address, isOperator: isOperator)
        if let present = objection, present.code != .busy, let check = configuration.operatorPassword, !isOperator {
            // A ban or a wrong list must not keep out a key that presents the operators' password.
            switch gate.judgeOperator(join.password, check, from: address, at: now) {
            case .right:
                isOperator = true
                objection = self.objection(to: peer, join, from: address, isOperator: true)
                makeOperator(peer, check, on: link)
            case .wrong, .later:
                break
            }
        }
        if let objection { return refuse(objection, peer, on: link) }
        guard let asked = try? Nickname(join.name) else {
            return refuse(Objection(code: .badName, reason: "nobody can be called that"), peer, on: link)
        }
        let wanted = nameGranted(to: peer, asking: asked)
        guard wanted == asked || !join.isStrict else {
            let reason = "\(RelayNotice.stillMuted), and keep the name \(wanted.text)"
            return refuse(Objection(code: .nameTaken, reason: reason), peer, on: link)
        }
        guard let name = names.claim(wanted, by: peer, isStrict: join.isStrict) else {
            let reason = "the name \(wanted.text) is taken here"
            return refuse(Objection(code: .nameTaken, reason: reason), peer, on: link)
        }
        admit(peer, as: name, on: link, program: join.program)
        guard wanted != asked else { return }
        send(.notice("\(RelayNotice.stillMuted): you keep the name \(name.text) until you may speak again"), on: link)
    }

    /// Returns the name for a key that joins. A muted key keeps the name it had: a new name would be a way to write,
    /// too.
    private func nameGranted(to peer: PeerID, asking wanted: Nickname) -> Nickname {
        guard isSilenced(peer) else { return wanted }
        return moderation.mutedName(of: peer) ?? names.name(of: peer) ?? (try? Nickname(peer.placeholderName)) ?? wanted
    }

    /// Returns the reason to refuse a join, or nil if the key may join.
    mutating func objection(
        to peer: PeerID, _ join: RelayJoin, from address: IPAddress, isOperator: Bool
    ) -> Objection? {
        let room = configuration.limits.memberCount + (isOperator ? 10 : 0)
        guard links.members.count < room || links.member(peer) != nil else {
            return Objection(code: .full, reason: "the relay is full (\(room) members)", retryAfter: 30)
        }
        guard !isOperator else { return nil }
        if let ban = moderation.ban(of: peer, try? Nickname(join.name), AddressKey(address), at: clock.counted) {
            let counted = clock.counted.milliseconds
            let seconds = ban.until.map { ($0.milliseconds - min($0.milliseconds, counted)) / 1_000 + 1 }
            let reason = ban.reason.isEmpty ? "" : ": \(ban.reason)"
            return Objection(code: .banned, reason: "banned by \(ban.by)\(reason)", retryAfter: seconds)
        }
        if let allowed = configuration.allowedPeers, !allowed.contains(peer) {
            return Objection(code: .notListed, reason: "only invited keys may enter; yours is \(peer)")
        }
        guard let check = configuration.roomPassword else { return nil }
        switch gate.judgeRoom(join.password, check, from: address, at: now) {
        case .right: return nil
        case .wrong:
            let reason = join.password == nil ? "this relay asks for a password" : "the password is wrong"
            return Objection(code: .wrongPassword, reason: reason)
        case .later:
            return Objection(code: .busy, reason: "too many wrong passwords just now", retryAfter: 5)
        }
    }

    mutating func refuse(_ objection: Objection, _ peer: PeerID, on link: RelayLink) {
        counters.sinceStart.refusals[Int(objection.code.rawValue)] += 1
        note(.info, "refused \(peer) at \(link.endpoint): \(objection.code): \(objection.reason)")
        let reason = objection.reason.fitting(bytes: Limits.phraseBytes)
        send(
            .refusal(RelayRefusal(code: objection.code, reason: reason, retryAfter: objection.retryAfter)), on: link)
        dismiss(link, .refused)
    }

    /// Makes a link a member's and sends it `hello` and `welcome`.
    mutating func admit(_ peer: PeerID, as name: Nickname, on link: RelayLink, program: String) {
        let wasHere = links.member(peer)
        if let wasHere {
            // The same key again: the older link is probably dead, and no other member speaks through it.
            send(.goodbye(.duplicate), on: wasHere)
            if let bytes = flushed(wasHere, most: .max) { outputs.push(.sendOnLink(wasHere.id, bytes)) }
            outputs.push(.closeLink(wasHere.id, abruptly: false))
            links.setPhase(.closing, of: wasHere)
            wasHere.member = nil
        }
        links.setPhase(.member(peer), of: link)
        link.member = Membership(
            name: name, away: link.away,
            pace: .init(
                bucket: TokenBucket(
                    capacity: Double(max(1, configuration.limits.messageBurst)),
                    perSecond: configuration.limits.messageRate)),
            tunnels: TunnelQueue(
                bucket: TokenBucket(
                    // The bucket must hold the longest frame, or that frame would never pass.
                    capacity: Double(max(configuration.limits.tunnelByteBurst, TunnelQueue.greatestCost)),
                    perSecond: configuration.limits.tunnelByteRate)))
        counters.sinceStart.joins += 1
        note(.info, "\(name.text) (\(peer)) joined from \(link.endpoint) with \(program)")
        // Guests have a new key each time: a guest that says nothing leaves no trace.
        if state.retentionState.authors[peer] == nil {
            evictAuthorIfFull()
            state.retentionState.authors[peer] = .some(nil)
        }
        let isLimited = configuration.limits.messageRate.isFinite && configuration.limits.messageRate < 1e9
        send(
            .hello(announcement: ownAnnouncement().bytes, gathering: nil, away: nil), on: link)
        send(
            .welcome(
                RelayWelcome(
                    name: name.text, relayName: configuration.name.text, isOperator: isOperator(peer),
                    topic: moderation.topic ?? configuration.topic,
                    messageOfTheDay: configuration.messageOfTheDay.map { $0.fitting(bytes: Limits.noticeBytes) },
                    rate: isLimited ? UInt64(max(1, configuration.limits.messageRate)) : 0,
                    burst: UInt64(clamping: configuration.limits.messageBurst), historyFrom: historyFrom)), on: link)
        noteRosterChange(peer, .here)
        rosterChanges.newcomers.append(link)
    }

    /// The Lamport time at which the last ``RelayConfiguration/newcomerHistoryCount`` entries begin; 0 if that is all.
    private var historyFrom: UInt64 {
        let first = lobby.count - max(1, configuration.newcomerHistoryCount)
        return first > 0 ? lobby.index[first].lamport : 0
    }

    /// Stores the key and the name of an author.
    mutating func rememberAuthor(_ peer: PeerID, _ name: Nickname) {
        guard state.retentionState.authors[peer] != .some(name) else { return }
        evictAuthorIfFull()
        state.retentionState.authors[peer] = name
        let known = KnownPeer(
            id: peer, name: name.text, firstSeen: clock.counted, lastSeen: clock.counted, isBlocked: false)
        keep { archive throws(ArchiveError) in try archive.remember(known) }
    }

    /// Returns the name of an author, present or not.
    func authorName(of peer: PeerID) -> Nickname? { names.name(of: peer) ?? state.retentionState.authors[peer] ?? nil }

    private mutating func ownAnnouncement() -> SignedAnnouncement {
        if let made = state.announcement { return made }
        let announcement = Announcement(
            kind: .announce, peer: id, instance: state.instance, sequence: min(wall.milliseconds, Limits.wallTime),
            name: configuration.name.text, claimTime: min(wall.milliseconds, Limits.wallTime),
            linkPort: max(1, state.port), features: .ofThisVersion)
        let signed = SignedAnnouncement(signing: announcement, by: identity)
        state.announcement = signed
        return signed
    }

    // Operators.

    /// Returns whether a key is an operator, by the configuration or by the password.
    func isOperator(_ peer: PeerID) -> Bool {
        configuration.operators.contains(peer)
            || moderation.isOperator(peer, passwordTag: configuration.operatorPassword?.tag)
    }

    mutating func makeOperator(_ peer: PeerID, _ check: PasswordCheck, on link: RelayLink) {
        note(.info, "op: \(peer) at \(link.endpoint) is an operator by the password")
        do {
            try moderation.makeOperator(peer, tag: check.tag, in: archive)
        } catch {
            archiveFailed(error)
        }
    }

    // Leaving.

    /// Announces that a member is gone. Its name is kept for a while if its link broke, and is free otherwise.
    mutating func memberLost(_ peer: PeerID, _ link: RelayLink, _ why: RelayMember.State) {
        counters.sinceStart.leaves += 1
        note(.info, "\(who(link)) \(why == .left ? "left" : why == .lost ? "lost its link" : "was removed")")
        noteRosterChange(peer, why)
        if why == .lost { names.hold(peer, at: now) } else { names.release(peer) }
    }
}
