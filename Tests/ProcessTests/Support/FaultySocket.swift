import Foundation

/// The socket in a bridge that a host is plugged into, and the faults that can occur there.
struct FaultySocket {
    /// The host's network namespace; its interface there is `eth0`.
    let namespace: String
    /// The bridge's namespace; the LAN's bridge there is `br0`.
    let bridge: String
    let port: String
    /// The host's own address, in 10.N.N.0/24.
    let address: String

    /// Adds two bridges: one for the other half of a partitioned LAN, one for another network.
    func makeSpareBridges() throws {
        for name in ["br1", "br2"] {
            guard (try? Lan.run("ip -n \(bridge) link add \(name) type bridge")) != nil else { continue }
            try Lan.run("ip -n \(bridge) link set \(name) up")
        }
    }

    func begin(_ fault: RealFaultPlan.Fault) throws {
        switch fault.kind {
        case .datagramsLost:
            try drop("lossy", "input", "meta l4proto udp numgen random mod 100 \\< \(fault.amount)")
        case .linksDeaf: try drop("cut", "input", "meta l4proto tcp")
        case .linksMute: try drop("cut", "output", "meta l4proto tcp")
        case .linksDead:
            try drop("cut", "input", "meta l4proto tcp")
            try drop("cut", "output", "meta l4proto tcp")
        case .unplugged: try Lan.run("ip -n \(namespace) link set eth0 down")
        case .portDown: try Lan.run("ip -n \(bridge) link set \(port) down")
        case .parted: try plug(into: "br1")
        case .readdressed: try setAddress(changed(last: 100 + fault.amount))
        case .moved: try move(to: "br2", changed(second: 90))
        case .killed, .asleep, .quit, .renamed, .namesakes, .relayKilled: break
        }
    }

    func end(_ fault: RealFaultPlan.Fault) throws {
        switch fault.kind {
        case .datagramsLost: try Lan.run("ip netns exec \(namespace) nft delete table inet lossy")
        case .linksDeaf, .linksMute, .linksDead: try Lan.run("ip netns exec \(namespace) nft delete table inet cut")
        case .unplugged: try Lan.run("ip -n \(namespace) link set eth0 up")
        case .portDown: try Lan.run("ip -n \(bridge) link set \(port) up")
        case .parted: try plug(into: "br0")
        case .readdressed: try setAddress(address)
        case .moved: try move(to: "br0", address)
        case .killed, .asleep, .quit, .renamed, .namesakes, .relayKilled: break
        }
    }

    private func drop(_ table: String, _ hook: String, _ what: String) throws {
        let nft = "ip netns exec \(namespace) nft add"
        try Lan.run(
            "\(nft) table inet \(table) && \(nft) chain inet \(table) \(hook) "
                + "{ type filter hook \(hook) priority 0 \\; } && \(nft) rule inet \(table) \(hook) \(what) drop")
    }

    private func plug(into name: String) throws { try Lan.run("ip -n \(bridge) link set \(port) master \(name)") }

    /// Moves the host like a laptop: the old address disappears with the carrier, and the new network assigns the new
    /// one.
    private func move(to bridge: String, _ address: String) throws {
        try Lan.run("ip -n \(namespace) -4 addr flush dev eth0")
        letTimePass(0.5)
        try plug(into: bridge)
        letTimePass(0.5)
        try setAddress(address)
    }

    private func setAddress(_ address: String) throws {
        try Lan.run(
            "ip -n \(namespace) -4 addr flush dev eth0 && ip -n \(namespace) addr add \(address)/24 dev eth0")
    }

    private func changed(second: Int? = nil, last: Int? = nil) -> String {
        var parts = address.split(separator: ".").map(String.init)
        if let second { parts[1] = "\(second)" }
        if let last { parts[3] = "\(last)" }
        return parts.joined(separator: ".")
    }
}

extension Lan {
    var sockets: [FaultySocket] {
        hosts.indices.map {
            FaultySocket(namespace: hosts[$0], bridge: bridge, port: "p\($0)", address: "10.83.0.\($0 + 1)")
        }
    }
}

extension TwoLans {
    /// The sockets of the first LAN's hosts, then those of the second's.
    var sockets: [FaultySocket] {
        (0..<2).flatMap { lan in
            hosts[lan].indices.map {
                FaultySocket(
                    namespace: hosts[lan][$0], bridge: bridges[lan], port: "p\($0)", address: "10.84.\(lan).\($0 + 1)")
            }
        }
    }
}
