import CoreModel
import Wire

/// Moves from network to network.
extension Peer {
    /// Handles a change of our networks.
    mutating func moved(to present: NetworkLocation) {
        let former = presence.location
        guard !present.prefixes.isEmpty || former.prefixes.isEmpty else {
            // A cable is unplugged, or we are between two networks: the next change decides. Until then the peers
            // in range, which link-local addresses may lead to, need not be those of our gathering.
            presence.offlineSince = presence.offlineSince ?? now
            return
        }
        let wasOffline = presence.offlineSince != nil
        presence.offlineSince = nil
        // Losing some prefixes is an unplugged cable too.
        if present != former, former.prefixes.isEmpty || !former.includes(present) {
            noteGathering()
            presence.location = present
            if present.hasOtherRouters(than: former) { dropLinks() }
            if !former.prefixes.isEmpty, !present.includes(former),
                !hasLinkWithinGathering(on: present.kept(of: former))
            {
                leaveGathering()
            }
            resumeGathering()
            noteGathering()
        }
        if wasOffline { announceGathering() }
    }

    /// Closes all links. Peers that are present here too are dialled again immediately.
    private mutating func dropLinks() {
        for peer in links.peers {
            for link in links.links(with: peer) { giveUp(link, "another network") }
        }
    }

    /// Returns whether a peer of our gathering is linked over a network that stayed, which makes this a mere change of
    /// addresses. Links over a network that is new, or back, may be left over from an earlier stay, so they prove
    /// nothing.
    private func hasLinkWithinGathering(on networks: NetworkLocation) -> Bool {
        links.peers.contains { peer in
            guard let id = links.best(with: peer), let link = links[id], link.gathering == rooms.gathering else {
                return false
            }
            return networks.reaches(link.endpoint.address)
        }
    }

    /// Returns whether we know our network location well enough to meet the gathering that a peer is in.
    mutating func knowsLocation(toMeet theirs: GatheringID) -> Bool {
        guard let since = presence.offlineSince else { return true }
        if theirs == rooms.gathering {
            // Sent just now: we are where we were.
            presence.offlineSince = nil
            announceGathering()
            return true
        }
        guard now >= since + Bounds.offlineTime else {
            timers.schedule(.gathering, at: since + Bounds.offlineTime)
            return false
        }
        // No network has appeared, but there are peers: this is another location, one without a network.
        presence.offlineSince = nil
        noteGathering()
        presence.location = NetworkLocation()
        leaveGathering()
        resumeGathering()
        return true
    }

    /// Sends our gathering, which was withheld between two networks.
    private mutating func announceGathering() {
        if let gathering = rooms.gathering { broadcast(.gathering(gathering)) }
        meetLowestGathering()
    }

    /// The gathering to send to others; nil if we have none, or are offline.
    var announcedGathering: GatheringID? { presence.offlineSince == nil ? rooms.gathering : nil }
}
