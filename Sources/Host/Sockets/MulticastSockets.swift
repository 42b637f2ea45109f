import CoreModel
import Glibc
import Wire

/// Multicast on every interface and family that has it. An interface without it, such as IPv6 on `lo`, is absent rather
/// than an error, and is tried again whenever interfaces are listed.
final class MulticastSockets {
    private let port: UInt16
    private let poller: Poller
    private let note: (Note) -> Void
    private var sockets: [MulticastSocket] = []
    private var nextNumber: UInt32 = 0
    /// The latest report about each interface and family that cannot be opened, to report each failure once.
    private var absences: [String] = []
    /// The obstacles that ``takeObstacles()`` returned last.
    private var toldObstacles: [ReachObstacle] = []
    private var interfaces: [NetworkInterface] = []
    /// Whether another program has bound the discovery port on some interface.
    private var isPortTaken = false

    init(port: UInt16, poller: Poller, note: @escaping (Note) -> Void) {
        self.port = port
        self.poller = poller
        self.note = note
    }

    /// The number of interfaces and families that are open.
    var count: Int { sockets.count }

    /// Closes sockets that are gone or broken, and opens new ones.
    func update(_ interfaces: [NetworkInterface]) {
        self.interfaces = interfaces
        isPortTaken = false
        let wanted = interfaces.flatMap { interface in
            Self.addresses(of: interface).map { (interface: interface, address: $0) }
        }
        sockets.removeAll { socket in
            socket.isBroken
                || !wanted.contains { $0.interface.index == socket.interface && $0.address == socket.address }
        }
        var absences: [String] = []
        for (interface, address) in wanted
        where !sockets.contains(where: { $0.interface == interface.index && $0.address == address }) {
            nextNumber += 1
            do {
                sockets.append(
                    try MulticastSocket(
                        number: nextNumber, interface: interface.index, address: address, port: port,
                        isLoopback: interface.isLoopback, poller: poller))
                note(Note(.debug, "multicast on \(interface.name) from \(address)"))
            } catch {
                if error.code == EADDRINUSE { isPortTaken = true }
                let absence = "no multicast on \(interface.name) from \(address): \(error)"
                if !self.absences.contains(absence) { note(Note(.debug, absence)) }
                absences.append(absence)
            }
        }
        self.absences = absences
    }

    func multicast(_ bytes: [UInt8]) {
        for socket in sockets {
            if let failure = socket.multicast(bytes) {
                note(Note(.debug, "multicast from \(socket.address): \(failure)"))
            }
        }
    }

    /// Sends a datagram from the socket of the interface whose network the address is on.
    func send(_ bytes: [UInt8], to endpoint: Endpoint) {
        let socket = sockets.first { $0.reaches(endpoint.address, by: interfaces) }
        guard let socket else { return note(Note(.debug, "no socket from which to send a datagram to \(endpoint)")) }
        if let failure = socket.send(bytes, to: endpoint) { note(Note(.debug, failure)) }
    }

    func receive(on number: UInt32, _ part: MulticastSocket.Part, _ body: ([UInt8], Endpoint, DatagramPath) -> Void) {
        sockets.first { $0.number == number }?.receive(part, body)
    }

    /// Returns the conditions that prevent others from finding us.
    /// - Returns: Nil if they have not changed since the last call.
    func takeObstacles() -> [ReachObstacle]? {
        var obstacles: [ReachObstacle] = isPortTaken ? [.discoveryPortTaken] : []
        for interface in interfaces where !interface.isLoopback {
            // One family that works is enough.
            let own = sockets.filter { $0.interface == interface.index }
            if !own.isEmpty, own.allSatisfy(\.isForbidden) {
                obstacles.append(.sendingForbidden(interface: interface.name))
            }
        }
        guard obstacles != toldObstacles else { return nil }
        toldObstacles = obstacles
        return obstacles
    }

    /// Returns the addresses to send from: the first of each family, for IPv6 preferably a link-local one.
    static func addresses(of interface: NetworkInterface) -> [IPAddress] {
        let all = interface.addresses.map(\.address)
        let first4 = all.first { $0.family == IPAddress.v4(0).family }
        // On `lo` IPv6 multicast has no route, and IPv4 reaches everyone there.
        let sixes = interface.isLoopback ? [] : all.filter { $0.family != IPAddress.v4(0).family }
        let first6 = sixes.first { if case .v6(_, _, let scope) = $0 { scope != 0 } else { false } } ?? sixes.first
        return [first4, first6].compactMap(\.self)
    }
}
