import CLinux
import Chat
import Glibc

/// Learns from the kernel (rtnetlink) that interfaces or addresses change, and lists them anew: soon after a change,
/// and now and then in case one was missed.
final class InterfaceWatch {
    private(set) var interfaces: [NetworkInterface]
    /// When to list next.
    private(set) var nextDeadline: Instant

    private let socket: Descriptor
    private let names: [String]
    private let poller: Poller

    /// - Parameter names: Only these interfaces; empty for all.
    init(names: [String], poller: Poller, at now: Instant) throws(SystemError) {
        self.names = names
        self.poller = poller
        let flags = CInt(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socket = Descriptor(
            owning: try promptCall("socket", "netlink") { Glibc.socket(AF_NETLINK, flags, NETLINK_ROUTE) })
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
        // Listening begins before the first list, so that no change falls between.
        let number = socket.number
        try promptCall("bind", "netlink") {
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        interfaces = try InterfaceList.current(only: names)
        nextDeadline = now + HostBounds.interfaceInterval
        try poller.add(socket.number, .interfaceWatch, .readable)
    }

    deinit { poller.remove(socket.number) }

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
    }

    enum Listing { case notDue, same, changed }

    func deadlineReached(at now: Instant) -> Listing {
        guard nextDeadline <= now else { return .notDue }
        nextDeadline = now + HostBounds.interfaceInterval
        guard let listed = try? InterfaceList.current(only: names), listed != interfaces else { return .same }
        interfaces = listed
        return .changed
    }

    /// List as soon as possible.
    func hurry(at now: Instant) { nextDeadline = now }
}
