package import Doctor
import Glibc

/// The facts about a machine that its files reveal: its environment, its firewall, its interfaces.
package struct MachineFiles {
    /// A prefix of every path; tests use their own files.
    package let root: String

    /// The maximum number of bytes read from a file.
    private static let fileBytes = 1 << 20

    package init(root: String = "") { self.root = root }

    /// Reads a text file; nil if it cannot be read.
    package func text(of path: String) -> String? {
        guard let file = try? Descriptor(opening: root + path, flags: O_RDONLY),
            let bytes = try? file.readAll(atMost: Self.fileBytes)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    package func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    package var box: BoxFacts {
        var box = BoxFacts()
        box.hasDockerFile = exists("/.dockerenv")
        box.hasContainerFile = exists("/run/.containerenv")
        box.kernel = line(of: "/proc/sys/kernel/osrelease")
        let names = ["sys_vendor", "product_name"].map { line(of: "/sys/class/dmi/id/\($0)") }
        box.machine = names.filter { !$0.isEmpty }.joined(separator: " ")
        return box
    }

    package var firewall: FirewallFacts {
        var firewall = FirewallFacts()
        let ufw = text(of: "/etc/ufw/ufw.conf") ?? ""
        firewall.isUfwEnabled = ufw.split(separator: "\n").contains { line in
            let parts = line.split(separator: "=")
            return parts.count == 2 && parts[0] == "ENABLED" && parts[1].lowercased().contains("yes")
        }
        firewall.isFirewalldRunning = isRunning("firewalld")
        // The file is meaningful only if it is loaded when the machine starts.
        if exists("/etc/systemd/system/sysinit.target.wants/nftables.service") {
            firewall.nftablesChain = text(of: "/etc/nftables.conf").flatMap(FirewallFacts.nftablesChain)
        }
        let modules = text(of: "/proc/modules") ?? ""
        firewall.usesIPTables = modules.split(separator: "\n").contains { $0.hasPrefix("iptable_filter ") }
        return firewall
    }

    /// Whether an interface is a tunnel, which needs no further examination.
    func isTunnel(_ interface: String) -> Bool {
        exists("/sys/class/net/\(interface)/tun_flags") || line(of: "/sys/class/net/\(interface)/type") == "65534"
    }

    func isBridge(_ interface: String) -> Bool { exists("/sys/class/net/\(interface)/bridge") }
    func isBridgePort(_ interface: String) -> Bool { exists("/sys/class/net/\(interface)/brport") }
    func isWireless(_ interface: String) -> Bool { exists("/sys/class/net/\(interface)/wireless") }

    private func line(of path: String) -> String {
        String((text(of: path) ?? "").prefix { !$0.isNewline })
    }

    /// Returns whether a process of this name is running, as far as we may see processes.
    private func isRunning(_ name: String) -> Bool {
        guard let directory = opendir(root + "/proc") else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let number = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            if line(of: "/proc/\(number)/comm") == name { return true }
        }
        return false
    }
}
