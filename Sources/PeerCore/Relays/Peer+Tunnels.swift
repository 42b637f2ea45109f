import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// Links with peers that only a relay can reach: the same handshake and frames as on a connection, end to end, carried
/// by the link with the relay. Only private conversations use them; nothing of a LAN does.
extension Peer {
    /// Opens a tunnel to a member of one of our relays, unless there is a link or one is being opened.
    mutating func reachThroughRelay(_ peer: PeerID) {
        guard links.best(with: peer) == nil, let session = sessions.session(with: peer),
            sessions.tunnels.count < RelaySessions.tunnelCount,
            sessions.all[session].roster[peer]?.traits.contains(.isGuest) == false, !isTunnelUnderWay(to: peer)
        else { return }
        let tunnel = RelayTunnel(peer: peer, number: sessions.nextTunnelNumber(), isFromOpener: true)
        let id = makeTunnel(.init(session: session, tunnel: tunnel), role: .initiator)
        links[id]?.channel.opened()
    }

    private func isTunnelUnderWay(to peer: PeerID) -> Bool {
        sessions.tunnels.contains { sessions.place(of: $0)?.tunnel.peer == peer }
    }

    /// Creates the link of a tunnel, which starts with a handshake.
    private mutating func makeTunnel(_ place: RelaySessions.TunnelPlace, role: LinkHandshake.Role) -> LinkID {
        presence.lastLinkNumber += 1
        let id = LinkID(number: presence.lastLinkNumber)
        let channel = Channel(
            role: role, identity: identity, staticKey: staticKey,
            ephemeral: identity.linkKey(of: random.bytes(32)))
        let carrier = sessions.all[place.session].memberLink.flatMap { links[$0]?.endpoint }
        links.insert(
            Link(
                id: id, origin: .tunnel,
                endpoint: carrier ?? Endpoint(address: .v4(0), port: 0), startedAt: now, phase: .awaitingHandshake,
                channel: channel, liveness: Liveness(from: now)))
        sessions.insert(id, at: place)
        timers.schedule(.maintenance, at: now + Bounds.handshakeTime)
        return id
    }

    /// Handles bytes of a tunnel, which may be a new one.
    mutating func tunnelReceived(_ theirs: RelayTunnel, _ bytes: [UInt8], session: Int) {
        let place = ours(theirs, session)
        if let id = sessions.link(of: place) {
            linkBytesReceived(id, bytes)
            return
        }
        guard theirs.isFromOpener, theirs.peer != id, !roster.blocked.contains(theirs.peer),
            sessions.tunnels.count < RelaySessions.tunnelCount
        else {
            sendTunnelClosed(place)
            return
        }
        let id = makeTunnel(place, role: .responder)
        linkBytesReceived(id, bytes)
    }

    mutating func tunnelCloseReceived(_ theirs: RelayTunnel, session: Int) {
        guard let id = sessions.link(of: ours(theirs, session)) else { return }
        closeTunnel(id, isTold: false)
    }

    /// Returns a tunnel of the other side as we name it.
    private func ours(_ theirs: RelayTunnel, _ session: Int) -> RelaySessions.TunnelPlace {
        var tunnel = theirs
        tunnel.isFromOpener = !theirs.isFromOpener
        return .init(session: session, tunnel: tunnel)
    }

    /// Tells the other side that a tunnel is closed.
    private mutating func sendTunnelClosed(_ place: RelaySessions.TunnelPlace) {
        guard let carrier = sessions.all[place.session].memberLink else { return }
        send(.tunnelClosed(place.tunnel), on: carrier)
    }

    /// Continues after the handshake through a tunnel, if its peer is the one that the relay named.
    mutating func tunnelAuthenticated(_ peer: PeerID, on id: LinkID) throws(LinkViolation) {
        guard sessions.place(of: id)?.tunnel.peer == peer else { throw LinkViolation("a tunnel to somebody else") }
        links.setPhase(.awaitingHello(peer), of: id)
        guard let own = ownAnnouncement() else { return }
        send(.hello(announcement: own.bytes, gathering: nil, away: nil), on: id)
    }

    /// Starts the exchange on an established tunnel.
    mutating func tunnelEstablished(_ id: LinkID, with peer: PeerID, instance: UInt64) {
        links[id]?.instance = instance
        // Both sides have been reachable since we joined the relay, so messages from since then are not late, even if
        // the tunnel was opened for them.
        let carrier = sessions.place(of: id).flatMap { sessions.all[$0.session].memberLink }
        let since = carrier.flatMap { links[$0]?.establishedWall }
        links[id]?.establishedWall = since ?? clock.wall
        let others = links.tunnels(with: peer)
        links.setPhase(.established(peer), of: id)
        // Both may have opened one; the peer with the lower ID decides which is kept, as with links.
        if self.id < peer { for other in others { closeTunnel(other, isTold: true) } }
        startConversation(with: peer, on: id)
    }

    /// Handles a frame that arrives through an established tunnel.
    mutating func tunnelFrameReceived(_ frame: Frame, from peer: PeerID, on id: LinkID) throws {
        switch frame {
        case .ping(let number): send(.pong(number), on: id)
        case .entries(let list): try entriesReceived(list, from: peer, on: id)
        case .reconcile(let room, let gathering, let message):
            try reconciliationReceived(message, room: room, gathering: gathering, from: peer, on: id)
        case .want(let room, let ids): try wanted(ids, of: room, by: peer, on: id)
        case .have(let room, let ids): offered(ids, of: room, by: peer, on: id)
        case .receipt(let room, let ids): receiptReceived(for: ids, of: room, from: peer, on: id)
        case .hello: throw LinkViolation("a second hello")
        case .announcement, .away, .pong, .goodbye, .authors: break
        case .peers, .gathering, .digest, .advertise, .request, .advertisements, .join, .welcome, .refusal, .members,
            .moderate,
            .moderated, .removed, .notice, .topic,
            .tunnel, .tunnelClosed, .declined:
            throw LinkViolation("a frame that goes through no tunnel")
        }
    }

    /// Closes a tunnel; nothing more arrives from it.
    /// - Parameter isTold: Whether the other side is notified.
    mutating func closeTunnel(_ id: LinkID, isTold: Bool) {
        guard let place = sessions.place(of: id) else { return }
        if isTold {
            wrap(id, isAll: true)
            sendTunnelClosed(place)
        }
        sessions.remove(id)
        guard let link = links.remove(id), case .established(let peer) = link.phase else { return }
        // Exchanges in progress continue on a remaining link, or on a new one.
        if let other = links.best(with: peer) {
            startConversation(with: peer, on: other)
        } else if sessions.unacknowledgedPeers.contains(peer), presence.stage != .finished {
            reachThroughRelay(peer)
        }
    }

    /// Offers unacknowledged private messages again through relays, opening another tunnel if there is none.
    mutating func redeliver() {
        for peer in sessions.unacknowledgedPeers.sorted() where sessions.session(with: peer) != nil {
            considerRedelivery(of: peer)
            guard sessions.unacknowledgedPeers.contains(peer), !roster.blocked.contains(peer) else { continue }
            if let link = links.best(with: peer) {
                if links[link]?.isTunnel == true { resendUnconfirmed(to: peer, on: link) }
            } else {
                reachThroughRelay(peer)
            }
        }
        callUnacknowledgedPeers()
        if !sessions.unacknowledgedPeers.isEmpty { timers.schedule(.redelivery, at: now + Bounds.redeliveryInterval) }
    }

    /// Queues a frame in a tunnel. Tunnels have no flow control of their own: their queues share one bound. Beyond it
    /// the longest is closed, and not the link with the relay, which does not decide what others request through it.
    mutating func queue(_ frame: [UInt8], in lane: Lane, inTunnel id: LinkID) {
        _ = links[id]?.queue(frame, in: lane, at: now)
        func bytes(_ tunnel: LinkID) -> Int { links[tunnel]?.channel.queuedBytes ?? 0 }
        var waiting = sessions.tunnels.reduce(0) { $0 + bytes($1) }
        while waiting > Bounds.linkQueueBytes, let longest = sessions.tunnels.max(by: { bytes($0) < bytes($1) }),
            let place = sessions.place(of: longest)
        {
            waiting -= bytes(longest)
            note(.debug, "a tunnel is closed: its bytes are not passed on")
            sendTunnelClosed(place)
            closeTunnel(longest, isTold: false)
        }
    }

    /// Seals the bytes queued for tunnels and queues them on their carriers, which are sealed afterwards.
    mutating func wrapTunnels() {
        for id in sessions.takeTurns() { wrap(id) }
    }

    /// Wraps the queue of one tunnel. It waits while the carrier has much to send: frames that wait in the tunnel can
    /// still be reordered by priority.
    /// - Parameter isAll: Whether to wrap all queued bytes, because the tunnel is to be closed.
    private mutating func wrap(_ id: LinkID, isAll: Bool = false) {
        guard let place = sessions.place(of: id), let carrier = sessions.all[place.session].memberLink,
            let queued = links[carrier]?.channel.queuedBytes, isAll || queued < Bounds.outstandingBytes,
            let bytes = links.flush(id, isAll: isAll)
        else { return }
        // The carrier has the bytes now, and has a window of its own.
        links[id]?.window.drained()
        var rest = bytes[...]
        while !rest.isEmpty {
            send(.tunnel(place.tunnel, bytes: Array(rest.prefix(Limits.tunnelBytes))), on: carrier)
            rest = rest.dropFirst(Limits.tunnelBytes)
        }
    }
}
