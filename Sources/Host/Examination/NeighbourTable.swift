import CLinux
import Doctor
import Glibc
import Wire

/// The kernel's neighbour table (rtnetlink(7), `RTM_GETNEIGH`), for IPv4 and IPv6.
struct NeighbourTable {
    private var states: [IPAddress: UInt16] = [:]

    private static let attributeBytes = MemoryLayout<rtattr>.size
    private static let bufferBytes = 64 * 1024
    /// The maximum number of reads: enough for some 20,000 neighbours.
    private static let readCount = 64

    init() {
        let flags = CInt(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        guard
            let number = try? nonBlockingCall("socket", "netlink", { Glibc.socket(AF_NETLINK, flags, NETLINK_ROUTE) })
        else { return }
        let socket = Descriptor(owning: number)
        var request = [UInt8](repeating: 0, count: MemoryLayout<nlmsghdr>.size + MemoryLayout<ndmsg>.size)
        let header = nlmsghdr(
            nlmsg_len: UInt32(request.count), nlmsg_type: UInt16(RTM_GETNEIGH),
            nlmsg_flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), nlmsg_seq: 1, nlmsg_pid: 0)
        request.withUnsafeMutableBytes { $0.storeBytes(of: header, as: nlmsghdr.self) }
        guard (try? socket.send(request[...])) != nil else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.bufferBytes, alignment: 16) { buffer in
            for _ in 0..<Self.readCount {
                guard case .bytes(let count)? = try? socket.receive(into: buffer) else { return }
                if take(UnsafeRawBufferPointer(buffer)[..<count]) { return }
            }
        }
    }

    /// Parses the result of one read.
    /// - Returns: Whether it was the last one.
    private mutating func take(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = bytes
        while rest.count >= MemoryLayout<nlmsghdr>.size {
            let header = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { return true }
            if header.nlmsg_type == UInt16(RTM_NEWNEIGH) {
                takeNeighbour(rest.prefix(length).dropFirst(MemoryLayout<nlmsghdr>.size))
            } else if header.nlmsg_type == UInt16(NLMSG_DONE) || header.nlmsg_type == UInt16(NLMSG_ERROR) {
                return true
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return false
    }

    private mutating func takeNeighbour(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard bytes.count >= MemoryLayout<ndmsg>.size else { return }
        let neighbour = UnsafeRawBufferPointer(rebasing: bytes).loadUnaligned(as: ndmsg.self)
        var rest = bytes.dropFirst(MemoryLayout<ndmsg>.size)
        while rest.count >= Self.attributeBytes {
            let attribute = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: rtattr.self)
            let length = Int(attribute.rta_len)
            guard length >= Self.attributeBytes, length <= rest.count else { return }
            if attribute.rta_type == UInt16(NDA_DST) {
                let value = rest.prefix(length).dropFirst(Self.attributeBytes).map { $0 }
                if let address = Self.address(value) { states[address] = neighbour.ndm_state }
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    /// Parses an address, without a scope: the table is only asked for addresses on one interface.
    private static func address(_ bytes: [UInt8]) -> IPAddress? {
        let number = { (range: Range<Int>) in bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return .v4(UInt32(number(0..<4)))
        case 16: return .v6(high: number(0..<8), low: number(8..<16), scope: 0)
        default: return nil
        }
    }

    subscript(address: IPAddress) -> DialFacts.Neighbour {
        var plain = address
        if case .v6(let high, let low, _) = address { plain = .v6(high: high, low: low, scope: 0) }
        guard let state = states[plain] else { return .unknown }
        let known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT
        return Int(state) & Int(known) != 0 ? .known : .silent
    }
}
