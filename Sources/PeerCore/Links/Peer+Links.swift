import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// The life of links from the dial to the end: which are kept, and when one is closed.
extension Peer {
    /// Opens a link to the first of these endpoints.
    /// - Parameter port: The link port for crossing dials, where either side may speak first.
    mutating func dial(_ target: DialTarget, _ endpoints: [Endpoint], from port: LocalPort = .any) {
        guard let endpoint = endpoints.first, links.count < Bounds.linkCount else {
            discovery.dialFailed(target, endpoint: endpoints.first, at: now)
            return
        }
        presence.lastLinkNumber += 1
        let link = makeLink(
            LinkID(number: presence.lastLinkNumber), .dialled(target), endpoint, phase: .awaitingConnection)
        links.insert(link)
        outputs.push(.openLink(link.id, to: endpoint, from: port))
        if case .peer(let other) = target, configuration.usesMulticast {
            discovery.dialBegan(link.id, to: other, at: endpoint.address, now: now)
        }
        timers.schedule(.maintenance, at: now + Bounds.connectTime)
    }

    /// Handles an incoming connection: evicts an unauthenticated link if there are too many.
    mutating func linkAccepted(_ id: LinkID, from endpoint: Endpoint) {
        guard presence.stage != .finished, !links.contains(id) else {
            outputs.push(.closeLink(id, abruptly: true))
            return
        }
        if links.unauthenticatedLinkCount >= Bounds.unauthenticatedLinkCount, let oldest = links.evictionCandidate() {
            giveUp(oldest, "too many unauthenticated links")
        }
        guard links.count < Bounds.linkCount else {
            outputs.push(.closeLink(id, abruptly: true))
            return
        }
        links.insert(makeLink(id, .accepted, endpoint, phase: .awaitingHandshake))
        timers.schedule(.maintenance, at: now + Bounds.handshakeTime)
    }

    /// Returns a new link with a channel of its own.
    mutating func makeLink(
        _ id: LinkID, _ origin: Link.Origin, _ endpoint: Endpoint, phase: Link.Phase
    ) -> Link {
        let channel = Channel(
            role: origin == .accepted ? .responder : .initiator, identity: identity, staticKey: staticKey,
            ephemeral: identity.linkKey(of: random.bytes(32)),
            spare: origin.isCrossing ? identity.linkKey(of: random.bytes(32)) : nil)
        return Link(
            id: id, origin: origin, endpoint: endpoint, startedAt: now, phase: phase, channel: channel,
            liveness: Liveness(from: now))
    }

    /// Records that a dialled connection is open.
    mutating func linkOpened(_ id: LinkID) {
        guard let link = links[id], link.phase == .awaitingConnection else { return }
        links.setPhase(.awaitingHandshake, of: id)
        links[id]?.channel.opened()
        discovery.reach.dialEnded(id, isUnanswered: false, at: now)
    }

    /// Handles received bytes.
    mutating func linkBytesReceived(_ id: LinkID, _ bytes: [UInt8]) {
        guard let phase = links[id]?.phase, phase != .closing, phase != .awaitingConnection else { return }
        do {
            guard let received = try links[id]?.channel.bytesReceived(bytes) else { return }
            if let peer = received.authenticated {
                try authenticated(peer, showing: received.certificate, on: id)
            }
            // Even a part of a frame counts: over a slow link a long frame takes longer than the silence allowed.
            links[id]?.liveness.heard(at: now)
            for frame in received.frames {
                // An earlier frame may have ended the link.
                guard let phase = links[id]?.phase, phase != .closing else { return }
                try frameReceived(frame, on: id)
            }
        } catch {
            violated(id, LinkViolation(describing: error))
        }
    }

    /// Handles the end of the handshake: sends our hello.
    private mutating func authenticated(
        _ peer: PeerID, showing certificate: [UInt8]?, on id: LinkID
    ) throws(LinkViolation) {
        guard let origin = links[id]?.origin else { return }
        guard peer != self.id else { throw LinkViolation("a link with ourselves") }
        if let session = links[id]?.session {
            return relayAuthenticated(peer, showing: certificate, session: session, on: id)
        }
        if origin == .tunnel { return try tunnelAuthenticated(peer, on: id) }
        links.setPhase(.awaitingHello(peer), of: id)
        if case .dialled(.peer(let expected)) = origin, expected != peer, let endpoint = links[id]?.endpoint {
            // Another peer now has that address; the link is good nevertheless.
            discovery.dialFailed(.peer(expected), endpoint: endpoint, at: now)
        }
        guard let own = ownAnnouncement() else { return }
        let current = greeting
        links[id]?.greeting = current
        send(.hello(announcement: own.bytes, gathering: announcedGathering, away: presence.away), on: id)
    }

    /// Closes the link of a peer that violated the protocol. Other peers are not affected.
    mutating func violated(_ id: LinkID, _ violation: LinkViolation) {
        guard let link = links[id], link.phase != .closing else { return }
        let who = link.peer.map { "\(displayName(of: $0)) at \(link.endpoint)" } ?? "a program at \(link.endpoint)"
        warn("\(who) is cut off: \(violation.text)", detail: violation.detail)
        if let session = link.session {
            relayViolated(session: session, violation)
        } else if let version = violation.theirVersion {
            versionHeard(version)
        }
        if link.peer != nil { send(.goodbye(.violation), on: id) }
        close(id, abruptly: false)
    }

    /// Establishes a link after the peer's hello: chooses between it and older ones with the same peer, then starts the
    /// protocols that run over it.
    mutating func established(_ id: LinkID, with peer: PeerID, instance: UInt64) {
        links[id]?.instance = instance
        links[id]?.establishedWall = clock.wall
        links.setPhase(.established(peer), of: id)
        let all = links.links(with: peer)
        for (index, other) in all.enumerated() where other != id {
            let isOlderProcess = links[other]?.instance != instance
            // The peer with the lower ID decides, so that the two never close one each. It keeps the newest: an older
            // one may be half-open after the other side's address changed.
            let isSurplus = index + Bounds.linksPerPeer < all.count
            if isOlderProcess || self.id < peer || isSurplus {
                send(.goodbye(.duplicate), on: other)
                close(other, abruptly: false)
            }
        }
        guard let link = links[id] else { return }
        // Changes between our hello and theirs were sent on established links only.
        if link.greeting != greeting { resendPresence(on: id) }
        noteRoute(of: id, to: peer)
        discovery.linkUp(
            peer, instance: instance, endpoint: link.endpoint, dialled: link.origin != .accepted, at: now)
        timers.schedule(.maintenance, at: now + Bounds.silenceBeforePing)
        meshLinkUp(id, with: peer, instance: instance)
        // On a big LAN advertisements cover all peers; these are for peers that do not support them.
        guard !discovery.mesh.isSparse else { return introduceSome(on: id, but: peer) }
        let others = links.peers.filter { $0 != peer }
        let introductions = discovery.introductions(of: others, limit: others.count)
        var start = 0
        while start < introductions.count {
            let end = min(start + Limits.frameIntroductionCount, introductions.count)
            send(.peers(Array(introductions[start..<end])), on: id)
            start = end
        }
    }

    private mutating func introduceSome(on id: LinkID, but peer: PeerID) {
        let others = links.peers.filter { $0 != peer }
        let chosen = random.some(Discovery.introductionFanout, of: others)
        send(.peers(discovery.introductions(of: chosen, limit: chosen.count)), on: id)
    }

    /// Closes a link of ours. It counts as lost from now on; only the host still has to close the connection.
    mutating func close(_ id: LinkID, abruptly: Bool) {
        guard let link = links[id], link.phase != .closing else { return }
        if link.isTunnel { return closeTunnel(id, isTold: true) }
        if !abruptly { flush(id) }
        outputs.push(.closeLink(id, abruptly: abruptly))
        links.setPhase(.closing, of: id)
        lost(link, left: false)
    }

    /// Closes a link for a reason that is shown with `--verbose`.
    mutating func giveUp(_ id: LinkID, _ reason: StaticReason) {
        guard let link = links[id] else { return }
        note(.debug, "closed the link with \(link.endpoint): \(reason)")
        close(id, abruptly: true)
    }

    /// Handles the end of a connection.
    mutating func linkClosed(_ id: LinkID, _ end: LinkEnd) {
        guard let link = links.remove(id), link.phase != .closing else { return }
        if link.phase == .awaitingConnection {
            discovery.reach.dialEnded(id, isUnanswered: end != .refused, at: now)
        }
        if end == .refused {
            note(.debug, "link with \(link.endpoint) refused")
            if let session = link.session { relayLinkLost(session: session, "Connection refused") }
        }
        if case .failed(let reason) = end {
            note(.debug, "link with \(link.endpoint) failed: \(reason)")
            if let session = link.session { relayLinkLost(session: session, reason) }
        }
        if link.window.isClosing { warn("the link with \(link.endpoint) is cut: it does not read what it is sent") }
        lost(link, left: false)
    }

    /// Handles the loss of a link.
    /// - Parameter left: Whether the peer said goodbye.
    mutating func lost(_ link: Link, left: Bool) {
        if let session = link.session { relayLinkLost(session: session, "the link was lost") }
        switch link.phase {
        case .awaitingConnection, .awaitingHandshake, .awaitingHello, .atRelay:
            if case .dialled(let target) = link.origin {
                discovery.dialFailed(target, endpoint: link.endpoint, at: now)
            }
        case .established(let peer):
            linksChanged()
            let isHere = meshLinkDown(link, with: peer, left: left)
            if let other = links.direct(with: peer) {
                resend(on: other)
                return
            }
            discovery.linkDown(peer, left: left, isHere: isHere, at: now)
            if !isHere {
                if presence.open?.peer != peer { rooms.closeIfEmpty(with: peer) }
                personLost(peer, left: left)
            }
        case .closing:
            break
        }
    }

    /// Repeats, after one of two links with a peer was lost, what may have been in transit on it: our presence is sent
    /// again on the other link, and the logs are compared again.
    private mutating func resend(on id: LinkID) {
        guard let peer = links[id]?.peer else { return }
        resendPresence(on: id)
        startExchange(with: peer, on: id)
    }

    private var greeting: Greeting {
        Greeting(claim: naming.claim, gathering: announcedGathering, away: presence.away)
    }

    private mutating func resendPresence(on id: LinkID) {
        if let own = ownAnnouncement() { send(.announcement(own.bytes), on: id) }
        if let gathering = announcedGathering { send(.gathering(gathering), on: id) }
        send(.away(presence.away), on: id)
    }

    /// Pings all links after a change of our own network, and allows them less time than by default to answer.
    mutating func pingAllLinks() {
        for id in links.ids where links[id]?.needsPings == true {
            links[id]?.liveness.pinged(mustReceiveBy: now + Bounds.silenceAfterChange)
            send(.ping(presence.sequence), on: id)
        }
        timers.schedule(.maintenance, at: now + Bounds.silenceAfterChange)
    }

    /// Pings silent links, closes dead ones, and schedules the next maintenance.
    mutating func maintainLinks() {
        var next: Instant?
        for id in links.ids {
            // Accessed in place: a link is large.
            guard var nextAction = links[id]?.nextAction(at: now) else { continue }
            if nextAction == .ping {
                links[id]?.liveness.pinged()
                send(.ping(presence.sequence), on: id)
                nextAction = links[id]?.nextAction(at: now) ?? nextAction
            }
            switch nextAction {
            case .fine(let until): next = min(next ?? until, until)
            case .giveUp(let reason): giveUp(id, reason)
            case .ping: break
            }
        }
        if let next, next.nanoseconds != .max { timers.schedule(.maintenance, at: next) }
    }

    // Sending.

    /// Queues a frame on a link.
    mutating func send(_ frame: Frame, on id: LinkID) {
        sendEncoded(frame.encoded(), in: frame.lane, on: id)
    }

    /// Queues an encoded frame on a link, and closes a link whose peer does not read.
    mutating func sendEncoded(_ frame: [UInt8], in lane: Lane, on id: LinkID) {
        guard let isTunnel = links[id]?.isTunnel, links[id]?.peer != nil else { return }
        if isTunnel { return queue(frame, in: lane, inTunnel: id) }
        guard links[id]?.queue(frame, in: lane, at: now) == true else { return }
        // The host answers with `linkClosed`, which then reports the cause.
        outputs.push(.closeLink(id, abruptly: true))
    }

    /// Queues a frame for every peer, on its best direct link.
    mutating func broadcast(_ frame: Frame, where isMeant: (Link) -> Bool = { _ in true }) {
        let encoded = frame.encoded()
        for peer in links.peers {
            guard let id = links.direct(with: peer), let link = links[id], isMeant(link) else { continue }
            sendEncoded(encoded, in: frame.lane, on: id)
        }
    }

    /// Sends the queued bytes before later outputs.
    private mutating func flush(_ id: LinkID) {
        guard let bytes = links.flush(id, isAll: true) else { return }
        outputs.push(.sendOnLink(id, bytes))
    }

    /// Queues more when the system has accepted what was sent on a link.
    mutating func linkDrained(_ id: LinkID) {
        links[id]?.window.drained()
        serve(id)
        if links[id]?.session != nil { for tunnel in sessions.tunnels { serve(tunnel) } }
    }
}
