import CoreModel
import Glibc
import Wire

/// The socket of one link and its send queue.
final class LinkSocket {
    enum Phase {
        case connecting(until: Instant)
        case open
        /// Closed as far as the core knows; the queue is still sent, then we wait for the other side to close, because
        /// closing with unread bytes would reset the connection and lose the bytes in flight.
        case closing(until: Instant)
    }

    let id: LinkID
    let descriptor: Descriptor
    let remote: Endpoint
    let isAccepted: Bool
    var phase: Phase
    /// The events registered with epoll.
    var interest: Readiness
    /// Whether to notify the core when the queue is empty.
    var isDrainAwaited = false
    /// Whether the link is in the list to be flushed at the end of the round.
    var isToBeFlushed = false

    private var queue: [UInt8] = []
    /// The number of bytes of `queue` that the kernel has accepted.
    private var sentCount = 0
    private var hasSentEnd = false

    init(
        id: LinkID, descriptor: consuming Descriptor, remote: Endpoint, isAccepted: Bool, phase: Phase,
        interest: Readiness
    ) {
        self.id = id
        self.descriptor = descriptor
        self.remote = remote
        self.isAccepted = isAccepted
        self.phase = phase
        self.interest = interest
    }

    var queuedBytes: Int { queue.count - sentCount }

    /// The time at which the phase times out.
    var deadline: Instant? {
        switch phase {
        case .connecting(let until), .closing(let until): until
        case .open: nil
        }
    }

    /// Sends the bytes that the kernel accepts now, and queues the rest.
    /// - Precondition: Nothing is queued.
    func send(_ bytes: [UInt8]) throws(SystemError) {
        precondition(queuedBytes == 0, "what came first is sent first")
        let count = try descriptor.send(bytes[...]) ?? 0
        // A copy, so that the creator of the bytes may reuse their storage.
        if count < bytes.count { queue = Array(bytes[count...]) }
        sentCount = 0
    }

    func append(_ bytes: [UInt8]) {
        if queuedBytes == 0 {
            queue = bytes
            sentCount = 0
        } else {
            // Sent bytes are dropped when they are the larger part, so that each byte is moved at most once more.
            if sentCount > queue.count / 2 {
                queue.removeFirst(sentCount)
                sentCount = 0
            }
            queue += bytes
        }
    }

    /// Calls `send` once, after which the queue is empty or the kernel's buffer is full.
    func flush() throws(SystemError) {
        if queuedBytes > 0 {
            guard let count = try descriptor.send(queue[sentCount...]) else { return }
            sentCount += count
            guard sentCount == queue.count else { return }
            queue = []
            sentCount = 0
        }
        if case .closing = phase, !hasSentEnd {
            hasSentEnd = true
            _ = shutdown(descriptor.number, CInt(SHUT_WR))
        }
    }

    /// Returns the result of a connection attempt.
    /// - Returns: The failure; nil if the connection is up.
    func connectionFailure() -> LinkEnd? {
        let code = descriptor.pendingError()
        if code == ECONNREFUSED { return .refused }
        if code != 0 { return .failed(String(cString: strerror(code))) }
        // The local port that the kernel chose for the connection may be the very port that we connect to.
        if let local = try? descriptor.localEndpoint(), local == remote { return .failed("reached itself") }
        return nil
    }

    /// Enables TCP keep-alive for links whose protocol has no liveness check (a guest's plain text).
    static func watchForSilence(_ descriptor: borrowing Descriptor) throws(SystemError) {
        try descriptor.setOption(SOL_SOCKET, SO_KEEPALIVE, to: 1, "SO_KEEPALIVE")
        try descriptor.setOption(TCP.level, TCP_KEEPIDLE, to: HostBounds.silentGuestSeconds, "TCP_KEEPIDLE")
        try descriptor.setOption(TCP.level, TCP_KEEPINTVL, to: HostBounds.silentGuestSeconds / 6, "TCP_KEEPINTVL")
    }

    /// Binds a socket to the link port, to connect from it, on all addresses of the family. The listener allows it for
    /// the moment (``Listener/sharingPort(_:)``).
    static func bind(_ descriptor: borrowing Descriptor, to port: UInt16, of family: IPAddress) throws(SystemError) {
        try descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
        try descriptor.setOption(SOL_SOCKET, SO_REUSEPORT, to: 1, "SO_REUSEPORT")
        switch family {
        case .v4: try descriptor.bind(to: Endpoint(address: .v4(0), port: port))
        case .v6:
            try descriptor.setOption(IPv6.level, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY")
            try descriptor.bind(to: Endpoint(address: .v6(high: 0, low: 0, scope: 0), port: port))
        }
    }

    /// Sets the options of all links: no delay to fill packets, a limit on the bytes that the kernel buffers, and a
    /// limit on the time that sent bytes may stay unacknowledged.
    static func prepare(_ descriptor: borrowing Descriptor) throws(SystemError) {
        try descriptor.setOption(TCP.level, TCP_NODELAY, to: 1, "TCP_NODELAY")
        try descriptor.setOption(TCP.level, TCP_NOTSENT_LOWAT, to: HostBounds.unsentBytes, "TCP_NOTSENT_LOWAT")
        try descriptor.setOption(
            TCP.level, TCP_USER_TIMEOUT, to: HostBounds.unacknowledgedMilliseconds, "TCP_USER_TIMEOUT")
    }
}
