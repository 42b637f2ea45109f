import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// Links with peers that only a relay can reach: the same handshake and frames as on a connection, end to end, carried
/// by the relay's link. Only private conversations go through them; nothing of a LAN does.
extension Peer {
    /// Opens a tunnel to a peer that is a member of one of our relays, unless there is a link or one is being made.
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

    mutating func tunnelReceived(_ theirs: RelayTunnel, _ bytes: [UInt8], session: Int) {
        let place = ours(theirs, session)
        if let id = sessions.link(of: place) {
            linkBytesReceived(id, bytes)
            return
        }
        guard theirs.isFromOpener, theirs.peer != id, !roster.blocked.contains(theirs.peer),
            sessions.tunnels.count < RelaySessions.tunnelCount
        else {
            sayTunnelClosed(place)
            return
        }
        let id = makeTunnel(place, role: .responder)
        linkBytesReceived(id, bytes)
    }

    mutating func tunnelCloseReceived(_ theirs: RelayTunnel, session: Int) {
        guard let id = sessions.link(of: ours(theirs, session)) else { return }
        closeTunnel(id, isTold: false)
    }

    /// As we name it.
    private func ours(_ theirs: RelayTunnel, _ session: Int) -> RelaySessions.TunnelPlace {
        var tunnel = theirs
        tunnel.isFromOpener = !theirs.isFromOpener
        return .init(session: session, tunnel: tunnel)
    }

    private mutating func sayTunnelClosed(_ place: RelaySessions.TunnelPlace) {
        guard let carrier = sessions.all[place.session].memberLink else { return }
        send(.tunnelClosed(place.tunnel), on: carrier)
    }

    /// The handshake through a tunnel is done: is it with whom the relay said?
    mutating func tunnelAuthenticated(_ peer: PeerID, on id: LinkID) throws(LinkViolation) {
        guard sessions.place(of: id)?.tunnel.peer == peer else { throw LinkViolation("a tunnel to somebody else") }
        links.setPhase(.awaitingHello(peer), of: id)
        guard let own = ownAnnouncement() else { return }
        send(.hello(announcement: own.bytes, gathering: nil, away: nil), on: id)
    }

    mutating func tunnelEstablished(_ id: LinkID, with peer: PeerID, instance: UInt64) {
        links[id]?.instance = instance
        // Both have been in reach since we joined the relay: a tunnel made for a message makes it no old one.
        let carrier = sessions.place(of: id).flatMap { sessions.all[$0.session].memberLink }
        let since = carrier.flatMap { links[$0]?.establishedWall }
        links[id]?.establishedWall = since ?? clock.wall
        let others = links.tunnels(with: peer)
        links.setPhase(.established(peer), of: id)
        // Both may have opened one; the lower ID decides which is kept, as with links.
        if self.id < peer { for other in others { closeTunnel(other, isTold: true) } }
        startConversation(with: peer, on: id)
    }

    /// What runs through a tunnel once it is established.
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
        case .peers, .gathering, .digest, .advertise, .request, .advertisements, .join, .welcome, .refusal, .members, .moderate,
            .moderated, .removed, .notice, .topic,
            .tunnel, .tunnelClosed, .declined:
            throw LinkViolation("a frame that goes through no tunnel")
        }
    }

    /// Ends a tunnel; nothing more comes from it.
    mutating func closeTunnel(_ id: LinkID, isTold: Bool) {
        guard let place = sessions.place(of: id) else { return }
        if isTold {
            wrap(id, isAll: true)
            sayTunnelClosed(place)
        }
        sessions.remove(id)
        guard let link = links.remove(id), case .established(let peer) = link.phase else { return }
        // What was under way on it goes on over what is left, or over a new one.
        if let other = links.best(with: peer) {
            startConversation(with: peer, on: other)
        } else if sessions.unacknowledgedPeers.contains(peer), presence.stage != .finished {
            reachThroughRelay(peer)
        }
    }

    /// Private messages that go through relays and have no receipt are offered again, through another tunnel if there
    /// is none.
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

    /// A tunnel has no window of its own: what waits in all of them is bounded together. Beyond that the longest is closed,
    /// and not the link with the relay, which does not decide what others ask for through it.
    mutating func queue(_ frame: [UInt8], in lane: Lane, inTunnel id: LinkID) {
        _ = links[id]?.queue(frame, in: lane, at: now)
        func bytes(_ tunnel: LinkID) -> Int { links[tunnel]?.channel.queuedBytes ?? 0 }
        var waiting = sessions.tunnels.reduce(0) { $0 + bytes($1) }
        while waiting > Bounds.linkQueueBytes, let longest = sessions.tunnels.max(by: { bytes($0) < bytes($1) }),
            let place = sessions.place(of: longest)
        {
            waiting -= bytes(longest)
            note(.debug, "a tunnel is closed: what is sent through it is not passed on")
            sayTunnelClosed(place)
            closeTunnel(longest, isTold: false)
        }
    }

    /// Seals what is queued for tunnels and queues it on their carriers, which are sealed after them.
    mutating func wrapTunnels() {
        for id in sessions.takeTurns() { wrap(id) }
    }

    /// Nothing is wrapped while the carrier has much to send: what waits in the tunnel can still be put in order.
    /// - Parameter isAll: All that is queued, because the tunnel is to be closed.
    private mutating func wrap(_ id: LinkID, isAll: Bool = false) {
        guard let place = sessions.place(of: id), let carrier = sessions.all[place.session].memberLink,
            let queued = links[carrier]?.channel.queuedBytes, isAll || queued < Bounds.outstandingBytes,
            let bytes = links.flush(id, isAll: isAll)
        else { return }
        // It is with the carrier now, which has a window of its own.
        links[id]?.window.drained()
        var rest = bytes[...]
        while !rest.isEmpty {
            send(.tunnel(place.tunnel, bytes: Array(rest.prefix(Limits.tunnelBytes))), on: carrier)
            rest = rest.dropFirst(Limits.tunnelBytes)
        }
    }
}
