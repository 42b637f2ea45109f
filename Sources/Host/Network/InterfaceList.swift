import CLinux
import CoreModel
import Glibc
import Wire

/// A snapshot of the machine's interfaces.
struct InterfaceList {
    /// The interfaces that are up and running and have an address, by index.
    private(set) var interfaces: [NetworkInterface]
    /// The routers of these interfaces whose hardware address the kernel does not know.
    private(set) var unknownRouters: [IPAddress] = []

    /// Lists the interfaces.
    /// - Parameter names: The interfaces to include; empty for all.
    init(only names: [String]) throws(SystemError) {
        interfaces = try Self.current(only: names)
        let routers = RouterTable.current()
        for place in interfaces.indices {
            guard let router = routers[interfaces[place].name] else { continue }
            interfaces[place].router = router.hardwareAddress
            if router.hardwareAddress.isEmpty { unknownRouters.append(router.address) }
        }
    }

    /// Returns whether a router is not known, or is missing on an interface that had one.
    func lacksRouters(of former: [NetworkInterface]) -> Bool {
        !unknownRouters.isEmpty
            || former.contains { before in
                !before.router.isEmpty && interfaces.contains { $0.index == before.index && $0.router.isEmpty }
            }
    }

    /// Restores routers from the previous list: a router that the kernel has forgotten from disuse, or that does not
    /// answer, is assumed to be present as long as its interface has the same addresses.
    mutating func keepRouters(of former: [NetworkInterface]) {
        for place in interfaces.indices where interfaces[place].router.isEmpty {
            let now = interfaces[place]
            guard let before = former.first(where: { $0.index == now.index && $0.addresses == now.addresses }) else {
                continue
            }
            interfaces[place].router = before.router
        }
    }

    private static func current(only names: [String]) throws(SystemError) -> [NetworkInterface] {
        var first: UnsafeMutablePointer<ifaddrs>?
        try nonBlockingCall("getifaddrs") { getifaddrs(&first) }
        defer { freeifaddrs(first) }

        var interfaces: [NetworkInterface] = []
        // The list starts with every interface and its hardware address; the IP addresses follow.
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }).prefix(while: { $0 != nil }) {
            guard let entry = entry?.pointee, let address = entry.ifa_addr else { continue }
            let name = String(cString: entry.ifa_name)
            guard names.isEmpty || names.contains(name) else { continue }
            let needed = UInt32(IFF_UP | IFF_RUNNING)
            guard entry.ifa_flags & needed == needed else { continue }

            if CInt(address.pointee.sa_family) == AF_PACKET {
                let index = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_ll.self).sll_ifindex
                interfaces.append(
                    NetworkInterface(
                        index: UInt32(index), name: name,
                        isLoopback: entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0, addresses: [],
                        kind: InterfaceKind.kind(
                            of: name, isPointToPoint: entry.ifa_flags & UInt32(IFF_POINTOPOINT) != 0)))
            } else if let prefix = prefix(of: address, mask: entry.ifa_netmask) {
                // A label such as eth0:1 belongs to eth0.
                let owner = name.prefix { $0 != ":" }
                guard let index = interfaces.firstIndex(where: { $0.name == owner }) else { continue }
                interfaces[index].addresses.append(prefix)
            }
        }
        return interfaces.filter { !$0.addresses.isEmpty }.sorted { $0.index < $1.index }
    }

    private static func prefix(
        of address: UnsafePointer<sockaddr>, mask: UnsafePointer<sockaddr>?
    ) -> NetworkInterface.Prefix? {
        guard let endpoint = SocketAddress(copying: address)?.endpoint else { return nil }
        let full: UInt8
        switch endpoint.address {
        case .v4: full = 32
        case .v6: full = 128
        }
        return NetworkInterface.Prefix(address: endpoint.address, length: mask.map { length(of: $0, full) } ?? full)
    }

    private static func length(of mask: UnsafePointer<sockaddr>, _ full: UInt8) -> UInt8 {
        let raw = UnsafeRawPointer(mask)
        if full == 32 {
            return UInt8(raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr.nonzeroBitCount)
        }
        let (high, low) = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr.halves
        return UInt8(high.nonzeroBitCount + low.nonzeroBitCount)
    }
}

extension SocketAddress {
    /// Nil for any other family than IPv4 and IPv6.
    init?(copying address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch CInt(address.pointee.sa_family) {
        case AF_INET:
            let value = raw.loadUnaligned(as: sockaddr_in.self)
            self.init(
                Endpoint(
                    address: .v4(UInt32(bigEndian: value.sin_addr.s_addr)), port: UInt16(bigEndian: value.sin_port)))
        case AF_INET6:
            let value = raw.loadUnaligned(as: sockaddr_in6.self)
            let (high, low) = value.sin6_addr.halves
            self.init(
                Endpoint(
                    address: .v6(high: high, low: low, scope: value.sin6_scope_id),
                    port: UInt16(bigEndian: value.sin6_port)))
        default:
            return nil
        }
    }
}
