import CoreModel
import Glibc
import Wire

/// Sends to and hears the group on every interface and family that has it. What has none, such as IPv6 on `lo`, is
/// absent rather than an error, and is tried again whenever interfaces are listed.
final class MulticastSockets {
    private let port: UInt16
    private let poller: Poller
    private let note: (Note) -> Void
    private var sockets: [MulticastSocket] = []
    private var nextNumber: UInt32 = 0
    /// What was said last about each interface and family that cannot be opened, so that it is said once.
    private var absences: [String] = []
    /// The same of ``obstacles``.
    private var toldObstacles: [ReachObstacle] = []
    private var interfaces: [NetworkInterface] = []
    /// Another program has the port of discovery on some interface.
    private var isPortTaken = false

    init(port: UInt16, poller: Poller, note: @escaping (Note) -> Void) {
        self.port = port
        self.poller = poller
        self.note = note
    }

    /// How many interfaces and families are open.
    var count: Int { sockets.count }

    /// Closes what is gone or broken, opens what is new.
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

    /// From the socket of the interface whose network the address is on.
    func send(_ bytes: [UInt8], to endpoint: Endpoint) {
        let socket = sockets.first { $0.reaches(endpoint.address, by: interfaces) }
        guard let socket else { return note(Note(.debug, "no socket to send a datagram to \(endpoint) from")) }
        if let failure = socket.send(bytes, to: endpoint) { note(Note(.debug, failure)) }
    }

    func receive(on number: UInt32, _ part: MulticastSocket.Part, _ body: ([UInt8], Endpoint, DatagramPath) -> Void) {
        sockets.first { $0.number == number }?.receive(part, body)
    }

    /// What keeps us from being found.
    /// - Returns: nil if it is as it was when it was taken last.
    func takeObstacles() -> [ReachObstacle]? {
        var obstacles: [ReachObstacle] = isPortTaken ? [.discoveryPortTaken] : []
        for interface in interfaces where !interface.isLoopback {
            // One family that gets through is enough.
            let own = sockets.filter { $0.interface == interface.index }
            if !own.isEmpty, own.allSatisfy(\.isForbidden) {
                obstacles.append(.sendingForbidden(interface: interface.name))
            }
        }
        guard obstacles != toldObstacles else { return nil }
        toldObstacles = obstacles
        return obstacles
    }

    /// The address to send from, for each family: the first, and for IPv6 a link-local one if there is any.
    static func addresses(of interface: NetworkInterface) -> [IPAddress] {
        let all = interface.addresses.map(\.address)
        let first4 = all.first { $0.family == IPAddress.v4(0).family }
        // On `lo` IPv6 multicast has no route, and whoever is there is reached by IPv4.
        let sixes = interface.isLoopback ? [] : all.filter { $0.family != IPAddress.v4(0).family }
        let first6 = sixes.first { if case .v6(_, _, let scope) = $0 { scope != 0 } else { false } } ?? sixes.first
        return [first4, first6].compactMap(\.self)
    }
}
