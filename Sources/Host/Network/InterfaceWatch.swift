import CLinux
import CoreModel
import Glibc
import Wire

/// Watches for changes of interfaces and addresses through the kernel (rtnetlink), and lists them again: soon after a
/// change, and periodically in case a change was missed.
final class InterfaceWatch {
    private(set) var interfaces: [NetworkInterface]
    /// Whether our network location may have changed since the last list: a peer that appears meanwhile may belong to
    /// another location.
    private(set) var isUncertain = false
    /// The time of the next listing.
    private(set) var nextDeadline: Instant

    /// The neighbours on the machine's networks; nil before ``watchNeighbours()``, and where the kernel does not report
    /// them.
    private(set) var neighbours: NeighbourWatch?

    private let socket: Descriptor
    private let names: [String]
    private let poller: Poller
    /// Whether the kernel has reported a change since the last list.
    private var hasChanges = false
    /// The time since which the change is held back for lack of a router's hardware address.
    private var waitingSince: Instant?

    /// Starts watching.
    /// - Parameter names: The interfaces to include; empty for all.
    init(names: [String], poller: Poller, at now: Instant) throws(SystemError) {
        self.names = names
        self.poller = poller
        let flags = CInt(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socket = Descriptor(
            owning: try nonBlockingCall("socket", "netlink") { Glibc.socket(AF_NETLINK, flags, NETLINK_ROUTE) })
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(
            RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE)
        // Binding before the first list ensures that no change is missed in between.
        let number = socket.number
        try nonBlockingCall("bind", "netlink") {
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        let list = try InterfaceList(only: names)
        interfaces = list.interfaces
        nextDeadline = now + HostBounds.interfaceInterval
        try poller.add(socket.number, .interfaceWatch, .readable)
        if !list.unknownRouters.isEmpty { wait(for: list.unknownRouters, at: now) }
    }

    deinit { poller.remove(socket.number) }

    func watchNeighbours() { neighbours = try? NeighbourWatch(poller: poller) }

    /// Reads notifications of the kernel; their meaning comes from the list.
    func ready(at now: Instant) {
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
            // A bounded number: a remaining notification makes the socket ready again. ENOBUFS means that some were
            // lost.
            for _ in 0..<16 {
                guard let result = try? socket.receive(into: buffer) else { continue }
                if result == .notNow { break }
            }
        }
        nextDeadline = min(nextDeadline, now + HostBounds.interfaceSettleTime)
        // Once per burst of notifications: some machines have many per second that do not concern us.
        guard !hasChanges else { return }
        hasChanges = true
        guard let list = try? InterfaceList(only: names) else { return }
        isUncertain =
            list.lacksRouters(of: interfaces) || NetworkLocation(list.interfaces) != NetworkLocation(interfaces)
    }

    enum Listing { case notDue, same, changed }

    func deadlineReached(at now: Instant) -> Listing {
        guard nextDeadline <= now else { return .notDue }
        nextDeadline = now + HostBounds.interfaceInterval
        guard var list = try? InterfaceList(only: names) else { return .same }
        // The router determines the network location, too: messages sent before it is known may reach the wrong people.
        // A cable that was unplugged for a moment leaves no other trace.
        if list.lacksRouters(of: interfaces), hasChanges || waitingSince != nil,
            now < (waitingSince ?? now) + HostBounds.routerTime
        {
            wait(for: list.unknownRouters, at: now)
            return .same
        }
        hasChanges = false
        isUncertain = false
        waitingSince = nil
        list.keepRouters(of: interfaces)
        guard list.interfaces != interfaces else { return .same }
        interfaces = list.interfaces
        return .changed
    }

    /// Makes the kernel resolve the routers' hardware addresses by sending a datagram to the discard port (RFC 863),
    /// and schedules the next look.
    private func wait(for routers: [IPAddress], at now: Instant) {
        nextDeadline = now + HostBounds.routerInterval
        waitingSince = waitingSince ?? now
        guard let socket = try? Descriptor(family: AF_INET, .datagram) else { return }
        for router in routers { try? socket.sendDatagram([], to: Endpoint(address: router, port: 9)) }
    }

    /// Schedules a listing as soon as possible.
    func hurry(at now: Instant) { nextDeadline = now }
}
