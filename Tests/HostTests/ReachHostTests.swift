import CLinux
import CoreModel
import Glibc
import PeerCore
import RelayCore
import TestKit
import Testing
import Wire

@testable import Host

extension HostTests {
    @Suite("What the host sees of a network")
    struct ReachHostTests {
        @Test("the kind of an interface follows from the kernel's description")
        func kinds() throws {
            let place = try TemporaryDirectory()
            func file(_ path: String, _ text: String = "") throws {
                let parts = path.split(separator: "/")
                var directory = place.path(of: "")
                for part in parts.dropLast() {
                    directory += "/\(part)"
                    mkdir(directory, 0o755)
                }
                let descriptor = try Descriptor(
                    opening: place.path(of: path), flags: O_CREAT | O_WRONLY, mode: 0o644)
                if !text.isEmpty { try descriptor.write(Array(text.utf8), path) }
            }
            try file("eth0/type", "1\n")
            try file("eth0/device/vendor")
            try file("wg0/type", "65534\n")
            try file("sit1/type", "776\n")
            try file("tap0/type", "1\n")
            try file("tap0/tun_flags", "0x1002\n")
            try file("ppp0/type", "512\n")
            try file("docker0/type", "1\n")
            try file("docker0/bridge/stp_state")
            try file("docker0/brif/veth1/port_no")
            try file("veth1/type", "1\n")
            try file("br0/type", "1\n")
            try file("br0/bridge/stp_state")
            try file("br0/brif/bond0.7/port_no")
            try file("br0/brif/tap0/port_no")
            try file("bond0.7/lower_bond0/type")
            try file("bond0/lower_eth0/type")
            func kind(_ name: String, isPointToPoint: Bool = false) -> NetworkInterface.Kind {
                InterfaceKind.kind(of: name, isPointToPoint: isPointToPoint, root: place.path(of: ""))
            }
            #expect(["eth0", "veth1", "br0", "unheard"].map { kind($0) } == [.lan, .lan, .lan, .lan])
            #expect(["wg0", "sit1", "tap0"].map { kind($0) } == [.vpn, .vpn, .vpn])
            #expect(kind("wg0", isPointToPoint: true) == .vpn)
            #expect(kind("ppp0") == .pointToPoint && kind("eth0", isPointToPoint: true) == .pointToPoint)
            #expect(kind("docker0") == .containers)
        }

        @Test("the kernel's messages about neighbours are parsed, and truncated ones are ignored")
        func messages() {
            func message(_ type: Int, _ family: CInt, _ state: Int, _ address: [UInt8]) -> [UInt8] {
                var bytes: [UInt8] = []
                var head = ndmsg()
                head.ndm_family = UInt8(family)
                head.ndm_ifindex = 3
                head.ndm_state = UInt16(state)
                var header = nlmsghdr()
                header.nlmsg_type = UInt16(type)
                header.nlmsg_len = UInt32(16 + 12 + 4 + address.count)
                withUnsafeBytes(of: header) { bytes += $0 }
                withUnsafeBytes(of: head) { bytes += $0 }
                withUnsafeBytes(of: rtattr(rta_len: UInt16(4 + address.count), rta_type: UInt16(NDA_DST))) {
                    bytes += $0
                }
                return bytes + address
            }
            let linkLocal: [UInt8] = [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
            let bytes =
                message(RTM_NEWNEIGH, AF_INET, Int(NUD_STALE), [10, 0, 0, 2])
                + message(RTM_DELNEIGH, AF_INET6, Int(NUD_FAILED), linkLocal)
                + message(RTM_NEWROUTE, AF_INET, 0, [1, 2, 3, 4])
            let expected = [
                NeighbourMessage(address: .v4(0x0A00_0002), state: UInt16(NUD_STALE)),
                NeighbourMessage(
                    address: .v6(high: 0xFE80 << 48, low: 9, scope: 3), state: UInt16(NUD_FAILED), isGone: true),
            ]
            #expect(bytes.withUnsafeBytes { NeighbourMessage.all(in: $0) } == expected)
            for count in 0..<bytes.count {
                let cut = bytes[..<count].withUnsafeBytes { NeighbourMessage.all(in: $0) }
                #expect(expected.starts(with: cut))
            }
        }

        @Test(
            "each neighbour is reported once, until it is gone",
            .enabled(if: NetworkNamespace.isAvailable, "needs root and ip"))
        func neighbours() {
            NetworkNamespace.run {
                let host = try ToyHost { $0.usesMulticast = true }
                NetworkNamespace.ip("link add ear0 type veth peer name ear1")
                NetworkNamespace.ip("link set ear1 up")
                NetworkNamespace.ip("addr add 10.1.1.1/24 dev ear0")
                NetworkNamespace.ip("link set ear0 up")
                let add = "neigh replace 10.1.1.2 lladdr 02:00:00:00:00:02 dev ear0 nud stale"
                NetworkNamespace.ip(add)
                #expect(try turn(host) { host.board.reach.neighbours == [.v4(0x0A01_0102)] })
                NetworkNamespace.ip("neigh replace 10.1.1.2 lladdr 02:00:00:00:00:03 dev ear0 nud stale")
                NetworkNamespace.ip("neigh del 10.1.1.2 dev ear0")
                NetworkNamespace.ip(add)
                #expect(try turn(host) { host.board.reach.neighbours.count == 2 })
            }
        }

        @Test(
            "a datagram to the discovery port arrives, marked as unicast",
            .enabled(if: NetworkNamespace.isAvailable, "needs root and ip"))
        func unicast() {
            NetworkNamespace.run {
                NetworkNamespace.ip("link set lo up")
                NetworkNamespace.ip("link add ear0 type veth peer name ear1")
                NetworkNamespace.ip("link set ear1 up")
                NetworkNamespace.ip("addr add 10.1.1.1/24 dev ear0")
                NetworkNamespace.ip("link set ear0 up")
                let host = try ToyHost { $0.usesMulticast = true }
                try turn(host, times: 2)
                host.want(.sendDatagram([7], to: Endpoint(address: .v4(0x0A01_0101), port: 47474)))
                #expect(try turn(host) { host.board.datagrams.count == 1 })
                #expect(host.board.datagrams.first?.bytes == [7] && host.board.reach.paths == [.unicast])
                // From the discovery port, so that a firewall takes what comes back for a reply.
                #expect(
                    host.board.datagrams.first?.from == Endpoint(address: .v4(0x0A01_0101), port: 47474))
                host.want(.multicast([8]))
                #expect(try turn(host) { host.board.reach.paths.contains { $0 != .unicast } })
            }
        }

        @Test("a dial from the link port has that source port, and no other process may listen on it before or after")
        func linkPort() throws {
            let (caller, called) = (try ToyHost(), try ToyHost())
            let link = LinkID(number: 1)
            let port = caller.host.linkPort
            func listensTwice() -> Bool {
                let choice = PortChoice.exactly(port)
                return (try? Listener(choice, poller: try Poller())) != nil
            }
            #expect(!listensTwice())
            caller.want(.openLink(link, to: called.endpoint, from: .linkPort))
            #expect(try turn(caller, called) { caller.board.opened == [link] && !called.board.accepted.isEmpty })
            let from = called.board.inputs.compactMap {
                if case .linkAccepted(_, let endpoint) = $0 { endpoint.port } else { nil }
            }
            #expect(from == [port] && !listensTwice())
            // The address pair is in use until the connection is gone.
            let second = LinkID(number: 2)
            caller.want(.openLink(second, to: called.endpoint, from: .linkPort))
            #expect(try turn(caller, called) { caller.board.ends[second] != nil })
            // Other connections are still accepted.
            called.want(.openLink(LinkID(number: 3), to: caller.endpoint, from: .any))
            #expect(try turn(caller, called) { caller.board.accepted.count == 1 })
        }

        @Test(
            "it is reported that the machine forbids sending, and that it allows it again",
            .enabled(if: NetworkNamespace.isAvailable && NetworkNamespace.hasNft, "needs root, ip and nft"))
        func forbidden() {
            NetworkNamespace.run {
                NetworkNamespace.ip("link add ear0 type veth peer name ear1")
                NetworkNamespace.ip("link set ear1 up")
                NetworkNamespace.ip("addr add 10.1.1.1/24 dev ear0")
                NetworkNamespace.ip("link set ear0 up")
                let host = try ToyHost { $0.usesMulticast = true }
                try turn(host, times: 2)
                NetworkNamespace.nft("add table inet f")
                NetworkNamespace.nft("add chain inet f o { type filter hook output priority 0 ; policy drop ; }")
                host.want(.multicast([1]))
                #expect(try turn(host) { host.board.reach.obstacles == [.sendingForbidden(interface: "ear0")] })
                NetworkNamespace.nft("delete table inet f")
                host.want(.multicast([1]))
                #expect(try turn(host) { host.board.reach.obstacles.isEmpty })
            }
        }
    }
}
