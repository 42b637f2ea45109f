import CoreModel
import Doctor
import Glibc
import Secure
import Wire

/// Introduces a temporary peer to every address of the networks, at a limited rate, and counts the answers.
final class Sweep {
    /// The number of its socket; events refer to it.
    static let number = UInt32.max
    /// The widest prefix that is swept: 1,022 addresses. For a wider one, the /24 around our own address is swept.
    private static let widestPrefix: UInt8 = 22
    private static let narrowPrefix: UInt8 = 24
    /// The time to wait for answers.
    private static let timeout: Duration = .seconds(1)

    private(set) var voices = Voices()
    /// The addresses of peers that connected to the temporary peer, as peers do after an introduction, in ascending
    /// order.
    private(set) var callers: [IPAddress] = []
    private let endpoints: [Endpoint]
    private let identity = Identity(seed: Entropy.bytes(Identity.seedBytes))
    private let instance = Entropy.word()
    private let startedAt: Instant
    private let socket: OwnedSocket?
    /// A listener that accepts no connection: a peer that connects to the temporary peer finds an open port until the
    /// end.
    private let door: OwnedSocket?
    private let poller: Poller
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.datagramBytes + 1, alignment: 16)
    private var sentCount = 0
    private var answered: [Endpoint] = []

    init(over lans: [InterfaceFacts], poller: Poller, at now: Instant) {
        self.poller = poller
        startedAt = now
        endpoints = Self.addresses(of: lans).map { Endpoint(address: $0, port: Limits.discoveryPort) }
        let door = try? OwnedSocket(Descriptor(family: AF_INET, .stream))
        try? door?.descriptor.bind(to: Endpoint(address: .v4(0), port: 0))
        try? door?.descriptor.listen(backlog: 64)
        socket = try? OwnedSocket(Self.open())
        self.door = door
        if let socket { try? poller.add(socket.descriptor.number, .datagrams(Self.number, .unicast), .readable) }
    }

    /// Opens a socket on the discovery port, to which answers are sent. A running Earshot is bound to its address and
    /// so receives them before this socket, which is bound to no address.
    private static func open() throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET, .datagram)
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        // Multicast to the group is not an answer.
        try socket.setOption(IPv4.level, IP_MULTICAST_ALL, to: 0, "IP_MULTICAST_ALL")
        try socket.bind(to: Endpoint(address: .v4(0), port: Limits.discoveryPort))
        return socket
    }

    deinit {
        if let socket { poller.remove(socket.descriptor.number) }
        buffer.deallocate()
    }

    var addressCount: Int { endpoints.count }

    /// Whether a peer has answered.
    var isAnswered: Bool { !answered.isEmpty }

    var isDone: Bool { nextDeadline == nil }

    var nextDeadline: Instant? {
        let end = startedAt + .seconds(endpoints.count) / HostBounds.sweepRate
        if sentCount < endpoints.count { return startedAt + .seconds(sentCount) / HostBounds.sweepRate }
        return hasWaited ? nil : end + Self.timeout
    }

    private var hasWaited = false

    func deadlineReached(at now: Instant) {
        let introduction = announcement(.probe).padded
        while sentCount < endpoints.count, startedAt + .seconds(sentCount) / HostBounds.sweepRate <= now {
            try? socket?.descriptor.sendDatagram(introduction, to: endpoints[sentCount])
            sentCount += 1
        }
        if sentCount == endpoints.count, let last = nextDeadline, last <= now { hasWaited = true }
    }

    func receive() {
        guard let socket else { return }
        for _ in 0..<HostBounds.datagramsPerRound {
            // An address without a listener causes an error (ICMP).
            guard let received = try? socket.descriptor.receiveDatagram(into: buffer) else { return }
            guard let from = received.from, received.count <= Limits.datagramBytes else { continue }
            if !answered.contains(from), answered.count < HostBounds.heardPeerCount { answered.append(from) }
            voices.heard(Array(buffer[..<received.count]), from: from)
        }
    }

    /// Makes peers that answered or connected forget the temporary peer.
    func finish() {
        var addresses: Set<IPAddress> = []
        for _ in 0..<HostBounds.acceptsPerRound {
            guard let door, let accepted = try? door.descriptor.accept() else { break }
            // Closed immediately.
            _ = Descriptor(owning: accepted.number)
            if let from = accepted.from?.address { addresses.insert(from) }
        }
        callers = addresses.sorted { "\($0)" < "\($1)" }
        let goodbye = announcement(.goodbye).padded
        let called = callers.map { Endpoint(address: $0, port: Limits.discoveryPort) }
        for endpoint in answered + called { try? socket?.descriptor.sendDatagram(goodbye, to: endpoint) }
    }

    private func announcement(_ kind: Announcement.Kind) -> SignedAnnouncement {
        let wall = Clock.wall().milliseconds
        let port = (try? door?.descriptor.localEndpoint())??.port ?? Limits.discoveryPort
        return SignedAnnouncement(
            signing: Announcement(
                kind: kind, peer: identity.peerID, instance: instance, sequence: wall,
                name: "doctor-\(instance % 10_000)",
                claimTime: wall, linkPort: port), by: identity)
    }

    /// Returns the addresses to sweep, in ascending order, without the ends of the prefix and our own addresses.
    private static func addresses(of lans: [InterfaceFacts]) -> [IPAddress] {
        let prefixes = lans.flatMap(\.interface.addresses)
        let own = prefixes.map(\.address)
        var all: Set<UInt32> = []
        for prefix in prefixes {
            guard case .v4(let bits) = prefix.address, prefix.length < 31 else { continue }
            let length = prefix.length >= widestPrefix ? prefix.length : narrowPrefix
            let mask = UInt32.max << (32 - UInt32(length))
            all.formUnion((bits & mask) + 1..<(bits | ~mask))
        }
        return all.sorted().map(IPAddress.v4).filter { !own.contains($0) }
    }
}
