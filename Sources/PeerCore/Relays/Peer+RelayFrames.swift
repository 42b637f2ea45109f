import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Dispatch of frames from relays.
extension Peer {
    /// Handles a frame from a relay in each phase of its link.
    mutating func frameReceived(_ frame: Frame, fromRelay session: Int, in phase: Link.Phase, on id: LinkID) throws {
        switch (phase, frame) {
        case (.awaitingHello(let relay), .hello(let bytes, _, _)):
            let announcement = try SignedAnnouncement(parsing: bytes, with: identity.signing).announcement
            guard announcement.peer == relay else { throw LinkViolation("a hello in another's name") }
            guard announcement.kind != .goodbye else { throw LinkViolation("a relay that leaves and speaks") }
            links[id]?.exchange.capabilities.features = announcement.features
        case (.awaitingHello(let relay), .welcome(let welcome)):
            try welcomed(welcome, by: relay, session: session, on: id)
        case (.awaitingHello, .refusal(let refusal)):
            refusalReceived(refusal, session: session)
            close(id, abruptly: false)
        case (_, .goodbye(let reason)):
            relayGoodbyeReceived(reason, session: session, on: id)
        case (_, .ping(let number)):
            send(.pong(number), on: id)
        case (.awaitingHello, _):
            // A peer that is not a relay sends a peer's frames until it reads our request to join.
            break
        case (.atRelay(let relay), _):
            try memberFrameReceived(frame, from: relay, session: session, on: id)
        case (.awaitingConnection, _), (.awaitingHandshake, _), (.established, _), (.closing, _):
            preconditionFailure("frames come out of an open channel only")
        }
    }

    /// Handles a frame from a relay that has admitted us.
    private mutating func memberFrameReceived(
        _ frame: Frame, from relay: PeerID, session: Int, on id: LinkID
    ) throws {
        switch frame {
        case .members(let members): membersReceived(members, session: session)
        case .entries(let list): try entriesReceived(list, from: relay, on: id)
        case .reconcile(let room, let gathering, let message):
            try reconciliationReceived(message, room: room, gathering: gathering, from: relay, on: id)
        case .want(let room, let ids): try wanted(ids, of: room, by: relay, on: id)
        case .have(let room, let ids): offered(ids, of: room, by: relay, on: id)
        case .authors(let room, let names): authorsReceived(names, of: room, by: relay, on: id)
        case .receipt(let room, let ids):
            // For a room that is not ours it is ignored.
            receiptReceived(for: ids, of: room, from: guest(in: room, of: id) ?? relay, on: id)
        case .declined(let room, let ids, let why): declined(ids, of: room, why, session: session)
        case .moderated(let answer): moderatedReceived(answer, session: session)
        case .removed(let removal):
            removedReceived(removal, session: session)
            close(id, abruptly: false)
        case .notice(let text): noticeReceived(text, session: session)
        case .topic(let topic, let by): topicReceived(topic, by: by, session: session)
        case .tunnel(let tunnel, let bytes): tunnelReceived(tunnel, bytes, session: session)
        case .tunnelClosed(let tunnel): tunnelCloseReceived(tunnel, session: session)
        case .pong, .ping, .goodbye, .away, .announcement, .peers, .gathering, .digest, .advertise, .request,
            .advertisements:
            break
        case .hello, .welcome, .refusal, .join, .moderate:
            throw LinkViolation("a frame that does not come from a relay now")
        }
    }

    private mutating func relayGoodbyeReceived(_ reason: GoodbyeReason, session: Int, on id: LinkID) {
        let text =
            switch reason {
            case .leaving: "the relay was stopped"
            case .duplicate: "somebody with the same key joined from elsewhere"
            case .violation: "the relay found a protocol violation"
            case .full: "the relay is full"
            case .refused: "the relay does not accept us"
            case .other: "the relay closed the link, for a reason that this version does not know"
            }
        if reason == .duplicate { sessions.all[session].attempts.slowDown() }
        relayLinkLost(session: session, text)
        close(id, abruptly: false)
    }

    /// Ends a session whose link violated the protocol, before or after we were admitted.
    mutating func relayViolated(session: Int, _ violation: LinkViolation) {
        guard let version = violation.theirVersion else {
            let text = "cannot communicate with the relay: \(violation.text)"
            guard sessions.all[session].memberLink == nil else { return relayLinkLost(session: session, text) }
            let question = "is it an Earshot relay, and of version \(Limits.version) of the protocol?"
            return relayLinkLost(session: session, "\(text) (\(question))")
        }
        let place = sessions.all[session].target.address
        let reason = "the relay at \(place) speaks protocol version \(version), this peer version \(Limits.version)"
        refusalReceived(RelayRefusal(code: .version, reason: reason, retryAfter: nil), session: session)
    }

    // Entries that a relay declined.

    /// Takes back own entries that a relay declined, so that later ones do not refer to them, and notifies the user.
    private mutating func declined(
        _ ids: [EntryID], of room: RoomID, _ why: RelayDecline, session: Int
    ) {
        guard let community = sessions.all[session].community, room == .relayLobby(of: community) else { return }
        let key = RoomKey.relayLobby(community)
        // Only our own entries: whatever a relay reports about others' messages, we keep them.
        let own = id
        let mine = ids.filter { id in
            guard let kept = (try? rooms[key]?.entry(id)) ?? nil else { return false }
            return (try? SignedEntry(trusted: kept.bytes))?.entry.author == own
        }
        for id in mine { sessions.all[session].unsent[id] = nil }
        guard !mine.isEmpty else { return }
        do {
            try rooms[key]?.withdraw(mine)
        } catch {
            notify(.failed(.init(.storage, error.text)))
        }
        let name = sessions.all[session].name
        let text =
            switch why {
            case .muted: "you are muted at \(name): nobody there has read what you said"
            case .author, .misplaced, .other: "\(name) did not accept what you said: nobody there has read it"
            }
        refuse(.notAllowed, text, nil)
    }

    /// Marks entries as sent: the relay requested them. Another relay of its community need not have them yet.
    mutating func relayAccepted(_ ids: [EntryID], session: Int) {
        for id in ids { sessions.all[session].unsent[id] = nil }
    }

    /// Updates the unsent entries after a round of reconciliation: the relay has those that it was not offered.
    mutating func relayReconciled(_ outcome: Reconciliation.Outcome, session: Int) {
        for id in outcome.have where sessions.all[session].unsent[id] != nil { sessions.all[session].unsent[id] = true }
        guard outcome.reply == nil else { return }
        sessions.all[session].unsent = sessions.all[session].unsent.filter(\.value)
    }

    // Guests of a relay. It holds their keys, so private messages with them are sent over its link.

    /// Returns the guest of a relay whose conversation with us has this room ID.
    func guest(in room: RoomID, of link: LinkID) -> PeerID? {
        guard let session = links[link]?.session else { return nil }
        return sessions.all[session].roster.guest(in: room)
    }

    /// Returns the link for private messages to a peer.
    func route(to peer: PeerID) -> LinkID? {
        if let link = links.best(with: peer) { return link }
        guard let session = sessions.session(with: peer),
            sessions.all[session].roster[peer]?.traits.contains(.isGuest) == true
        else { return nil }
        return sessions.all[session].memberLink
    }

    /// Warns the user, once per guest, that the guest's relay and others on its path can read private messages with it.
    mutating func warnOfPlainText(_ peer: PeerID) {
        guard links.best(with: peer) == nil, let session = sessions.session(with: peer),
            sessions.all[session].roster[peer]?.traits.contains(.isGuest) == true,
            sessions.all[session].warnedOf.insert(peer).inserted
        else { return }
        let name = displayName(of: peer)
        notify(.notice("\(name) is connected in plain text: the relay, and others on the way, can read this"))
    }

    /// Ends redelivery to a peer that has confirmed everything.
    mutating func considerRedelivery(of peer: PeerID) {
        guard sessions.unacknowledgedPeers.contains(peer) else { return }
        let waiting = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)) }
        if waiting?.isEmpty == true { sessions.unacknowledgedPeers.remove(peer) }
    }

    // Names.

    /// Returns the name that this peer shows for a relay.
    func relayName(of relay: PeerID) -> String {
        sessions.session(at: relay).map { sessions.all[$0].name } ?? relay.placeholderName
    }

    /// Requests our new name at each relay; a relay may grant another.
    mutating func renameAtRelays() {
        guard let wanted = naming.wanted else { return }
        for session in sessions.all.indices {
            guard let link = sessions.all[session].memberLink, sessions.all[session].wantedName?.text != wanted.text,
                let number = sessions.all[session].asked.ask(.rename, token: nil)
            else { continue }
            sessions.all[session].wantedName = wanted
            send(.moderate(RelayModeration(number: number, act: .rename, target: wanted.text)), on: link)
        }
    }
}
