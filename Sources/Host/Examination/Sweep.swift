import CoreModel
import Doctor
import Glibc
import Secure
import Wire

/// Introduces a peer that exists for the moment only to every address of the networks, paced, and counts who answers.
final class Sweep {
    /// Events of its socket.
    static let number = UInt32.max
    /// The widest prefix that is swept: 1,022 addresses. Of a wider one the /24 around our own address.
    private static let widestPrefix: UInt8 = 22
    private static let narrowPrefix: UInt8 = 24
    /// How long answers are waited for.
    private static let patience: Duration = .seconds(1)

    private(set) var voices = Voices()
    /// Addresses of those that called the moment's peer, as peers do that were introduced to, ascending.
    private(set) var callers: [IPAddress] = []
    private let endpoints: [Endpoint]
    private let identity = Identity(seed: Entropy.bytes(Identity.seedBytes))
    private let instance = Entropy.word()
    private let startedAt: Instant
    private let socket: OwnedSocket?
    /// Accepts nothing: who calls the moment's peer finds a port that is open until we end.
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

    /// At the port of discovery, where answers are sent to. An Earshot that runs here is bound to its address and so gets
    /// them before this one, which is bound to none.
    private static func open() throws(SystemError) -> Descriptor {
        let socket = try Descriptor(family: AF_INET, .datagram)
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        // What is said to the group is no answer.
        try socket.setOption(IPv4.level, IP_MULTICAST_ALL, to: 0, "IP_MULTICAST_ALL")
        try socket.bind(to: Endpoint(address: .v4(0), port: Limits.discoveryPort))
        return socket
    }

    deinit {
        if let socket { poller.remove(socket.descriptor.number) }
        buffer.deallocate()
    }

    var addressCount: Int { endpoints.count }

    /// Somebody has answered.
    var isAnswered: Bool { !answered.isEmpty }

    var isDone: Bool { nextDeadline == nil }

    var nextDeadline: Instant? {
        let end = startedAt + .seconds(endpoints.count) / HostBounds.sweepRate
        if sentCount < endpoints.count { return startedAt + .seconds(sentCount) / HostBounds.sweepRate }
        return hasWaited ? nil : end + Self.patience
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
            // An error is what an address without a listener leaves behind (ICMP).
            guard let received = try? socket.descriptor.receiveDatagram(into: buffer) else { return }
            guard let from = received.from, received.count <= Limits.datagramBytes else { continue }
            if !answered.contains(from), answered.count < HostBounds.heardPeerCount { answered.append(from) }
            voices.heard(Array(buffer[..<received.count]), from: from)
        }
    }

    /// Has those forget the moment's peer that answered or called.
    func finish() {
        var addresses: Set<IPAddress> = []
        for _ in 0..<HostBounds.acceptsPerRound {
            guard let door, let accepted = try? door.descriptor.accept() else { break }
            // Closed at once.
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

    /// Ascending, without the ends of the prefix and our own addresses.
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
