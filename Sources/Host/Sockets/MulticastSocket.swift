import CoreModel
import Glibc
import Wire

/// The sockets of one interface and family. The first is bound to the group, and every instance on the machine receives
/// on it. The second is bound to the interface's address and a port of our own, and sends multicast. The third is bound
/// to that address and the discovery port, and exchanges unicast introductions: both ends of an introduction use the
/// same port, so that a firewall takes each side's datagram for the reply to the other's.
final class MulticastSocket {
    /// One of the sockets.
    enum Part: Equatable { case group, sender, unicast }

    /// Assigned by ``MulticastSockets``; events refer to it.
    let number: UInt32
    let interface: UInt32
    /// Our address on this interface; a change of it means new sockets.
    let address: IPAddress
    /// Whether sending or receiving failed permanently: the sockets must be opened again.
    private(set) var isBroken = false

    /// Whether the system refused the last datagram to the group (`EPERM`).
    private(set) var isForbidden = false

    private let group: Endpoint
    private let receiver: Descriptor
    private let sender: Descriptor
    /// Nil on `lo`, where no introduction is needed, and where another program has bound the port exclusively.
    private let unicast: OwnedDescriptor?
    private let poller: Poller
    /// One byte longer than the largest datagram, to detect longer ones.
    private let buffer: UnsafeMutableRawBufferPointer

    /// Opens the sockets.
    /// - Throws: A ``SystemError`` if the interface has no multicast in this family.
    init(
        number: UInt32, interface: UInt32, address: IPAddress, port: UInt16, isLoopback: Bool, poller: Poller
    ) throws(SystemError) {
        self.number = number
        self.interface = interface
        self.address = address
        self.poller = poller
        switch address {
        case .v4:
            group = Endpoint(address: .v4(0xEFFF_4553), port: port)
            receiver = try Self.receiver4(group, interface)
            sender = try Self.sender4(address, interface)
        case .v6:
            // The group has link-local scope, so it is meaningful only together with an interface.
            group = Endpoint(
                address: .v6(high: 0xFF12_0000_0000_0000, low: 0x6561_7273, scope: interface), port: port)
            receiver = try Self.receiver6(group, interface)
            sender = try Self.sender6(address, interface)
        }
        // Among several processes on a machine, the one that started last receives, and tells the others.
        unicast = isLoopback ? nil : try? OwnedDescriptor(Self.unicast(Endpoint(address: address, port: port)))
        // Allocated last: an error thrown earlier leaks nothing.
        buffer = .allocate(byteCount: Limits.datagramBytes + 1, alignment: 16)
        try poller.add(receiver.number, .datagrams(number, .group), .readable)
        try poller.add(sender.number, .datagrams(number, .sender), .readable)
        if let unicast { try poller.add(unicast.descriptor.number, .datagrams(number, .unicast), .readable) }
    }

    deinit {
        poller.remove(receiver.number)
        poller.remove(sender.number)
        if let unicast { poller.remove(unicast.descriptor.number) }
        buffer.deallocate()
    }

    /// Returns whether an address is on the network of this interface.
    func reaches(_ other: IPAddress, by interfaces: [NetworkInterface]) -> Bool {
        guard other.family == address.family else { return false }
        if case .v6(_, _, let scope) = other, scope != 0 { return scope == interface }
        return interfaces.first { $0.index == interface }?.addresses.contains { $0.contains(other) } ?? false
    }

    /// Sends a datagram to the group.
    /// - Returns: The failure, if any. It is never serious: the next announcement may succeed.
    func multicast(_ bytes: [UInt8]) -> String? {
        isForbidden = false
        return send(bytes, to: group) { bytes, endpoint throws(SystemError) in
            try sender.sendDatagram(bytes, to: endpoint)
        }
    }

    /// Sends a datagram from the discovery port if we have it, otherwise from our own port.
    func send(_ bytes: [UInt8], to endpoint: Endpoint) -> String? {
        send(bytes, to: endpoint) { bytes, endpoint throws(SystemError) in
            if let unicast {
                try unicast.descriptor.sendDatagram(bytes, to: endpoint)
            } else {
                try sender.sendDatagram(bytes, to: endpoint)
            }
        }
    }

    private func send(
        _ bytes: [UInt8], to endpoint: Endpoint, by send: ([UInt8], Endpoint) throws(SystemError) -> Void
    ) -> String? {
        do {
            try send(bytes, endpoint)
            return nil
        } catch {
            if error.code == EPERM { isForbidden = true }
            if [ENODEV, ENXIO, EADDRNOTAVAIL, EINVAL, ENOTCONN].contains(error.code) { isBroken = true }
            return error.description
        }
    }

    /// Receives a bounded number of waiting datagrams. Those longer than the protocol allows are dropped.
    func receive(_ part: Part, _ body: ([UInt8], Endpoint, DatagramPath) -> Void) {
        switch part {
        case .group: receive(from: receiver) { body($0, $1, .multicast(interface: interface)) }
        case .sender: receive(from: sender) { body($0, $1, .unicast) }
        case .unicast: if let unicast { receive(from: unicast.descriptor) { body($0, $1, .unicast) } }
        }
    }

    private func receive(from socket: borrowing Descriptor, _ body: ([UInt8], Endpoint) -> Void) {
        var errors = 0
        for _ in 0..<HostBounds.datagramsPerRound {
            do throws(SystemError) {
                guard let (count, from) = try socket.receiveDatagram(into: buffer) else { return }
                guard let from, count > 0, count <= Limits.datagramBytes else { continue }
                body(Array(buffer[..<count]), from)
            } catch {
                // An error that an earlier datagram caused (ICMP), or the interface is gone.
                errors += 1
                if error.code == ENETDOWN || errors > 8 {
                    isBroken = true
                    return
                }
            }
        }
    }

    // MARK: Opening

    static func receiver4(_ group: Endpoint, _ interface: UInt32) throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET, .datagram)
        // Not SO_REUSEPORT, which requires all sockets to belong to one user.
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        // Otherwise Linux also delivers groups that any other socket of the machine has joined, once per interface.
        try socket.setOption(IPv4.level, IP_MULTICAST_ALL, to: 0, "IP_MULTICAST_ALL")
        try socket.bind(to: group)
        guard case .v4(let address) = group.address else { preconditionFailure("an IPv4 group") }
        let request = ip_mreqn(
            imr_multiaddr: in_addr(s_addr: address.bigEndian), imr_address: in_addr(s_addr: 0),
            imr_ifindex: CInt(bitPattern: interface))
        try socket.setOption(IPv4.level, IP_ADD_MEMBERSHIP, toValue: request, "IP_ADD_MEMBERSHIP")
        return socket
    }

    static func sender4(_ address: IPAddress, _ interface: UInt32) throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET, .datagram)
        try socket.bind(to: Endpoint(address: address, port: 0))
        guard case .v4(let bits) = address else { preconditionFailure("an IPv4 address") }
        let request = ip_mreqn(
            imr_multiaddr: in_addr(s_addr: 0), imr_address: in_addr(s_addr: bits.bigEndian),
            imr_ifindex: CInt(bitPattern: interface))
        try socket.setOption(IPv4.level, IP_MULTICAST_IF, toValue: request, "IP_MULTICAST_IF")
        try socket.setOption(IPv4.level, IP_MULTICAST_TTL, to: 1, "IP_MULTICAST_TTL")
        try socket.setOption(IPv4.level, IP_MULTICAST_LOOP, to: 1, "IP_MULTICAST_LOOP")
        return socket
    }

    /// Opens a socket bound to one address of ours, so that it receives only unicast to that address.
    private static func unicast(_ endpoint: Endpoint) throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: endpoint.address.family, .datagram)
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        // Never beyond a router, whatever the prefix says.
        switch endpoint.address {
        case .v4: try socket.setOption(IPv4.level, IP_TTL, to: 1, "IP_TTL")
        case .v6:
            try socket.setOption(IPv6.level, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY")
            try socket.setOption(IPv6.level, IPV6_UNICAST_HOPS, to: 1, "IPV6_UNICAST_HOPS")
        }
        try socket.bind(to: endpoint)
        return socket
    }

    static func receiver6(_ group: Endpoint, _ interface: UInt32) throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET6, .datagram)
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        try socket.setOption(IPv6.level, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY")
        // The scope of the address binds the socket to the interface.
        try socket.bind(to: group)
        guard case .v6(let high, let low, _) = group.address else { preconditionFailure("an IPv6 group") }
        let request = ipv6_mreq(ipv6mr_multiaddr: in6_addr(high: high, low: low), ipv6mr_interface: interface)
        try socket.setOption(IPv6.level, IPV6_JOIN_GROUP, toValue: request, "IPV6_JOIN_GROUP")
        return socket
    }

    static func sender6(_ address: IPAddress, _ interface: UInt32) throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET6, .datagram)
        try socket.setOption(IPv6.level, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY")
        try socket.bind(to: Endpoint(address: address, port: 0))
        try socket.setOption(IPv6.level, IPV6_MULTICAST_IF, to: CInt(bitPattern: interface), "IPV6_MULTICAST_IF")
        try socket.setOption(IPv6.level, IPV6_MULTICAST_HOPS, to: 1, "IPV6_MULTICAST_HOPS")
        try socket.setOption(IPv6.level, IPV6_MULTICAST_LOOP, to: 1, "IPV6_MULTICAST_LOOP")
        return socket
    }
}
