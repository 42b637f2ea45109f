import CoreModel
import Wire

/// Moving from network to network.
extension Peer {
    /// The networks are others now, or some of them.
    mutating func moved(to present: Place) {
        let former = presence.place
        guard !present.prefixes.isEmpty || former.prefixes.isEmpty else {
            // A cable out, or between two networks: what comes next tells. Until then whoever is within earshot, which
            // link-local addresses suffice for, may be others than those that our gathering is with.
            presence.adriftSince = presence.adriftSince ?? now
            return
        }
        let wasAdrift = presence.adriftSince != nil
        presence.adriftSince = nil
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
        if wasAdrift { tellWhereWeAre() }
    }

    /// Whoever is within earshot here, too, is dialled again at once.
    private mutating func dropLinks() {
        for peer in links.peers {
            for link in links.links(with: peer) { giveUp(link, "another network") }
        }
    }

    /// Somebody of our gathering is linked with us over a network that stayed: a change of addresses only. Of a network
    /// that is new, or back, links are left over from when we were there before, so they prove nothing.
    private func isStillAmongOurs(on networks: Place) -> Bool {
        links.peers.contains { peer in
            guard let id = links.best(with: peer), let link = links[id], link.gathering == rooms.gathering else {
                return false
            }
            return networks.reaches(link.endpoint.address)
        }
    }

    /// Whether we know where we are well enough to meet a gathering that somebody told us of.
    mutating func isPlaced(toMeet theirs: GatheringID) -> Bool {
        guard let since = presence.adriftSince else { return true }
        if theirs == rooms.gathering {
            // It told so just now: we are where we were.
            presence.adriftSince = nil
            tellWhereWeAre()
            return true
        }
        guard now >= since + Bounds.adriftTime else {
            agenda.ask(for: .gathering, at: since + Bounds.adriftTime)
            return false
        }
        // No network has come, but others are here: another place, one without a network.
        presence.adriftSince = nil
        noteGathering()
        presence.place = Place()
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
    var toldGathering: GatheringID? { presence.adriftSince == nil ? rooms.gathering : nil }
}
