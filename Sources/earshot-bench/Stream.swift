import CMeasure
import Glibc

/// Plain sockets over loopback, for floors and for members created by the thousand.
enum Stream {
    /// Starts to listen.
    /// - Returns: The non-blocking listening socket, and its port.
    static func listen() throws -> (socket: CInt, port: UInt16) {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 && Glibc.listen(socket, 4096) == 0
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard isBound else { throw Obstacle("cannot listen: \(String(cString: strerror(errno)))") }
        return (socket, UInt16(bigEndian: address.sin_port))
    }

    static func connect(to port: UInt16) throws -> CInt {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard socket >= 0, result == 0 else { throw Obstacle("cannot connect: \(String(cString: strerror(errno)))") }
        setUp(socket)
        return socket
    }

    /// Disables Nagle's algorithm and, by default, blocking.
    static func setUp(_ socket: CInt, waits: Bool = false) {
        var one: CInt = 1
        setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        _ = fcntl(socket, F_SETFL, waits ? 0 : O_NONBLOCK)
    }

    /// Sends all bytes, trying again while the kernel's buffer is full.
    static func send(_ bytes: [UInt8], on socket: CInt) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno != EAGAIN && errno != EINTR {
                return
            }
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
            sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
    }
}

/// epoll, level-triggered, with one number for each socket.
final class Watch {
    private let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
    private var events = [epoll_event](repeating: epoll_event(), count: 512)

    deinit { close(epoll) }

    func add(_ socket: CInt, number: Int, forWriting: Bool = false) {
        var event = Self.event(number, forWriting)
        epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)
    }

    func change(_ socket: CInt, number: Int, forWriting: Bool) {
        var event = Self.event(number, forWriting)
        epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event)
    }

    private static func event(_ number: Int, _ forWriting: Bool) -> epoll_event {
        let flags = EPOLLIN.rawValue | (forWriting ? EPOLLOUT.rawValue : 0)
        return epoll_event(events: flags, data: epoll_data_t(u64: UInt64(number)))
    }

    /// Calls a closure for each socket that is ready.
    /// - Parameter milliseconds: The maximum time to wait for one; -1 for no limit.
    func wait(milliseconds: CInt, _ body: (Int) -> Void) {
        let count = epoll_wait(epoll, &events, CInt(events.count), milliseconds)
        for place in 0..<max(0, Int(count)) { body(Int(events[place].data.u64)) }
    }
}
