import CoreModel
import Glibc
public import Wire

/// The choice of the TCP port for links.
public enum PortChoice: Equatable, Sendable {
    /// This port if it is free, otherwise any.
    case preferred(UInt16)
    /// Only this port; 0 is any.
    case exactly(UInt16)
    case any
    /// All of these addresses; at least one.
    case at([ListenPlace])
}

/// An address to listen on.
public enum ListenPlace: Hashable, Sendable {
    /// All addresses of the machine, in each of IPv4 and IPv6 that it has. Port 0: any.
    case everyAddress(port: UInt16)
    case endpoint(Endpoint)
}

/// Accepts connections of one kind, over IPv4 and IPv6 as far as the machine has them.
final class Listener {
    /// The port of the first socket, if there are several.
    let port: UInt16
    /// The kind of connections that it accepts.
    let door: Door
    private let sockets: [OwnedDescriptor]
    private let poller: Poller
    /// Set while the process is out of descriptors: the listener then pauses rather than spin.
    private(set) var pausedUntil: Instant?

    /// Opens the sockets.
    /// - Throws: ``HostError`` if the port is taken or not permitted.
    init(_ choice: PortChoice, door: Door = .links, poller: Poller) throws {
        self.poller = poller
        self.door = door
        (port, sockets) = try Self.open(choice, door)
        for socket in sockets { try poller.add(socket.descriptor.number, .listener(door), .readable) }
    }

    deinit {
        for socket in sockets { poller.remove(socket.descriptor.number) }
    }

    /// Accepts up to ``HostBounds/acceptsPerRound`` waiting connections.
    func accept(at now: Instant, _ body: (consuming Descriptor, Endpoint) -> Void) {
        var room = HostBounds.acceptsPerRound
        for socket in sockets {
            while room > 0 {
                room -= 1
                do throws(SystemError) {
                    guard let (number, from) = try socket.descriptor.accept() else { break }
                    let accepted = Descriptor(owning: number)
                    if let from { body(accepted, from) }
                } catch  where [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.code) {
                    return pause(until: now + HostBounds.acceptPause)
                } catch {
                    // This connection failed before it was accepted (accept(2), Error handling).
                    continue
                }
            }
        }
    }

    /// Allows a socket of ours to bind to the port, to connect from it, while `body` runs. Not longer: another process
    /// of this user could then listen there, too, and would get half of our connections.
    func sharingPort<Result>(_ body: () -> Result) -> Result {
        for socket in sockets { try? socket.descriptor.setOption(SOL_SOCKET, SO_REUSEPORT, to: 1, "SO_REUSEPORT") }
        defer {
            for socket in sockets { try? socket.descriptor.setOption(SOL_SOCKET, SO_REUSEPORT, to: 0, "SO_REUSEPORT") }
        }
        return body()
    }

    /// Resumes accepting after the pause.
    func deadlineReached(at now: Instant) {
        guard let pausedUntil, pausedUntil <= now else { return }
        self.pausedUntil = nil
        for socket in sockets { poller.change(socket.descriptor.number, to: .readable) }
    }

    private func pause(until instant: Instant) {
        pausedUntil = instant
        for socket in sockets { poller.change(socket.descriptor.number, to: []) }
    }

    // MARK: Opening

    private static func open(_ choice: PortChoice, _ door: Door) throws -> (UInt16, [OwnedDescriptor]) {
        switch choice {
        case .exactly(0): return try open(.any, door)
        case .exactly(let port):
            do {
                return try open(port: port)
            } catch let error as SystemError {
                throw explained(error, "port \(port)", "--port 0")
            }
        case .at(let places):
            let opened = try places.map { try open($0, door) }
            return (opened.first?.0 ?? 0, opened.flatMap(\.1))
        case .preferred(let port):
            do {
                return try open(port: port)
            } catch let error as SystemError where error.code == EADDRINUSE || error.code == EACCES {
                return try open(.any, door)
            }
        case .any:
            // The port that the kernel chooses for one family may be taken in the other.
            for _ in 0..<16 {
                do {
                    return try open(port: 0)
                } catch let error as SystemError where error.code == EADDRINUSE {
                    continue
                }
            }
            throw HostError("cannot listen: no port is free for both IPv4 and IPv6 (name one with --port)")
        }
    }

    private static func open(_ place: ListenPlace, _ door: Door) throws -> (UInt16, [OwnedDescriptor]) {
        let option =
            switch door {
            case .links: "--listen 0.0.0.0:PORT"
            case .guests: "another port for --text"
            case .status: "another --state"
            case .pages: "another port for --metrics"
            }
        switch place {
        case .everyAddress(port: 0): return try open(.any, door)
        case .everyAddress(let port):
            do {
                return try open(port: port)
            } catch let error as SystemError {
                throw explained(error, "port \(port)", option)
            }
        case .endpoint(let endpoint):
            do {
                let socket = try open(endpoint)
                return (try socket.descriptor.localEndpoint()?.port ?? 0, [socket])
            } catch {
                throw explained(error, error.code == EADDRINUSE ? "port \(endpoint.port)" : "\(endpoint)", option)
            }
        }
    }

    private static func explained(_ error: SystemError, _ place: String, _ option: String) -> HostError {
        switch error.code {
        case EADDRINUSE: HostError("cannot listen on \(place): already in use (try \(option))")
        case EACCES: HostError("cannot listen on \(place): not permitted (try a port above 1023)")
        case EADDRNOTAVAIL:
            HostError("cannot listen on \(place): this machine does not have that address (try \(option))")
        default: HostError("cannot listen on \(place): \(error.reason)")
        }
    }

    private static func open(port: UInt16) throws -> (UInt16, [OwnedDescriptor]) {
        var port = port
        var sockets: [OwnedDescriptor] = []
        for address in [IPAddress.v4(0), .v6(high: 0, low: 0, scope: 0)] {
            guard let socket = try openIfPresent(Endpoint(address: address, port: port)) else { continue }
            if port == 0 { port = try socket.descriptor.localEndpoint()?.port ?? 0 }
            sockets.append(socket)
        }
        if sockets.isEmpty { throw HostError("cannot listen: this machine has neither IPv4 nor IPv6") }
        return (port, sockets)
    }

    /// Opens a socket.
    /// - Returns: Nil if the machine lacks the family.
    private static func openIfPresent(_ endpoint: Endpoint) throws(SystemError) -> OwnedDescriptor? {
        do {
            return try open(endpoint)
        } catch {
            guard [EAFNOSUPPORT, EADDRNOTAVAIL, EPROTONOSUPPORT].contains(error.code) else { throw error }
            return nil
        }
    }

    private static func open(_ endpoint: Endpoint) throws(SystemError) -> OwnedDescriptor {
        let socket = try Descriptor(family: endpoint.address.family, .stream)
        // Allows a port whose last connections are in TIME_WAIT.
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        if case .v6 = endpoint.address { try socket.setOption(IPv6.level, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY") }
        try socket.bind(to: endpoint)
        try socket.listen(backlog: 512)
        return OwnedDescriptor(socket)
    }
}

/// The kinds of listeners.
enum Door: Equatable {
    case links, guests, pages, status
}

/// The levels of socket options, with the type that the calls require.
enum IPv4 { static let level = CInt(IPPROTO_IP) }
enum IPv6 { static let level = CInt(IPPROTO_IPV6) }
enum TCP { static let level = CInt(IPPROTO_TCP) }
