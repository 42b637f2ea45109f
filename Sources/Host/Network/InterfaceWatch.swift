import CLinux
import CoreModel
import Glibc
import Wire

/// Learns from the kernel (rtnetlink) that interfaces or addresses change, and lists them anew: soon after a change,
/// and now and then in case one was missed.
final class InterfaceWatch {
    private(set) var interfaces: [NetworkInterface]
    /// Something has changed that tells where we are, and is not in the list yet: whoever is met meanwhile may be of
    /// another place.
    private(set) var isUncertain = false
    /// When to list next.
    private(set) var nextDeadline: Instant

    /// Who is on the machine's networks; nil before ``watchNeighbours()``, and where the kernel does not tell.
    private(set) var neighbours: NeighbourWatch?

    private let socket: Descriptor
    private let names: [String]
    private let poller: Poller
    /// The kernel has said something since the last list.
    private var hasNews = false
    /// Since when what it said is held back for want of a router's hardware address.
    private var waitingSince: Instant?

    /// - Parameter names: Only these interfaces; empty for all.
    init(names: [String], poller: Poller, at now: Instant) throws(SystemError) {
        self.names = names
        self.poller = poller
        let flags = CInt(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socket = Descriptor(
            owning: try promptCall("socket", "netlink") { Glibc.socket(AF_NETLINK, flags, NETLINK_ROUTE) })
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(
            RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE)
        // Listening begins before the first list, so that no change falls between.
        let number = socket.number
        try promptCall("bind", "netlink") {
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

    /// The kernel has said something: what, is seen in the list.
    func ready(at now: Instant) {
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
            // A bounded number: what is left makes the socket ready again. ENOBUFS means that some were lost.
            for _ in 0..<16 {
                guard let result = try? socket.receive(into: buffer) else { continue }
                if result == .notNow { break }
            }
        }
        nextDeadline = min(nextDeadline, now + HostBounds.interfaceSettleTime)
        // Once for each flock of news: some machines have many a second, of what is nothing to us.
        guard !hasNews else { return }
        hasNews = true
        guard let list = try? InterfaceList(only: names) else { return }
        isUncertain = list.lacksRouters(of: interfaces) || Place(list.interfaces) != Place(interfaces)
    }

    enum Listing { case notDue, same, changed }

    func deadlineReached(at now: Instant) -> Listing {
        guard nextDeadline <= now else { return .notDue }
        nextDeadline = now + HostBounds.interfaceInterval
        guard var list = try? InterfaceList(only: names) else { return .same }
        // Where we are is told by the router, too: what is said before it is known may go to the wrong people. A cable
        // that was out for a moment leaves no other trace.
        if list.lacksRouters(of: interfaces), hasNews || waitingSince != nil,
            now < (waitingSince ?? now) + HostBounds.routerTime
        {
            wait(for: list.unknownRouters, at: now)
            return .same
        }
        hasNews = false
        isUncertain = false
        waitingSince = nil
        list.keepRouters(of: interfaces)
        guard list.interfaces != interfaces else { return .same }
        interfaces = list.interfaces
        return .changed
    }

    /// Has the kernel ask for the routers' hardware addresses, by a datagram for nobody (RFC 863), and looks again soon.
    private func wait(for routers: [IPAddress], at now: Instant) {
        nextDeadline = now + HostBounds.routerInterval
        waitingSince = waitingSince ?? now
        guard let socket = try? Descriptor(family: AF_INET, .datagram) else { return }
        for router in routers { try? socket.sendDatagram([], to: Endpoint(address: router, port: 9)) }
    }

    /// List as soon as possible.
    func hurry(at now: Instant) { nextDeadline = now }
}
