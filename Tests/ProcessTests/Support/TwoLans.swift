import Foundation
import Synchronization

/// Two LANs of network namespaces without a route between them, and a host that is in both but does not forward: the
/// case for a relay.
final class TwoLans {
    /// By LAN, then by host.
    let hosts: [[String]]
    /// The host in the middle; in LAN i it has the address ``middleAddress(_:)``.
    let middle: String
    let bridges: [String]
    private static let made = Mutex(0)

    init(hostsPerLan: Int) throws {
        let number = Self.made.withLock { made in
            made += 1
            return made
        }
        let tag = "et\(ProcessInfo.processInfo.processIdentifier)n\(number)"
        middle = "\(tag)m"
        bridges = (0..<2).map { "\(tag)b\($0)" }
        hosts = (0..<2).map { lan in (0..<hostsPerLan).map { "\(tag)l\(lan)h\($0)" } }
        for name in [middle] + bridges + hosts.joined() {
            try Lan.run("ip netns add \(name)")
            try Lan.run("ip -n \(name) link set lo up")
        }
        try Lan.run("ip netns exec \(middle) sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'")
        for lan in 0..<2 {
            try Lan.run("ip -n \(bridges[lan]) link add br0 type bridge")
            try Lan.run("ip -n \(bridges[lan]) link set br0 up")
            for (index, host) in hosts[lan].enumerated() {
                try plug(host, "eth0", into: lan, port: index, address: "10.84.\(lan).\(index + 1)")
            }
            try plug(middle, "eth\(lan)", into: lan, port: 200, address: middleAddress(lan))
        }
    }

    private func plug(_ host: String, _ interface: String, into lan: Int, port: Int, address: String) throws {
        let bridge = bridges[lan]
        try Lan.run("ip link add \(interface) netns \(host) type veth peer name p\(port) netns \(bridge)")
        try Lan.run("ip -n \(bridge) link set p\(port) master br0 up")
        try Lan.run("ip -n \(host) addr add \(address)/24 dev \(interface)")
        try Lan.run("ip -n \(host) link set \(interface) up")
    }

    deinit {
        for name in [middle] + bridges + hosts.joined() { _ = try? Lan.run("ip netns del \(name)") }
    }

    func middleAddress(_ lan: Int) -> String { "10.84.\(lan).200" }

    /// Sets the cable between a LAN and the host in the middle up or down.
    func setMiddle(of lan: Int, up: Bool) throws {
        try Lan.run("ip -n \(bridges[lan]) link set p200 \(up ? "up" : "down")")
    }
}

/// A capture of all packets on the interfaces of a host.
struct Capture {
    private let number: CInt

    init(namespace: String) {
        number = Attacker(namespace: namespace).run {
            let everything = CInt(UInt16(0x0003).bigEndian)  // ETH_P_ALL
            let number = socket(AF_PACKET, CInt(SOCK_RAW.rawValue), everything)
            var size: CInt = 64 << 20
            setsockopt(number, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<CInt>.size))
            return number
        }
    }

    func close() { Glibc.close(number) }

    /// Returns the bytes of all packets so far.
    func bytes() -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 70_000)
        while true {
            let count = recv(number, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }
}

extension [UInt8] {
    /// Returns whether a text occurs anywhere in these bytes.
    func contains(_ text: String) -> Bool {
        let data = Data(self)
        return data.range(of: Data(text.utf8)) != nil
    }
}
