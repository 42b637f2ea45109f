package import Wire

/// The networks that a machine is on, by which a change of place is recognised.
public struct NetworkLocation: Equatable, Sendable {
    /// The prefixes of all its networks, because some (a container's bridge, a VPN) stay the same wherever the machine
    /// is. Ascending by interface, without repeats. Empty: no network but the machine itself.
    package var prefixes: [NetworkInterface.Prefix] = []
    /// The hardware addresses of its routers, as far as they are known: half of all homes are 192.168.1.0/24.
    package var routers: [[UInt8]] = []

    package init(prefixes: [NetworkInterface.Prefix] = [], routers: [[UInt8]] = []) {
        self.prefixes = prefixes
        self.routers = routers
    }

    /// Returns whether this location is, or may be, the other one: it has all networks of the other and perhaps more. A
    /// router that is unknown, or unknown by now, proves nothing.
    package func includes(_ other: NetworkLocation) -> Bool {
        includesPrefixes(of: other) && (other.routers.isEmpty || sharesRouter(with: other))
    }

    /// Returns whether state of the other location may be resumed here. Stricter than ``includes(_:)``: without the
    /// former router it is another location.
    package func resumes(_ other: NetworkLocation) -> Bool {
        includesPrefixes(of: other) && (routers.isEmpty && other.routers.isEmpty || sharesRouter(with: other))
    }

    /// Returns the networks of the other location that this one has, too.
    package func kept(of other: NetworkLocation) -> NetworkLocation {
        NetworkLocation(prefixes: prefixes.filter(other.prefixes.contains))
    }

    /// Returns whether both have routers and none in common. Links that seem to be up then belong to the former network
    /// and are dead.
    package func hasOtherRouters(than other: NetworkLocation) -> Bool {
        !routers.isEmpty && !other.routers.isEmpty && !sharesRouter(with: other)
    }

    private func sharesRouter(with other: NetworkLocation) -> Bool { routers.contains(where: other.routers.contains) }

    private func includesPrefixes(of other: NetworkLocation) -> Bool {
        if prefixes.isEmpty || other.prefixes.isEmpty { return prefixes.isEmpty && other.prefixes.isEmpty }
        // Compares only IPv4 where both have it: IPv6 prefixes change on a network that stays the same.
        let (own, theirs) = (prefixes.filter(\.isIPv4), other.prefixes.filter(\.isIPv4))
        if own.isEmpty || theirs.isEmpty { return other.prefixes.allSatisfy(prefixes.contains) }
        return theirs.allSatisfy(own.contains)
    }

    /// Returns whether an address belongs to one of these networks.
    package func reaches(_ address: IPAddress) -> Bool {
        prefixes.contains { NetworkInterface.Prefix(address: address, length: $0.length).network == $0 }
    }
}

extension NetworkLocation {
    /// Collects the networks and routers of all interfaces but loopback.
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
