import CLinux
import CoreModel
import Glibc

/// The source of an event.
enum Source: Equatable {
    case listener(Door)
    /// An open request for the metrics page.
    case page(UInt32)
    case link(LinkID)
    /// The number that ``MulticastSockets`` assigned, and the socket.
    case datagrams(UInt32, MulticastSocket.Part)
    case interfaceWatch
    case neighbourWatch
    /// ``HostFinder``.
    case hostsFound
    case signals
    case standardInput
    case standardOutput
}

struct Readiness: OptionSet {
    let rawValue: UInt8
    static let readable = Self(rawValue: 1)
    static let writable = Self(rawValue: 2)
}

/// Waits for events on many descriptors (epoll, level-triggered).
///
/// A descriptor's number is reused as soon as it is closed, even within one batch of events. Each registration
/// therefore has a generation, and an event of an older generation is dropped.
final class Poller {
    private struct Registration {
        var generation: UInt32
        var source: Source
    }

    private let epoll: Descriptor
    /// By descriptor number.
    private var registrations: [Registration?] = []
    private var generation: UInt32 = 0
    private var events: [epoll_event]
    private(set) var readyCount = 0
    /// False on kernels before 5.11: waits are then rounded up to milliseconds.
    private var hasNanoseconds = true

    init() throws(SystemError) {
        epoll = Descriptor(owning: try nonBlockingCall("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        events = Array(repeating: epoll_event(), count: HostBounds.eventsPerRound)
    }

    /// Registers a descriptor.
    /// - Throws: `EPERM` for a regular file, which is always ready.
    func add(_ descriptor: CInt, _ source: Source, _ interest: Readiness) throws(SystemError) {
        generation &+= 1
        var event = epoll_event(interest, descriptor: descriptor, generation: generation)
        try nonBlockingCall("epoll_ctl") { epoll_ctl(epoll.number, EPOLL_CTL_ADD, descriptor, &event) }
        while registrations.count <= Int(descriptor) { registrations.append(nil) }
        registrations[Int(descriptor)] = Registration(generation: generation, source: source)
    }

    func change(_ descriptor: CInt, to interest: Readiness) {
        guard let registration = registrations[Int(descriptor)] else {
            preconditionFailure("only what was added is changed")
        }
        var event = epoll_event(interest, descriptor: descriptor, generation: registration.generation)
        let result = epoll_ctl(epoll.number, EPOLL_CTL_MOD, descriptor, &event)
        precondition(result == 0, "a registered descriptor is open")
    }

    /// Removes a descriptor, which must not be closed before.
    func remove(_ descriptor: CInt) {
        guard Int(descriptor) < registrations.count, registrations[Int(descriptor)] != nil else { return }
        registrations[Int(descriptor)] = nil
        var unused = epoll_event()
        _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor, &unused)
    }

    /// Waits for at most `timeout`, then makes ``readyCount`` events available. An interrupted wait ends early.
    func wait(atMost timeout: Duration) throws(SystemError) {
        let nanoseconds = max(0, timeout.wholeNanoseconds)
        var count: CInt = -1
        if hasNanoseconds {
            var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
            count = earshot_epoll_wait(epoll.number, &events, CInt(events.count), &time)
            hasNanoseconds = count >= 0 || errno != ENOSYS
        }
        if !hasNanoseconds {
            let milliseconds = CInt(clamping: (nanoseconds + 999_999) / 1_000_000)
            count = epoll_wait(epoll.number, &events, CInt(events.count), milliseconds)
        }
        readyCount = max(0, Int(count))
        if count < 0, errno != EINTR { throw SystemError(call: "epoll_wait", subject: "", code: errno) }
    }

    /// Returns an event of the last wait.
    /// - Returns: Nil if its descriptor has been removed since.
    func ready(at index: Int) -> (source: Source, readiness: Readiness)? {
        precondition(index < readyCount)
        let event = events[index]
        let data = event.data.u64
        let descriptor = Int(data & 0xFFFF_FFFF)
        guard let registration = registrations[descriptor], registration.generation == UInt32(data >> 32) else {
            return nil
        }
        var readiness: Readiness = []
        if event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            readiness.insert(.readable)
        }
        if event.events & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            readiness.insert(.writable)
        }
        return (registration.source, readiness)
    }
}

extension epoll_event {
    fileprivate init(_ interest: Readiness, descriptor: CInt, generation: UInt32) {
        var flags: UInt32 = 0
        if interest.contains(.readable) { flags |= EPOLLIN.rawValue }
        if interest.contains(.writable) { flags |= EPOLLOUT.rawValue }
        self.init(events: flags, data: epoll_data_t(u64: UInt64(generation) << 32 | UInt64(descriptor)))
    }
}
