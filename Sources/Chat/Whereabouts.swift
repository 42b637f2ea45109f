import Wire

/// Where a machine is, told by its networks: by the prefixes of all of them, because some (a container's bridge, a
/// VPN) go along wherever it goes.
extension [NetworkInterface.Prefix] {
    /// Whether a machine with these networks is where one was that had the others, or may be: it has all of those and
    /// perhaps more.
    func include(_ others: Self) -> Bool {
        if isEmpty || others.isEmpty { return isEmpty && others.isEmpty }
        let (own, theirs) = Self.telling(self, others)
        return theirs.allSatisfy(own.contains)
    }

    /// IPv4's where both have some: IPv6 prefixes change on a network that stays the same.
    private static func telling(_ one: Self, _ other: Self) -> (Self, Self) {
        let (first, second) = (one.filter(\.isIPv4), other.filter(\.isIPv4))
        return first.isEmpty || second.isEmpty ? (one, other) : (first, second)
    }

    /// Whether an address belongs to one of these networks.
    func reach(_ address: IPAddress) -> Bool {
        contains { NetworkInterface.Prefix(address: address, length: $0.length).network == $0 }
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
    mutating func moved(to present: [NetworkInterface.Prefix]) {
        let former = presence.networks
        guard !present.isEmpty || former.isEmpty else {
            // A cable out, or between two networks: what comes next tells. Until then whoever is within earshot, which
            // link-local addresses suffice for, may be others than those that our gathering is with.
            presence.adriftSince = presence.adriftSince ?? now
            return
        }
        let wasAdrift = presence.adriftSince != nil
        presence.adriftSince = nil
        // Less than before is a cable out too.
        if present != former, former.isEmpty || !former.include(present) {
            noteGathering()
            presence.networks = present
            if !former.isEmpty, !present.include(former), !isStillAmongOurs(on: present.filter(former.contains)) {
                leaveGathering()
            }
            resumeGathering()
            noteGathering()
        }
        if wasAdrift { tellWhereWeAre() }
    }

    /// Somebody of our gathering is linked with us over a network that stayed: a change of addresses only. Of a network
    /// that is new, or back, links are left over from when we were there before, so they prove nothing.
    private func isStillAmongOurs(on networks: [NetworkInterface.Prefix]) -> Bool {
        links.peers.contains { peer in
            guard let id = links.best(with: peer), let link = links[id], link.gathering == rooms.gathering else {
                return false
            }
            return networks.reach(link.endpoint.address)
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
        presence.networks = []
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
