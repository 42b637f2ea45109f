import CoreModel
import LocalNetwork
import Secure
import Wire

/// Performs introduction by unicast.
extension Peer {
    /// Performs an act of introduction by unicast.
    mutating func perform(_ act: Reach.Act) {
        switch act {
        case .introduce(let addresses):
            guard let own = introductionToSend() else { return }
            let bytes = own.padded
            for address in addresses { sendByUnicast(bytes, to: address) }
        case .dial(let peer, let endpoint):
            dialCrossing(peer, at: endpoint)
        case .sweepBegan(let interface, let count):
            note(.info, "no peer found: trying \(count) addresses on \(interface) (--no-sweep prevents this)")
        }
    }

    /// Answers an announcement by unicast. The answer is never longer, so that it cannot amplify a flood.
    mutating func reply(to address: IPAddress, maximumBytes: Int) {
        guard let own = introductionToSend(), own.bytes.count <= maximumBytes else { return }
        sendByUnicast(own.bytes, to: address)
    }

    private mutating func introductionToSend() -> SignedAnnouncement? {
        guard configuration.usesMulticast, presence.stage != .finished else { return nil }
        return ownAnnouncement()
    }

    private mutating func sendByUnicast(_ bytes: [UInt8], to address: IPAddress) {
        outputs.push(.sendDatagram(bytes, to: Endpoint(address: address, port: configuration.discoveryPort)))
    }

    /// Dials from our link port. An earlier attempt in progress has the same two endpoints, so it is replaced.
    private mutating func dialCrossing(_ peer: PeerID, at endpoint: Endpoint) {
        guard presence.stage != .finished, !discovery.isLinked(peer) else { return }
        for id in links.ids {
            guard let link = links[id], link.origin == .dialled(.crossing(peer)), link.phase != .closing else {
                continue
            }
            // Once connected, it may become a link.
            guard link.phase == .awaitingConnection else { return }
            close(id, abruptly: true)
        }
        dial(.crossing(peer), [endpoint], from: .linkPort)
    }

    // Links.

    /// Handles a change of the set of established links.
    mutating func linksChanged() {
        let wasAlone = discovery.reach.isAlone
        let addresses = links.peers.compactMap { peer in
            links.direct(with: peer).flatMap { links[$0]?.endpoint.address }
        }
        discovery.linksChanged(to: addresses, at: now)
        guard configuration.usesMulticast, discovery.reach.isAlone else { return }
        if !wasAlone || presence.silence.since == nil { presence.silence.since = now }
        timers.schedule(.silence, at: now + Silence.reportDelay)
    }

    /// Records how a link with a peer came up, and the address for later introductions.
    mutating func noteRoute(of id: LinkID, to peer: PeerID) {
        guard let link = links[id], !link.isTunnel else { return }
        let address = link.endpoint.address
        let isThroughFirewall = discovery.isThroughFirewall(peer, at: address, now: now)
        links[id]?.isThroughFirewall = isThroughFirewall
        discovery.sightings.setOpen(!isThroughFirewall, peer)
        if link.origin == .accepted, !discovery.reach.hasExchanged(with: peer, at: now) {
            discovery.reach.unsolicitedLinkAccepted(from: address)
        }
        linksChanged()
        guard discovery.reach.isOnLink(address), discovery.reach.known.note(address) else { return }
        let known = discovery.reach.known.encoded()
        keep { archive throws(ArchiveError) in try archive.setSetting(KnownAddresses.setting, to: known) }
    }

    // Silence.

    /// Notifies the user of the cause, if one is known, when no peer has been found for a while.
    mutating func considerSilence() {
        guard discovery.reach.isAlone, presence.stage == .ready, let since = presence.silence.since else { return }
        guard now >= since + Silence.reportDelay else {
            return timers.schedule(.silence, at: since + Silence.reportDelay)
        }
        if let cause = silenceCause {
            if let text = presence.silence.tell(cause) { notify(.notice(text)) }
        } else {
            timers.schedule(.silence, at: now + Silence.interval)
        }
    }

    /// Lists the peers that are present; if there are none, adds the cause, if one is known.
    mutating func listPeers(token: CommandToken?) {
        let peers = presentPeers()
        notify(.who(peers), token: token)
        guard peers.isEmpty, configuration.usesMulticast, presence.stage == .ready, let cause = silenceCause else {
            return
        }
        notify(.notice(cause.text), token: token)
    }

    private var silenceCause: Silence.Cause? {
        let reach = discovery.reach
        if reach.networks.allSatisfy(\.interface.isLoopback) { return .noNetwork }
        if let obstacle = presence.silence.obstacles.first { return .obstacle(obstacle) }
        if let interface = reach.deafInterfaces(at: now).first { return .firewall(interface: interface) }
        return discovery.unreachablePeer(dials: Silence.failedDialCount).map {
            .unreachable(name: $0.name, at: $0.endpoint)
        }
    }
}
