import CLinux
import Glibc
import Wire

/// A peer that is gone is an error to look at, not a signal.
private let sendFlags = CInt(MSG_NOSIGNAL)

/// Sockets: thin calls, each with the name it has in the manual.
extension Descriptor {
    enum SocketKind { case stream, datagram }

    /// A socket that never blocks and is never inherited.
    init(family: CInt, _ kind: SocketKind) throws(SystemError) {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        let flags = CInt(type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        self.init(owning: try promptCall("socket") { socket(family, flags, 0) })
    }

    func setOption(_ level: CInt, _ option: CInt, to value: CInt, _ name: String) throws(SystemError) {
        try setOption(level, option, toValue: value, name)
    }

    /// - Parameter value: Must be of a trivial type.
    func setOption<Value>(
        _ level: CInt, _ option: CInt, toValue value: Value, _ name: String
    ) throws(SystemError) {
        try promptCall("setsockopt", name) {
            withUnsafePointer(to: value) { setsockopt(number, level, option, $0, socklen_t(MemoryLayout<Value>.size)) }
        }
    }

    func bind(to endpoint: Endpoint) throws(SystemError) {
        try promptCall("bind", "\(endpoint)") {
            SocketAddress(endpoint).withPointer { Glibc.bind(number, $0, $1) }
        }
    }

    func listen(backlog: CInt) throws(SystemError) {
        try promptCall("listen") { Glibc.listen(number, backlog) }
    }

    /// - Returns: Whether it stands at once; else it stands or has failed when the socket becomes writable.
    func connect(to endpoint: Endpoint) throws(SystemError) -> Bool {
        let result = SocketAddress(endpoint).withPointer { Glibc.connect(number, $0, $1) }
        if result == 0 { return true }
        // An interrupted connect goes on by itself.
        if errno == EINPROGRESS || errno == EINTR { return false }
        throw SystemError(call: "connect", subject: "\(endpoint)", code: errno)
    }

    /// The error that waits on the socket, and clears it; 0 if none.
    func pendingError() -> CInt {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        let result = getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
        return result == 0 ? code : errno
    }

    /// Our end.
    func localEndpoint() throws(SystemError) -> Endpoint? {
        var address = SocketAddress()
        try promptCall("getsockname") { address.withMutablePointer { getsockname(number, $0, $1) } }
        return address.endpoint
    }

    /// - Returns: Nil if nobody waits.
    func accept() throws(SystemError) -> (number: CInt, from: Endpoint?)? {
        var address = SocketAddress()
        let accepted = try systemCall("accept4") { address.withMutablePointer { earshot_accept(number, $0, $1) } }
        return accepted.map { ($0, address.endpoint) }
    }

    /// - Returns: How many bytes the kernel took; nil if it has no room.
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

    /// - Returns: The size, cut to the buffer's, and the sender; nil if nothing has come.
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
