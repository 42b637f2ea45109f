import Glibc
import Wire

/// The routers of this machine's default routes and their hardware addresses, from `/proc/net/route` and
/// `/proc/net/arp` (proc(5)); IPv4 only. Empty where these files cannot be read.
package struct RouterTable {
    struct Router: Equatable {
        var interface: String
        var address: IPAddress
        /// Empty if not known yet.
        var hardwareAddress: [UInt8]
    }

    /// The first router of each interface, in the kernel's order, which is that of preference.
    private(set) var routers: [Router] = []

    /// The maximum number of bytes read from each file: some 10,000 neighbours.
    private static let fileBytes = 1 << 20
    /// `RTF_UP | RTF_GATEWAY` of a route.
    private static let routeFlags: UInt32 = 0x3
    /// `ATF_COM` of a neighbour: its hardware address is known.
    private static let completeFlag: UInt32 = 0x2

    static func current() -> RouterTable {
        guard let routes = contents(of: "/proc/net/route") else { return RouterTable(routes: "", neighbours: "") }
        let table = RouterTable(routes: routes, neighbours: "")
        // Most test hosts and isolated networks have no default route.
        guard !table.routers.isEmpty, let neighbours = contents(of: "/proc/net/arp") else { return table }
        return RouterTable(routes: routes, neighbours: neighbours)
    }

    /// Parses the tables.
    /// - Parameters:
    ///   - routes: The format of `/proc/net/route`: interface, destination, gateway, flags, 3 more, mask; the addresses
    ///     are 32 bits of memory written as a number in this machine's byte order.
    ///   - neighbours: The format of `/proc/net/arp`: address, type, flags, hardware address, mask, interface.
    package init(routes: String, neighbours: String) {
        for line in routes.split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count >= 8, let flags = UInt32(fields[3], radix: 16),
                flags & Self.routeFlags == Self.routeFlags, UInt32(fields[1], radix: 16) == 0,
                UInt32(fields[7], radix: 16) == 0, let gateway = UInt32(fields[2], radix: 16),
                !routers.contains(where: { $0.interface == fields[0] })
            else { continue }
            routers.append(
                Router(
                    interface: String(fields[0]), address: .v4(UInt32(bigEndian: gateway)), hardwareAddress: []))
        }
        for line in neighbours.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[2].hasPrefix("0x"), let flags = UInt32(fields[2].dropFirst(2), radix: 16),
                flags & Self.completeFlag != 0, let address = IPAddress(String(fields[0])),
                let place = routers.firstIndex(where: { $0.interface == fields[5] && $0.address == address })
            else { continue }
            routers[place].hardwareAddress = fields[3].split(separator: ":").compactMap { UInt8($0, radix: 16) }
        }
    }

    subscript(interface: String) -> Router? { routers.first { $0.interface == interface } }

    private static func contents(of path: String) -> String? {
        guard let file = try? Descriptor(opening: path, flags: O_RDONLY),
            let bytes = try? file.readAll(atMost: fileBytes)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
