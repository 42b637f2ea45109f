import CLinux
import Glibc
import Wire

/// Watches the neighbours that the kernel has exchanged packets with (rtnetlink): a machine that tries to connect to us
/// appears here even if a firewall drops its packets.
final class NeighbourWatch {
    private let socket: Descriptor
    private let poller: Poller
    /// The known neighbours: each is reported once until it is gone.
    private var known: Set<IPAddress> = []

    /// The states in which a neighbour's hardware address is known (linux/neighbour.h), except `NUD_NOARP`, which
    /// multicast addresses and point-to-point lines have.
    private static let validStates = UInt16(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

    init(poller: Poller) throws(SystemError) {
        self.poller = poller
        let flags = CInt(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socket = Descriptor(
            owning: try nonBlockingCall("socket", "netlink") { Glibc.socket(AF_NETLINK, flags, NETLINK_ROUTE) })
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_NEIGH)
        let number = socket.number
        try nonBlockingCall("bind", "netlink") {
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        try poller.add(socket.number, .neighbourWatch, .readable)
        askForAll()
    }

    deinit { poller.remove(socket.number) }

    /// Asks the kernel to list all neighbours; the answer arrives like a notification. Called also after notifications
    /// were lost.
    private func askForAll() {
        var request = [UInt8](repeating: 0, count: MemoryLayout<nlmsghdr>.size + MemoryLayout<ndmsg>.size)
        request.withUnsafeMutableBytes { bytes in
            var header = nlmsghdr()
            header.nlmsg_len = UInt32(bytes.count)
            header.nlmsg_type = UInt16(RTM_GETNEIGH)
            header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
            bytes.storeBytes(of: header, as: nlmsghdr.self)
        }
        _ = try? socket.send(request[...])
    }

    /// Reads a bounded number of notifications; the rest makes the socket ready again.
    /// - Returns: Neighbours that were not known.
    func ready() -> [IPAddress] {
        var news: [IPAddress] = []
        withUnsafeTemporaryAllocation(byteCount: 32 * 1024, alignment: 16) { buffer in
            for _ in 0..<16 {
                do throws(SystemError) {
                    guard case .bytes(let count) = try socket.receive(into: buffer) else { return }
                    news += take(NeighbourMessage.all(in: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
                } catch {
                    guard error.code == ENOBUFS else { return }
                    askForAll()
                }
            }
        }
        return news
    }

    private func take(_ messages: [NeighbourMessage]) -> [IPAddress] {
        var news: [IPAddress] = []
        for message in messages {
            guard !message.isGone, message.state & Self.validStates != 0 else {
                known.remove(message.address)
                continue
            }
            if known.count >= HostBounds.neighbourCount { known.removeAll() }
            if known.insert(message.address).inserted { news.append(message.address) }
        }
        return news
    }
}

/// One change of the kernel's neighbour table (rtnetlink(7), `RTM_NEWNEIGH` and `RTM_DELNEIGH`).
struct NeighbourMessage: Equatable {
    /// The address; a link-local one includes its interface.
    var address: IPAddress
    /// `NUD_…`
    var state: UInt16
    var isGone = false

    /// Parses the changes in the result of one read; messages of other kinds and truncated ones are ignored.
    static func all(in bytes: UnsafeRawBufferPointer) -> [NeighbourMessage] {
        var messages: [NeighbourMessage] = []
        var rest = bytes[...]
        let headerBytes = MemoryLayout<nlmsghdr>.size
        while rest.count >= headerBytes {
            let header = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerBytes, length <= rest.count else { break }
            let body = rest.dropFirst(headerBytes).prefix(length - headerBytes)
            let type = Int(header.nlmsg_type)
            if type == RTM_NEWNEIGH || type == RTM_DELNEIGH,
                var message = message(in: UnsafeRawBufferPointer(rebasing: body))
            {
                message.isGone = type == RTM_DELNEIGH
                messages.append(message)
            }
            rest = rest.dropFirst(aligned(length))
        }
        return messages
    }

    private static func message(in body: UnsafeRawBufferPointer) -> NeighbourMessage? {
        guard body.count >= MemoryLayout<ndmsg>.size else { return nil }
        let head = body.loadUnaligned(as: ndmsg.self)
        var rest = body[aligned(MemoryLayout<ndmsg>.size)...]
        let headBytes = MemoryLayout<rtattr>.size
        while rest.count >= headBytes {
            let attribute = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: rtattr.self)
            let length = Int(attribute.rta_len)
            guard length >= headBytes, length <= rest.count else { return nil }
            if Int(attribute.rta_type) == Int(NDA_DST),
                let address = address(Array(rest.dropFirst(headBytes).prefix(length - headBytes)), head)
            {
                return NeighbourMessage(address: address, state: head.ndm_state)
            }
            rest = rest.dropFirst(aligned(length))
        }
        return nil
    }

    private static func address(_ bytes: [UInt8], _ head: ndmsg) -> IPAddress? {
        let number = bytes.reduce((UInt64(0), UInt64(0))) { ($0.0 << 8 | $0.1 >> 56, $0.1 << 8 | UInt64($1)) }
        switch (CInt(head.ndm_family), bytes.count) {
        case (AF_INET, 4): return .v4(UInt32(truncatingIfNeeded: number.1))
        case (AF_INET6, 16):
            let isLinkLocal = number.0 >> 54 == 0xFE80 >> 6
            return .v6(high: number.0, low: number.1, scope: isLinkLocal ? UInt32(bitPattern: head.ndm_ifindex) : 0)
        default: return nil
        }
    }

    /// Rounds up: messages and attributes begin at multiples of four bytes.
    private static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}
