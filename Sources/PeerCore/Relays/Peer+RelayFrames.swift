import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// What each frame of a relay leads to.
extension Peer {
    mutating func frameReceived(_ frame: Frame, fromRelay visit: Int, in phase: Link.Phase, on id: LinkID) throws {
        switch (phase, frame) {
        case (.awaitingHello(let relay), .hello(let bytes, _, _)):
            let announcement = try SignedAnnouncement(parsing: bytes, with: identity.signing).announcement
            guard announcement.peer == relay else { throw LinkViolation("a hello in another's name") }
            guard announcement.kind != .goodbye else { throw LinkViolation("a relay that leaves and speaks") }
            links[id]?.exchange.understanding.features = announcement.features
        case (.awaitingHello(let relay), .welcome(let welcome)):
            try welcomed(welcome, by: relay, visit: visit, on: id)
        case (.awaitingHello, .refusal(let refusal)):
            refusalReceived(refusal, visit: visit)
            close(id, abruptly: false)
        case (_, .goodbye(let reason)):
            relayGoodbyeReceived(reason, visit: visit, on: id)
        case (_, .ping(let number)):
            send(.pong(number), on: id)
        case (.awaitingHello, _):
            // A peer that is no relay says what peers say, before it reads that we want to join.
            break
        case (.atRelay(let relay), _):
            try memberFrameReceived(frame, from: relay, visit: visit, on: id)
        case (.awaitingConnection, _), (.awaitingHandshake, _), (.established, _), (.closing, _):
            preconditionFailure("frames come out of an open channel only")
        }
    }

    private mutating func memberFrameReceived(
        _ frame: Frame, from relay: PeerID, visit: Int, on id: LinkID
    ) throws {
        switch frame {
        case .members(let members): membersReceived(members, visit: visit)
        case .entries(let list): try entriesReceived(list, from: relay, on: id)
        case .reconcile(let room, let gathering, let message):
            try reconciliationReceived(message, room: room, gathering: gathering, from: relay, on: id)
        case .want(let room, let ids): try wanted(ids, of: room, by: relay, on: id)
        case .have(let room, let ids): offered(ids, of: room, by: relay, on: id)
        case .authors(let room, let names): authorsTold(names, of: room, by: relay, on: id)
        case .receipt(let room, let ids):
            // Of a room that is none of ours it is ignored.
            receiptReceived(for: ids, of: room, from: guest(in: room, of: id) ?? relay, on: id)
        case .declined(let room, let ids, let why): declined(ids, of: room, why, visit: visit)
        case .moderated(let answer): moderatedReceived(answer, visit: visit)
        case .removed(let removal):
            removedReceived(removal, visit: visit)
            close(id, abruptly: false)
        case .notice(let text): noticeReceived(text, visit: visit)
        case .topic(let topic, let by): topicReceived(topic, by: by, visit: visit)
        case .tunnel(let tunnel, let bytes): tunnelReceived(tunnel, bytes, visit: visit)
        case .tunnelClosed(let tunnel): tunnelCloseReceived(tunnel, visit: visit)
        case .pong, .ping, .goodbye, .away, .announcement, .peers, .gathering, .digest, .news, .ask, .statements:
            break
        case .hello, .welcome, .refusal, .join, .moderate:
            throw LinkViolation("a frame that does not come from a relay now")
        }
    }

    private mutating func relayGoodbyeReceived(_ reason: GoodbyeReason, visit: Int, on id: LinkID) {
        let text =
            switch reason {
            case .leaving: "the relay was stopped"
            case .duplicate: "somebody with the same key joined from elsewhere"
            case .violation: "the relay did not understand us"
            case .full: "the relay is full"
            case .refused: "the relay sent us away"
            case .other: "the relay closed the link, for a reason that this version does not know"
            }
        if reason == .duplicate { visits.all[visit].attempts.slowDown() }
        relayLinkLost(visit: visit, text)
        close(id, abruptly: false)
    }

    /// The link broke a rule, before or after we were let in.
    mutating func relayViolated(visit: Int, _ violation: LinkViolation) {
        guard let version = violation.theirVersion else {
            let text = "no understanding with the relay: \(violation.text)"
            guard visits.all[visit].memberLink == nil else { return relayLinkLost(visit: visit, text) }
            let question = "is it one of Earshot's, and of version \(Limits.version) of the protocol?"
            return relayLinkLost(visit: visit, "\(text) (\(question))")
        }
        let place = visits.all[visit].target.address
        let reason = "the relay at \(place) speaks version \(version) of the protocol, we version \(Limits.version)"
        refusalReceived(RelayRefusal(code: .version, reason: reason, retryAfter: nil), visit: visit)
    }

    // What it did not take.

    private mutating func declined(
        _ ids: [EntryID], of room: RoomID, _ why: RelayDecline, visit: Int
    ) {
        guard let community = visits.all[visit].community, room == .relayLobby(of: community) else { return }
        let key = RoomKey.relayLobby(community)
        // Only what we said ourselves: whatever a relay says of others' words, we keep them.
        let own = id
        let mine = ids.filter { id in
            guard let kept = (try? rooms[key]?.entry(id)) ?? nil else { return false }
            return (try? SignedEntry(trusted: kept.bytes))?.entry.author == own
        }
        for id in mine { visits.all[visit].unsent[id] = nil }
        guard !mine.isEmpty else { return }
        do {
            try rooms[key]?.takeBack(mine)
        } catch {
            notify(.failed(.init(.storage, error.text)))
        }
        let name = visits.all[visit].name
        let text =
            switch why {
            case .muted: "you are muted at \(name): nobody there has read what you said"
            case .author, .misplaced, .other: "\(name) did not take what you said: nobody there has read it"
            }
        refuse(.notAllowed, text, nil)
    }

    /// The relay asked for these and was sent them. What it has, another relay of its community has not yet.
    mutating func relayTook(_ ids: [EntryID], visit: Int) {
        for id in ids { visits.all[visit].unsent[id] = nil }
    }

    /// A round of comparing logs with a relay is done: what it was not offered, it has.
    mutating func relayCompared(_ outcome: Reconciliation.Outcome, visit: Int) {
        for id in outcome.have where visits.all[visit].unsent[id] != nil { visits.all[visit].unsent[id] = true }
        guard outcome.reply == nil else { return }
        visits.all[visit].unsent = visits.all[visit].unsent.filter(\.value)
    }

    // Guests of a relay: it holds their keys, so what is private with them runs over its link.

    func guest(in room: RoomID, of link: LinkID) -> PeerID? {
        guard let visit = links[link]?.visit else { return nil }
        return visits.all[visit].roster.guest(in: room)
    }

    /// Where what is for one peer alone goes.
    func route(to peer: PeerID) -> LinkID? {
        if let link = links.best(with: peer) { return link }
        guard let visit = visits.visit(with: peer),
            visits.all[visit].roster[peer]?.traits.contains(.isGuest) == true
        else { return nil }
        return visits.all[visit].memberLink
    }

    /// What is private with a guest is private with its relay and the way to it, too: said once.
    mutating func warnOfPlainText(_ peer: PeerID) {
        guard links.best(with: peer) == nil, let visit = visits.visit(with: peer),
            visits.all[visit].roster[peer]?.traits.contains(.isGuest) == true,
            visits.all[visit].warnedOf.insert(peer).inserted
        else { return }
        let name = displayName(of: peer)
        notify(.notice("\(name) is a guest with plain text: the relay, and others on its way, can read this"))
    }

    /// A peer that has confirmed everything need not be reached.
    mutating func considerDebt(of peer: PeerID) {
        guard visits.debtors.contains(peer) else { return }
        let waiting = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)) }
        if waiting?.isEmpty == true { visits.debtors.remove(peer) }
    }

    // Names.

    /// What a relay is called here.
    func relayName(of relay: PeerID) -> String {
        visits.visit(at: relay).map { visits.all[$0].name } ?? relay.placeholderName
    }

    /// Our wish for another name goes to the relays too; each gives what it can.
    mutating func renameAtRelays() {
        guard let wanted = naming.wanted else { return }
        for visit in visits.all.indices {
            guard let link = visits.all[visit].memberLink, visits.all[visit].wantedName?.text != wanted.text,
                let number = visits.all[visit].asked.ask(.rename, token: nil)
            else { continue }
            visits.all[visit].wantedName = wanted
            send(.moderate(RelayModeration(number: number, act: .rename, target: wanted.text)), on: link)
        }
    }
}
