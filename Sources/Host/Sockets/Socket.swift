import CLinux
import Glibc
import Wire

/// A connection that is gone is reported as an error, not as a signal.
private let sendFlags = CInt(MSG_NOSIGNAL)

/// Sockets: thin wrappers, each with the name of the system call.
extension Descriptor {
    enum SocketKind { case stream, datagram }

    /// Creates a socket that never blocks and that a child process never inherits.
    init(family: CInt, _ kind: SocketKind) throws(SystemError) {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        let flags = CInt(type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        self.init(owning: try nonBlockingCall("socket") { socket(family, flags, 0) })
    }

    func setOption(_ level: CInt, _ option: CInt, to value: CInt, _ name: String) throws(SystemError) {
        try setOption(level, option, toValue: value, name)
    }

    /// Sets a socket option.
    /// - Parameter value: Must be of a trivial type.
    func setOption<Value>(
        _ level: CInt, _ option: CInt, toValue value: Value, _ name: String
    ) throws(SystemError) {
        try nonBlockingCall("setsockopt", name) {
            withUnsafePointer(to: value) { setsockopt(number, level, option, $0, socklen_t(MemoryLayout<Value>.size)) }
        }
    }

    func bind(to endpoint: Endpoint) throws(SystemError) {
        try nonBlockingCall("bind", "\(endpoint)") {
            SocketAddress(endpoint).withPointer { Glibc.bind(number, $0, $1) }
        }
    }

    func listen(backlog: CInt) throws(SystemError) {
        try nonBlockingCall("listen") { Glibc.listen(number, backlog) }
    }

    /// Connects the socket.
    /// - Returns: Whether the connection is up; if not, it is up or has failed when the socket becomes writable.
    func connect(to endpoint: Endpoint) throws(SystemError) -> Bool {
        let result = SocketAddress(endpoint).withPointer { Glibc.connect(number, $0, $1) }
        if result == 0 { return true }
        // An interrupted connect continues by itself.
        if errno == EINPROGRESS || errno == EINTR { return false }
        throw SystemError(call: "connect", subject: "\(endpoint)", code: errno)
    }

    /// Returns and clears the pending error of the socket; 0 if none.
    func pendingError() -> CInt {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        let result = getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
        return result == 0 ? code : errno
    }

    /// Returns the local address and port.
    func localEndpoint() throws(SystemError) -> Endpoint? {
        var address = SocketAddress()
        try nonBlockingCall("getsockname") { address.withMutablePointer { getsockname(number, $0, $1) } }
        return address.endpoint
    }

    /// Accepts a connection.
    /// - Returns: Nil if no connection waits.
    func accept() throws(SystemError) -> (number: CInt, from: Endpoint?)? {
        var address = SocketAddress()
        let accepted = try systemCall("accept4") { address.withMutablePointer { earshot_accept(number, $0, $1) } }
        return accepted.map { ($0, address.endpoint) }
    }

    /// Sends bytes.
    /// - Returns: The number of bytes that the kernel accepted; nil if its buffer is full.
    func send(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int? {
        try systemCall("send") {
            bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, sendFlags) }
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> ReadResult {
        switch try systemCall("recv", "", { recv(number, buffer.baseAddress!, buffer.count, 0) }) {
        case nil: .notNow
        case 0?: .end
        case let count?: .bytes(count)
        }
    }

    func sendDatagram(_ bytes: [UInt8], to endpoint: Endpoint) throws(SystemError) {
        _ = try systemCall("sendto", "\(endpoint)") {
            bytes.withUnsafeBytes { buffer in
                SocketAddress(endpoint).withPointer {
                    sendto(number, buffer.baseAddress, buffer.count, sendFlags, $0, $1)
                }
            }
        }
    }

    /// Receives a datagram.
    /// - Returns: The size, truncated to that of the buffer, and the sender; nil if there is no datagram.
    func receiveDatagram(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> (count: Int, from: Endpoint?)? {
        var address = SocketAddress()
        let count = try systemCall("recvfrom") {
            address.withMutablePointer { recvfrom(number, buffer.baseAddress!, buffer.count, 0, $0, $1) }
        }
        return count.map { ($0, address.endpoint) }
    }
}
