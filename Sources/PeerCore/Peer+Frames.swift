import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Dispatch of received frames. A frame that cannot be valid at this point throws, and its link is closed.
extension Peer {
    /// Decodes a frame and passes it on by the kind and phase of its link: relay, tunnel or peer.
    mutating func frameReceived(_ bytes: [UInt8], on id: LinkID) throws {
        guard let phase = links[id]?.phase else { return }
        guard let frame = try known(bytes, on: id) else { return }
        if let session = links[id]?.session { return try frameReceived(frame, fromRelay: session, in: phase, on: id) }
        switch (phase, frame) {
        case (.awaitingHello(let peer), .hello(let announcement, let gathering, let away)):
            try helloReceived(announcement, gathering, away, from: peer, on: id)
        case (.established, .goodbye) where links[id]?.isTunnel == true:
            closeTunnel(id, isTold: false)
        case (.established(let peer), _) where links[id]?.isTunnel == true:
            try tunnelFrameReceived(frame, from: peer, on: id)
        case (.awaitingHello, .goodbye(let reason)), (.established, .goodbye(let reason)):
            goodbyeReceived(reason, on: id)
        case (.established(let peer), _):
            try established(frame, from: peer, on: id)
        case (.awaitingHello, _):
            throw LinkViolation("a frame before hello")
        case (.awaitingConnection, _), (.awaitingHandshake, _), (.atRelay, _), (.closing, _):
            preconditionFailure("frames come out of an open channel only")
        }
    }

    /// Decodes a frame.
    /// - Returns: Nil for a frame of a later version, which is to be ignored.
    private mutating func known(_ bytes: [UInt8], on id: LinkID) throws -> Frame? {
        do {
            return try Frame(decoding: bytes)
        } catch {
            guard error.mayBeIgnored else { throw error }
            noteIgnored("a frame of a later version is ignored: \(error)", on: id)
            return nil
        }
    }

    /// Notes, at a limited rate, a frame that is ignored, perhaps because it is of a later version.
    mutating func noteIgnored(_ text: String, on id: LinkID) {
        guard links[id]?.exchange.capabilities.notes.take(at: now) == true else { return }
        note(.debug, text)
    }

    /// Verifies an announcement that a peer sent about itself on its own link.
    private func verifiedOwnAnnouncement(_ bytes: [UInt8], of peer: PeerID) throws -> SignedAnnouncement {
        let announcement = try SignedAnnouncement(verifying: bytes, with: identity.signing)
        guard announcement.announcement.peer == peer else { throw LinkViolation("an announcement in another's name") }
        // A peer that leaves sends goodbye on its links instead.
        guard announcement.announcement.kind != .goodbye else { throw LinkViolation("a peer that leaves and speaks") }
        return announcement
    }

    /// Establishes a link: checks the peer's announcement, joins the gatherings and starts the exchange.
    private mutating func helloReceived(
        _ bytes: [UInt8], _ gathering: GatheringID?, _ away: String?, from peer: PeerID, on id: LinkID
    ) throws {
        let announcement = try verifiedOwnAnnouncement(bytes, of: peer)
        let name = try Nickname(announcement.announcement.name)
        links[id]?.exchange.capabilities.features = announcement.announcement.features
        // Before any reply to it can arrive.
        showUnseen()
        if links[id]?.isTunnel == true {
            return tunnelEstablished(id, with: peer, instance: announcement.announcement.instance)
        }
        established(id, with: peer, instance: announcement.announcement.instance)
        try announced(announcement, as: name, by: peer, on: id)
        personMet(announcement.announcement, as: name, away: away, at: links[id]?.endpoint)
        links[id]?.gathering = gathering
        meetGathering(gathering, of: peer, on: id)
        startExchange(with: peer, on: id)
    }

    /// Handles a frame of a peer on an established direct link.
    private mutating func established(_ frame: Frame, from peer: PeerID, on id: LinkID) throws {
        switch frame {
        case .hello:
            throw LinkViolation("a second hello")
        case .announcement(let bytes):
            let announcement = try verifiedOwnAnnouncement(bytes, of: peer)
            let name = try Nickname(announcement.announcement.name)
            try announced(announcement, as: name, by: peer, on: id)
            personRenamed(announcement.announcement, to: name)
        case .peers(let introductions):
            for introduction in introductions { discovery.introduced(introduction, by: peer, at: now) }
        case .ping(let token):
            send(.pong(token), on: id)
        case .pong, .goodbye:
            break
        case .entries(let list):
            try entriesReceived(list, from: peer, on: id)
        case .reconcile(let room, let gathering, let message):
            try reconciliationReceived(message, room: room, gathering: gathering, from: peer, on: id)
        case .want(let room, let ids):
            try wanted(ids, of: room, by: peer, on: id)
        case .have(let room, let ids):
            offered(ids, of: room, by: peer, on: id)
        case .receipt(let room, let ids):
            receiptReceived(for: ids, of: room, from: peer, on: id)
        case .gathering(let gathering):
            links[id]?.gathering = gathering
            // Requests made while the peer was in another gathering were not answered.
            links[id]?.exchange.window.forget()
            meetGathering(gathering, of: peer, on: id)
        case .away(let word):
            personAway(peer, word)
        case .authors(let room, let names):
            authorsReceived(names, of: room, by: peer, on: id)
        case .digest, .advertise, .request, .advertisements:
            if configuration.knowsAdvertisements { try linkStateFrameReceived(frame, on: id) }
        case .join:
            let reason = "this is a peer and no relay"
            send(.refusal(RelayRefusal(code: .notARelay, reason: reason, retryAfter: nil)), on: id)
            send(.goodbye(.refused), on: id)
            close(id, abruptly: false)
        case .welcome, .refusal, .members, .moderate, .moderated, .removed, .notice, .topic, .tunnel, .tunnelClosed,
            .declined:
            throw LinkViolation("a frame of a relay where there is none")
        }
    }

    /// Processes an announcement that the peer sent about itself, on its own link.
    private mutating func announced(
        _ announcement: SignedAnnouncement, as name: Nickname, by peer: PeerID, on id: LinkID
    ) throws {
        guard announcement.announcement.instance == links[id]?.instance else {
            throw LinkViolation("an announcement of another instance")
        }
        guard let endpoint = links[id]?.endpoint, !isStale(announcement.announcement) else { return }
        // The peer listens at the address that it connects from and the port that it announces.
        let listening = Endpoint(address: endpoint.address, port: announcement.announcement.linkPort)
        discovery.announcementAuthenticated(announcement, at: listening, at: now)
        let claim = Claim(
            name: name, time: WallTime(milliseconds: announcement.announcement.claimTime),
            isHeld: announcement.announcement.kind == .announce)
        naming.claimHeard(claim, from: peer, at: now, wall: wall)
    }

    /// Closes a link that the peer has left, for the reason that it gives.
    private mutating func goodbyeReceived(_ reason: GoodbyeReason, on id: LinkID) {
        guard let link = links[id] else { return }
        if link.isTunnel { return closeTunnel(id, isTold: false) }
        note(.debug, "link with \(link.endpoint): goodbye (\(reason))")
        if reason == .full { links[id]?.exchange.gossip.isReleased = true }
        outputs.push(.closeLink(id, abruptly: false))
        links.setPhase(.closing, of: id)
        if reason == .leaving, let peer = link.peer {
            // The process is leaving: its other links, if any, are of no use either.
            for other in links.links(with: peer) where links[other]?.instance == link.instance {
                outputs.push(.closeLink(other, abruptly: false))
                links.setPhase(.closing, of: other)
            }
        }
        lost(link, left: reason == .leaving)
    }
}
