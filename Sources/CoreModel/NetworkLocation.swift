package import Wire

/// Where a machine is, told by its networks.
public struct NetworkLocation: Equatable, Sendable {
    /// Of all of its networks, because some (a container's bridge, a VPN) go along wherever it goes; ascending by
    /// interface, without repeats. Empty: no network but this machine's own.
    package var prefixes: [NetworkInterface.Prefix] = []
    /// The hardware addresses of its routers, as far as they are known: half of all homes are 192.168.1.0/24.
    package var routers: [[UInt8]] = []

    package init(prefixes: [NetworkInterface.Prefix] = [], routers: [[UInt8]] = []) {
        self.prefixes = prefixes
        self.routers = routers
    }

    /// Whether a machine that is here is where one was that was there, or may be: it has all of those networks and
    /// perhaps more. A router that is not known (any more) tells nothing.
    package func includes(_ other: NetworkLocation) -> Bool {
        includesPrefixes(of: other) && (other.routers.isEmpty || sharesRouter(with: other))
    }

    /// The same with more care, for what is resumed: without the router that was there it is another place.
    package func resumes(_ other: NetworkLocation) -> Bool {
        includesPrefixes(of: other) && (routers.isEmpty && other.routers.isEmpty || sharesRouter(with: other))
    }

    /// The networks of the other that are here, too.
    package func kept(of other: NetworkLocation) -> NetworkLocation { NetworkLocation(prefixes: prefixes.filter(other.prefixes.contains)) }

    /// Whether both have routers, and no common one: links that seem to stand are from there, and dead.
    package func hasOtherRouters(than other: NetworkLocation) -> Bool {
        !routers.isEmpty && !other.routers.isEmpty && !sharesRouter(with: other)
    }

    private func sharesRouter(with other: NetworkLocation) -> Bool { routers.contains(where: other.routers.contains) }

    private func includesPrefixes(of other: NetworkLocation) -> Bool {
        if prefixes.isEmpty || other.prefixes.isEmpty { return prefixes.isEmpty && other.prefixes.isEmpty }
        // IPv4's where both have some: IPv6 prefixes change on a network that stays the same.
        let (own, theirs) = (prefixes.filter(\.isIPv4), other.prefixes.filter(\.isIPv4))
        if own.isEmpty || theirs.isEmpty { return other.prefixes.allSatisfy(prefixes.contains) }
        return theirs.allSatisfy(own.contains)
    }

    /// Whether an address belongs to one of these networks.
    package func reaches(_ address: IPAddress) -> Bool {
        prefixes.contains { NetworkInterface.Prefix(address: address, length: $0.length).network == $0 }
    }
}

extension NetworkLocation {
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
