import Wire

/// Where a machine is, told by its networks.
public struct Place: Equatable, Sendable {
    /// Of all of its networks, because some (a container's bridge, a VPN) go along wherever it goes; ascending by
    /// interface, without repeats. Empty: no network but this machine's own.
    var prefixes: [NetworkInterface.Prefix] = []
    /// The hardware addresses of its routers, as far as they are known: half of all homes are 192.168.1.0/24.
    var routers: [[UInt8]] = []

    /// Whether a machine that is here is where one was that was there, or may be: it has all of those networks and
    /// perhaps more. A router that is not known (any more) tells nothing.
    func includes(_ other: Place) -> Bool {
        includesPrefixes(of: other) && (other.routers.isEmpty || sharesRouter(with: other))
    }

    /// The same with more care, for what is resumed: without the router that was there it is another place.
    func resumes(_ other: Place) -> Bool {
        includesPrefixes(of: other) && (routers.isEmpty && other.routers.isEmpty || sharesRouter(with: other))
    }

    /// The networks of the other that are here, too.
    func kept(of other: Place) -> Place { Place(prefixes: prefixes.filter(other.prefixes.contains)) }

    /// Whether both have routers, and no common one: links that seem to stand are from there, and dead.
    func hasOtherRouters(than other: Place) -> Bool {
        !routers.isEmpty && !other.routers.isEmpty && !sharesRouter(with: other)
    }

    private func sharesRouter(with other: Place) -> Bool { routers.contains(where: other.routers.contains) }

    private func includesPrefixes(of other: Place) -> Bool {
        if prefixes.isEmpty || other.prefixes.isEmpty { return prefixes.isEmpty && other.prefixes.isEmpty }
        // IPv4's where both have some: IPv6 prefixes change on a network that stays the same.
        let (own, theirs) = (prefixes.filter(\.isIPv4), other.prefixes.filter(\.isIPv4))
        if own.isEmpty || theirs.isEmpty { return other.prefixes.allSatisfy(prefixes.contains) }
        return theirs.allSatisfy(own.contains)
    }

    /// Whether an address belongs to one of these networks.
    func reaches(_ address: IPAddress) -> Bool {
        prefixes.contains { NetworkInterface.Prefix(address: address, length: $0.length).network == $0 }
    }
}

extension Place {
    public init(_ interfaces: [NetworkInterface]) {
        for interface in interfaces where !interface.isLoopback {
            for prefix in interface.addresses {
                // Link-local addresses are the same on every network.
                guard let network = prefix.network, !prefixes.contains(network) else { continue }
                prefixes.append(network)
            }
            if !interface.router.isEmpty, !routers.contains(interface.router) { routers.append(interface.router) }
        }
    }
}

extension NetworkInterface.Prefix {
    fileprivate var isIPv4: Bool {
        if case .v4 = address { true } else { false }
    }
}

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
