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
        // Less than before is a cable out: what comes next tells whether we moved.
        guard present != former, !present.isEmpty, former.isEmpty || !former.include(present) else { return }
        noteGathering()
        presence.networks = present
        if !former.isEmpty, !present.include(former), !isStillAmongOurs { leaveGathering() }
        resumeGathering()
        noteGathering()
    }

    /// Somebody of our gathering is linked with us over a network that we are on: a change of addresses only.
    private var isStillAmongOurs: Bool {
        links.peers.contains { peer in
            guard let id = links.best(with: peer), let link = links[id], link.gathering == rooms.gathering else {
                return false
            }
            return presence.networks.reach(link.endpoint.address)
        }
    }
}
