import CoreModel
import Glibc

/// Determines the kind of network behind an interface, from the kernel's description in `/sys/class/net`.
enum InterfaceKind {
    /// `ARPHRD_PPP` (linux/if_arp.h).
    private static let ppp = "512"
    /// Tunnels: `ARPHRD_NONE`, used by WireGuard and OpenVPN; IP in IP (`TUNNEL`, `TUNNEL6`, `SIT`), GRE (`IPGRE`,
    /// `IP6GRE`).
    private static let tunnels: Set<String> = ["65534", "768", "769", "776", "778", "823"]
    /// Enough for a bridge over a VLAN over a bond of network cards, with one to spare.
    private static let deepestStack = 4

    /// Returns the kind of an interface.
    /// - Parameters:
    ///   - isPointToPoint: The flag of that name of the interface.
    ///   - root: The directory in which the kernel describes interfaces; tests use their own.
    static func kind(
        of name: String, isPointToPoint: Bool, root: String = "/sys/class/net"
    ) -> NetworkInterface.Kind {
        let place = "\(root)/\(name)"
        let type = firstLine(of: "\(place)/type")
        // A tun or tap device belongs to a program: a VPN, or a virtual machine.
        if tunnels.contains(type) || exists("\(place)/tun_flags") { return .vpn }
        if isPointToPoint || type == ppp { return .pointToPoint }
        if exists("\(place)/bridge"), !hasHardware(amongPortsIn: "\(place)/brif", root: root) { return .containers }
        return .lan
    }

    /// A bridge with a network card among its ports is the machine's own connection to the LAN, as on hosts of virtual
    /// machines.
    private static func hasHardware(amongPortsIn directory: String, root: String) -> Bool {
        names(in: directory).contains { isHardware($0, root: root, depth: 0) }
    }

    /// Returns whether an interface is a network card, or a VLAN or bond over one: those have links `lower_NAME` to the
    /// interfaces below them.
    private static func isHardware(_ name: String, root: String, depth: Int) -> Bool {
        guard depth < deepestStack, !exists("\(root)/\(name)/tun_flags") else { return false }
        if exists("\(root)/\(name)/device") { return true }
        return names(in: "\(root)/\(name)").contains {
            $0.hasPrefix("lower_") && isHardware(String($0.dropFirst("lower_".count)), root: root, depth: depth + 1)
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func firstLine(of path: String) -> String {
        guard let file = try? Descriptor(opening: path, flags: O_RDONLY), let bytes = try? file.read(atMost: 64) else {
            return ""
        }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        // A bridge has at most 1,024 ports.
        while names.count < 1_024, let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
