import Foundation
import Synchronization

/// A LAN of network namespaces: one bridge, and one namespace per host. Needs root, `ip` and `nft`.
final class Lan {
    let hosts: [String]
    let bridge: String
    /// The number of LANs made by this process, for unique names.
    private static let made = Mutex(0)

    /// Builds a LAN.
    /// - Parameter count: The number of hosts, at most 200; host i has the address 10.83.0.(i+1).
    init(_ count: Int) throws {
        let number = Self.made.withLock { made in
            made += 1
            return made
        }
        let tag = "es\(ProcessInfo.processInfo.processIdentifier)n\(number)"
        bridge = "\(tag)b"
        hosts = (0..<count).map { "\(tag)h\($0)" }
        try Self.run("ip netns add \(bridge)")
        try Self.run("ip -n \(bridge) link add br0 type bridge")
        try Self.run("ip -n \(bridge) link set br0 up")
        for (index, host) in hosts.enumerated() {
            try Self.run("ip netns add \(host)")
            try Self.run("ip -n \(host) link set lo up")
            try Self.run("ip link add eth0 netns \(host) type veth peer name p\(index) netns \(bridge)")
            try Self.run("ip -n \(bridge) link set p\(index) master br0")
            try Self.run("ip -n \(bridge) link set p\(index) up")
            try Self.run("ip -n \(host) addr add 10.83.0.\(index + 1)/24 dev eth0")
            try Self.run("ip -n \(host) link set eth0 up")
        }
    }

    deinit {
        for host in hosts + [bridge] { _ = try? Self.run("ip netns del \(host)") }
    }

    /// Sets a host's port of the switch down or up: the host's carrier follows.
    func setPort(_ index: Int, up: Bool) throws {
        try Self.run("ip -n \(bridge) link set p\(index) \(up ? "up" : "down")")
    }

    /// Splits the bridge into two halves that cannot reach each other, while all carriers stay up.
    func setHalvesApart(_ apart: Bool, firstHalf: Int) throws {
        for index in hosts.indices {
            // Isolated ports can still reach ports that are not isolated; a second bridge is simpler.
            if index >= firstHalf {
                if apart {
                    _ = try? Self.run("ip -n \(bridge) link add br1 type bridge")
                    try Self.run("ip -n \(bridge) link set br1 up")
                    try Self.run("ip -n \(bridge) link set p\(index) master br1")
                } else {
                    try Self.run("ip -n \(bridge) link set p\(index) master br0")
                }
            }
        }
    }

    /// Sets the host's own interface down or up.
    func setCable(_ index: Int, up: Bool) throws {
        try Self.run("ip -n \(hosts[index]) link set eth0 \(up ? "up" : "down")")
    }

    func changeAddress(_ index: Int, to last: Int) throws {
        try Self.run("ip -n \(hosts[index]) addr add 10.83.0.\(last)/24 dev eth0")
        try Self.run("ip -n \(hosts[index]) addr del 10.83.0.\(index + 1)/24 dev eth0")
    }

    /// Removes all addresses of a host but its link-local ones.
    func removeAddress(_ index: Int) throws { try Self.run("ip -n \(hosts[index]) -4 addr flush dev eth0") }

    /// Replaces the address of a host; the text includes the length of the network's prefix.
    func setAddress(_ index: Int, to address: String) throws {
        try Self.run("ip -n \(hosts[index]) -4 addr flush dev eth0")
        try Self.run("ip -n \(hosts[index]) addr add \(address) dev eth0")
    }

    /// Plugs a host into the second bridge, which ``setHalvesApart(_:firstHalf:)`` has made, or back.
    func setBridge(_ index: Int, second: Bool) throws {
        try Self.run("ip -n \(bridge) link set p\(index) master br\(second ? 1 : 0)")
    }

    /// Turns both bridges into routers with the same address, each with its own hardware address, as in two homes.
    func addRouters() throws {
        for (index, name) in ["br0", "br1"].enumerated() {
            // Otherwise a bridge uses the hardware address of one of its ports, and loses it with the port.
            try Self.run("ip -n \(bridge) link set \(name) address 02:00:00:83:00:0\(index)")
            try Self.run("ip -n \(bridge) addr add 10.83.0.254/24 dev \(name)")
        }
        for index in hosts.indices { try setDefaultRoute(index) }
    }

    /// Carries a host to the network of the other router: out of reach in between, with the same address.
    func carry(_ index: Int, toSecond second: Bool) throws {
        try setCable(index, up: false)
        try setBridge(index, second: second)
        try setCable(index, up: true)
        try setDefaultRoute(index)
    }

    private func setDefaultRoute(_ index: Int) throws {
        try Self.run("ip -n \(hosts[index]) route replace default via 10.83.0.254")
    }

    /// Drops this percentage of all UDP datagrams that reach a host.
    func dropDatagrams(percent: Int) throws {
        for host in hosts {
            try Self.run("ip netns exec \(host) nft add table inet faults")
            try Self.run(
                "ip netns exec \(host) nft add chain inet faults in { type filter hook input priority 0 \\; }")
            try Self.run(
                "ip netns exec \(host) nft add rule inet faults in meta l4proto udp numgen random mod 100 \\< \(percent) drop"
            )
        }
    }

    @discardableResult
    static func run(_ command: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: command, text: text) }
        return text
    }

    struct Failed: Error, CustomStringConvertible {
        let command: String
        let text: String
        var description: String { "\(command): \(text)" }
    }

    /// Nil if LANs can be built here, otherwise the reason.
    static let obstacle: String? = {
        if geteuid() != 0 { return "network namespaces need root" }
        for tool in ["ip", "nft"] where (try? run("command -v \(tool)")) == nil { return "\(tool) is not installed" }
        let probe = "esprobe\(ProcessInfo.processInfo.processIdentifier)"
        guard (try? run("ip netns add \(probe)")) != nil else { return "this system does not allow network namespaces" }
        _ = try? run("ip netns del \(probe)")
        return nil
    }()
}
