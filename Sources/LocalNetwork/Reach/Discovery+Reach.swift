package import CoreModel
import Secure
package import Wire

/// The connection between discovery and introduction by unicast.
extension Discovery {
    /// Records that the system exchanges packets with an address.
    package mutating func neighbourSeen(_ address: IPAddress, at now: Instant) { reach.neighbourSeen(address, at: now) }

    /// Records the addresses of all established links except tunnels.
    package mutating func linksChanged(to addresses: [IPAddress], at now: Instant) {
        reach.linksChanged(to: addresses, at: now)
        searchingMayHaveChanged(at: now)
    }

    /// Adapts the announcements to whether we search for the first peer.
    mutating func searchingMayHaveChanged(at now: Instant) {
        beacon.searchingChanged(to: reach.isSearching, population: population, at: now)
    }

    /// Handles an announcement sent to us alone, by a peer that receives no multicast or answers one that does not. It
    /// gets our announcement if its datagram has the length of an introduction. Both sides then dial so that two
    /// firewalls admit the connection.
    mutating func introducedItself(
        _ announcement: SignedAnnouncement, byteCount: Int, from source: Endpoint, at now: Instant
    ) {
        let content = announcement.announcement
        guard content.peer != peer, content.kind != .goodbye, gate.admitsVerification(from: source.address, at: now),
            announcement.verify(with: gate.signing)
        else { return }
        if byteCount >= Limits.introductionBytes, reach.takeReply(to: source.address, at: now) {
            acts.append(.reply(to: source.address, maximumBytes: byteCount))
        }
        guard !isLinked(content.peer) else { return }
        let endpoint = Endpoint(address: source.address, port: content.linkPort)
        // An announcement that is not newer may be a replay, or from a process whose clock was set back: it is worth a
        // dial, and changes nothing that is known.
        reach.announcementReceived(from: content.peer, at: endpoint, now: now)
        let isNewProcess = sightings[content.peer]?.announcement.announcement.instance != content.instance
        guard sightings.isNewer(content),
            sightings.saw(announcement, at: endpoint, now: now, protecting: linked)
        else { return }
        // In case the dials from the link port are impossible.
        dials.schedule(
            .peer(content.peer), at: now + CrossingDials.times[1] * 2, since: now, address: source.address,
            isNewProcess: isNewProcess)
    }

    /// Returns whether a firewall, ours or the peer's, is between us and a peer whose link has just come up.
    package func isThroughFirewall(_ other: PeerID, at address: IPAddress, now: Instant) -> Bool {
        if reach.isDeaf(towards: address, at: now) { return true }
        // It needed an introduction although we receive its multicasts.
        return reach.hasExchanged(with: other, at: now) && sightings[other]?.wasSeenByMulticast == true
    }

    /// Records that a dial begins. A peer that was reachable without an introduction before needs none now.
    package mutating func dialBegan(_ link: LinkID, to other: PeerID, at address: IPAddress, now: Instant) {
        guard sightings[other]?.isOpen != true else { return }
        reach.dialBegan(link, to: address, at: now)
    }

    /// Returns the peer seen first among those that at least this many dials in a row failed to reach.
    package func unreachablePeer(dials count: Int) -> (peer: PeerID, name: String, endpoint: Endpoint)? {
        guard let other = dials.unreachablePeer(count), let sighting = sightings[other],
            let endpoint = sighting.endpoints.first
        else { return nil }
        return (other, sighting.announcement.announcement.name, endpoint)
    }
}
