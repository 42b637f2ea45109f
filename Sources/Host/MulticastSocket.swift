import Chat
import Glibc
import Wire

/// The two sockets of one interface and family: one bound to the group, which every instance on the machine hears,
/// and one bound to the interface's address and a port of our own, from which all is sent and to which an answer to
/// the sender comes.
final class MulticastSocket {
    /// Given by ``MulticastSockets``; events are tied to it.
    let number: UInt32
    let interface: UInt32
    /// Ours on this interface; a change of it means new sockets.
    let address: IPAddress
    /// Set when sending or receiving failed for good: to be opened anew.
    private(set) var isBroken = false

    private let group: Endpoint
    private let receiver: Descriptor
    private let sender: Descriptor
    private let poller: Poller
    /// One byte more than a datagram may have tells what is too long.
    private let buffer: UnsafeMutableRawBufferPointer

    /// - Throws: If the interface has no multicast in this family.
    init(
        number: UInt32, interface: UInt32, address: IPAddress, port: UInt16, poller: Poller
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
            // Of link-local scope, so it is only meant together with an interface.
            group = Endpoint(
                address: .v6(high: 0xFF12_0000_0000_0000, low: 0x6561_7273, scope: interface), port: port)
            receiver = try Self.receiver6(group, interface)
            sender = try Self.sender6(address, interface)
        }
        // Last: what throws before all is set up leaves nothing behind.
        buffer = .allocate(byteCount: Limits.datagramBytes + 1, alignment: 16)
        try poller.add(receiver.number, .datagrams(number, toGroup: true), .readable)
        try poller.add(sender.number, .datagrams(number, toGroup: false), .readable)
    }

    deinit {
        poller.remove(receiver.number)
        poller.remove(sender.number)
        buffer.deallocate()
    }

    /// - Returns: Why it could not be sent, if so. Never more than a pity: the next announcement may pass.
    func multicast(_ bytes: [UInt8]) -> String? { send(bytes, to: group) }

    func send(_ bytes: [UInt8], to endpoint: Endpoint) -> String? {
        do {
            try sender.sendDatagram(bytes, to: endpoint)
            return nil
        } catch {
            if [ENODEV, ENXIO, EADDRNOTAVAIL, EINVAL, ENOTCONN].contains(error.code) { isBroken = true }
            return error.description
        }
    }

    /// A bounded number of the datagrams that wait. Longer ones than the protocol allows are dropped.
    /// - Parameter toGroup: Those that came to the group, or else those that came to us alone.
    func receive(toGroup: Bool, _ body: ([UInt8], Endpoint) -> Void) {
        if toGroup {
            receive(from: receiver, body)
        } else {
            receive(from: sender, body)
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
                // An error that an earlier datagram left behind (ICMP), or the interface is gone.
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
        // Not SO_REUSEPORT: that wants all sockets to be of one user.
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        // Else Linux hands on what any socket of the machine has joined, once for each interface.
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
