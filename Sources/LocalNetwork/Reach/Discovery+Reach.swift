package import CoreModel
import Secure
package import Wire

/// What discovery and introduction by unicast tell each other.
extension Discovery {
    package mutating func neighbourSeen(_ address: IPAddress, at now: Instant) { reach.neighbourSeen(address, at: now) }

    /// The addresses of all established links that are no tunnels.
    package mutating func linksChanged(to addresses: [IPAddress], at now: Instant) {
        reach.linksChanged(to: addresses, at: now)
        searchingMayHaveChanged(at: now)
    }

    mutating func searchingMayHaveChanged(at now: Instant) {
        beacon.searchingChanged(to: reach.isSearching, population: population, at: now)
    }

    /// A peer has sent its announcement to us alone, because it hears nobody or answers who does not: it gets ours, if
    /// what came is as long as introductions are, and both of us dial in such a way that two firewalls let it pass.
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
        // What is not news may be played again by somebody else, or of a process whose clock was put back: worth a dial,
        // and changes nothing that is known.
        reach.announcementReceived(from: content.peer, at: endpoint, now: now)
        let isNewProcess = sightings[content.peer]?.announcement.announcement.instance != content.instance
        guard sightings.isNewer(content),
            sightings.saw(announcement, at: endpoint, now: now, protecting: linked)
        else { return }
        // Should the dials from the link port not be possible.
        dials.schedule(
            .peer(content.peer), at: now + CrossingDials.times[1] * 2, since: now, address: source.address,
            isNewProcess: isNewProcess)
    }

    /// Whether a firewall, ours or theirs, stands between us and a peer that a link with has just come about.
    package func isThroughFirewall(_ other: PeerID, at address: IPAddress, now: Instant) -> Bool {
        if reach.isDeaf(towards: address, at: now) { return true }
        // It had to be told of us although we hear what it says to all.
        return reach.hasExchanged(with: other, at: now) && sightings[other]?.isHeardByGroup == true
    }

    /// A dial is under way. Of a peer that could be reached without an introduction before, none is needed now.
    package mutating func dialBegan(_ link: LinkID, to other: PeerID, at address: IPAddress, now: Instant) {
        guard sightings[other]?.isOpen != true else { return }
        reach.dialBegan(link, to: address, at: now)
    }

    /// Somebody who is heard, and who so many dials in a row did not reach; the one that was heard first.
    package func heardInVain(dials count: Int) -> (peer: PeerID, name: String, endpoint: Endpoint)? {
        guard let other = dials.triedInVain(count), let sighting = sightings[other],
            let endpoint = sighting.endpoints.first
        else { return nil }
        return (other, sighting.announcement.announcement.name, endpoint)
    }
}
