import Foundation
import TestKit

@_silgen_name("setns")
private func setns(_ namespace: CInt, _ type: CInt) -> CInt

/// Raw sockets inside a network namespace, for data that an honest peer would never send.
struct Attacker {
    let namespace: String

    private static let group = "239.255.69.83"
    private static let port: UInt16 = 47474

    /// Runs a body on a thread of its own inside the namespace; sockets that it creates remain there.
    func run<Result>(_ body: @escaping () -> Result) -> Result {
        let box = Box(body)
        let done = DispatchSemaphore(value: 0)
        let path = "/run/netns/\(namespace)"
        let thread = Thread {
            let handle = open(path, O_RDONLY)
            precondition(handle >= 0 && setns(handle, 0x4000_0000) == 0, "cannot enter \(path)")
            close(handle)
            box.value = box.body()
            done.signal()
        }
        thread.start()
        done.wait()
        return box.value!
    }

    private final class Box<Value>: @unchecked Sendable {  // The semaphore orders writing before reading.
        let body: () -> Value
        var value: Value?

        init(_ body: @escaping () -> Value) { self.body = body }
    }

    /// Returns a socket that receives the group on loopback. Must be created before the peers start.
    func listener() -> CInt {
        run {
            let socket = Self.datagramSocket()
            var address = Self.address("0.0.0.0", Self.port)
            _ = Self.with(&address) { bind(socket, $0, $1) }
            var membership = ip_mreq(
                imr_multiaddr: in_addr(s_addr: inet_addr(Self.group)),
                imr_interface: in_addr(s_addr: inet_addr("127.0.0.1")))
            setsockopt(
                socket, CInt(IPPROTO_IP), IP_ADD_MEMBERSHIP, &membership, socklen_t(MemoryLayout<ip_mreq>.size))
            var timeout = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            return socket
        }
    }

    /// Returns the next datagram on such a socket; empty if none arrives.
    func hear(_ listener: CInt) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = recv(listener, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(0, count)))
    }

    /// Sends forged datagrams to the group on loopback.
    func send(_ count: Int, make: @escaping (Int) -> [UInt8]) {
        run {
            let socket = Self.datagramSocket()
            var local = in_addr(s_addr: inet_addr("127.0.0.1"))
            setsockopt(socket, CInt(IPPROTO_IP), IP_MULTICAST_IF, &local, socklen_t(MemoryLayout<in_addr>.size))
            var address = Self.address(Self.group, Self.port)
            for number in 0..<count {
                let bytes = make(number)
                _ = Self.with(&address) { sendto(socket, bytes, bytes.count, 0, $0, $1) }
            }
            close(socket)
        }
    }

    /// Connects to a peer's link port; nil if that fails.
    func connection(to port: UInt16) -> CInt? {
        run {
            let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            var timeout = timeval(tv_sec: 15, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            var address = Self.address("127.0.0.1", port)
            guard Self.with(&address, { connect(socket, $0, $1) }) == 0 else {
                close(socket)
                return nil
            }
            return socket
        }
    }

    private static func datagramSocket() -> CInt {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        var on: CInt = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<CInt>.size))
        return socket
    }

    private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(text)
        return address
    }

    private static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> some BinaryInteger
    ) -> Int {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Int(body($0, socklen_t(MemoryLayout<sockaddr_in>.size)))
            }
        }
    }
}
