import CoreModel
import Wire

/// Moving from network to network.
extension Peer {
    /// The networks are others now, or some of them.
    mutating func moved(to present: NetworkLocation) {
        let former = presence.place
        guard !present.prefixes.isEmpty || former.prefixes.isEmpty else {
            // A cable out, or between two networks: what comes next tells. Until then whoever is within earshot, which
            // link-local addresses suffice for, may be others than those that our gathering is with.
            presence.offlineSince = presence.offlineSince ?? now
            return
        }
        let wasOffline = presence.offlineSince != nil
        presence.offlineSince = nil
        // Less than before is a cable out too.
        if present != former, former.prefixes.isEmpty || !former.includes(present) {
            noteGathering()
            presence.place = present
            if present.hasOtherRouters(than: former) { dropLinks() }
            if !former.prefixes.isEmpty, !present.includes(former), !isStillAmongOurs(on: present.kept(of: former)) {
                leaveGathering()
            }
            resumeGathering()
            noteGathering()
        }
        if wasOffline { tellWhereWeAre() }
    }

    /// Whoever is within earshot here, too, is dialled again at once.
    private mutating func dropLinks() {
        for peer in links.peers {
            for link in links.links(with: peer) { giveUp(link, "another network") }
        }
    }

    /// Somebody of our gathering is linked with us over a network that stayed: a change of addresses only. Of a network
    /// that is new, or back, links are left over from when we were there before, so they prove nothing.
    private func isStillAmongOurs(on networks: NetworkLocation) -> Bool {
        links.peers.contains { peer in
            guard let id = links.best(with: peer), let link = links[id], link.gathering == rooms.gathering else {
                return false
            }
            return networks.reaches(link.endpoint.address)
        }
    }

    /// Whether we know where we are well enough to meet a gathering that somebody told us of.
    mutating func isPlaced(toMeet theirs: GatheringID) -> Bool {
        guard let since = presence.offlineSince else { return true }
        if theirs == rooms.gathering {
            // It told so just now: we are where we were.
            presence.offlineSince = nil
            tellWhereWeAre()
            return true
        }
        guard now >= since + Bounds.offlineTime else {
            timers.schedule(.gathering, at: since + Bounds.offlineTime)
            return false
        }
        // No network has come, but others are here: another place, one without a network.
        presence.offlineSince = nil
        noteGathering()
        presence.place = NetworkLocation()
        leaveGathering()
        resumeGathering()
        return true
    }

    /// What was kept to ourselves between two networks is told.
    private mutating func tellWhereWeAre() {
        if let gathering = rooms.gathering { broadcast(.gathering(gathering)) }
        meetLowestGathering()
    }

    /// Our gathering as others may know it; nil: we have none, or do not know where we are.
    var toldGathering: GatheringID? { presence.offlineSince == nil ? rooms.gathering : nil }
}
