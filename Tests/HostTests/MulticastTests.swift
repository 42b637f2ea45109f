import CoreModel
import Glibc
import PeerCore
import Testing
import Wire

@testable import Host

extension HostTests {
    @Suite("Multicast and interfaces")
    struct MulticastTests {
        /// A port of the test's own, so that other programs on the machine do not interfere.
        private static let port: UInt16 = 40_000 + UInt16(truncatingIfNeeded: getpid() % 8000)

        private func listeningHost(_ interfaces: [String]) throws -> ToyHost {
            try ToyHost {
                $0.usesMulticast = true
                $0.multicastPort = Self.port
                $0.interfaceNames = interfaces
            }
        }

        @Test("on lo, every process receives a datagram once, including its sender")
        func loopback() throws {
            let (first, second) = (try listeningHost(["lo"]), try listeningHost(["lo"]))
            first.want(.multicast([1, 2, 3]))
            #expect(try turn(first, second) { !first.board.datagrams.isEmpty && !second.board.datagrams.isEmpty })
            try turn(first, second, times: 20)
            #expect(first.board.datagrams.map(\.bytes) == [[1, 2, 3]])
            #expect(second.board.datagrams.map(\.bytes) == [[1, 2, 3]])
            let from = try #require(second.board.datagrams.first?.from)
            #expect(from.address == .v4(0x7F00_0001))

            // A reply to the sender's endpoint reaches the sender alone.
            second.want(.sendDatagram([4], to: from))
            #expect(try turn(first, second) { first.board.datagrams.count == 2 })
            #expect(first.board.datagrams[1].bytes == [4])
            try turn(first, second, times: 20)
            #expect(second.board.datagrams.count == 1)
        }

        @Test("a datagram longer than the protocol allows is dropped, and the next one is received")
        func tooLong() throws {
            let host = try listeningHost(["lo"])
            host.want(.multicast([UInt8](repeating: 1, count: Limits.datagramBytes + 1)), .multicast([2]))
            #expect(try turn(host) { !host.board.datagrams.isEmpty })
            #expect(host.board.datagrams.map(\.bytes) == [[2]])
        }

        @Test(
            "interfaces that appear, change and disappear are reported, and multicast follows",
            .enabled(if: NetworkNamespace.isAvailable, "needs root and ip"))
        func interfaces() {
            NetworkNamespace.run {
                let (first, second) = (try listeningHost([]), try listeningHost([]))
                try turn(first, second, times: 2)
                #expect(first.board.interfaces.isEmpty)

                NetworkNamespace.ip("link set lo up")
                #expect(try turn(first, second) { first.board.interfaces.map(\.name) == ["lo"] })
                #expect(first.board.interfaces[0].isLoopback)

                #expect(NetworkNamespace.ip("link add ear0 type veth peer name ear1"))
                NetworkNamespace.ip("addr add 192.0.2.1/24 dev ear0")
                NetworkNamespace.ip("link set ear0 up")
                NetworkNamespace.ip("link set ear1 up")
                let address = IPAddress.v4(0xC000_0201)
                #expect(
                    try turn(first, second) {
                        first.board.interfaces.contains {
                            $0.addresses.contains { $0.address == address && $0.length == 24 }
                        }
                            && second.board.interfaces == first.board.interfaces
                    })
                #expect(first.board.interfaces.map(\.index) == first.board.interfaces.map(\.index).sorted())

                // From the new address, and over IPv6 as soon as its address is no longer tentative.
                #expect(
                    try turn(first, second) {
                        if first.board.outputs.isEmpty { first.want(.multicast([9])) }
                        let senders = second.board.datagrams.map(\.from.address)
                        return senders.contains(address)
                            && senders.contains { if case .v6(_, _, let scope) = $0 { scope != 0 } else { false } }
                    })

                NetworkNamespace.ip("addr del 192.0.2.1/24 dev ear0")
                NetworkNamespace.ip("addr add 192.0.2.7/24 dev ear0")
                let changed = IPAddress.v4(0xC000_0207)
                #expect(
                    try turn(first, second) {
                        if first.board.outputs.isEmpty { first.want(.multicast([10])) }
                        return second.board.datagrams.contains { $0.from.address == changed && $0.bytes == [10] }
                    })

                NetworkNamespace.ip("link del ear0")
                #expect(try turn(first, second) { first.board.interfaces.map(\.name) == ["lo"] })
            }
        }

        @Test(
            "with several interfaces, a datagram is received once on each, from that interface's address",
            .enabled(if: NetworkNamespace.isAvailable, "needs root and ip"))
        func once() {
            NetworkNamespace.run {
                NetworkNamespace.ip("link set lo up")
                // A datagram from one end is dropped at the other, because its source is an address of this machine.
                #expect(NetworkNamespace.ip("link add ear0 type veth peer name ear1"))
                for index in 0..<2 {
                    NetworkNamespace.ip("addr add 192.0.2.\(index)/32 dev ear\(index)")
                    NetworkNamespace.ip("link set ear\(index) up")
                }
                let (first, second) = (try listeningHost([]), try listeningHost([]))
                // The kernel reports a little later that they are running.
                #expect(
                    try turn(first, second) {
                        first.board.interfaces.count == 3 && second.board.interfaces.count == 3
                    })
                first.want(.multicast([1]))
                let expected = [IPAddress.v4(0x7F00_0001), .v4(0xC000_0200), .v4(0xC000_0201)]
                func heard() -> [IPAddress] {
                    second.board.datagrams.map(\.from.address).filter { $0.family == AF_INET }
                }
                #expect(try turn(first, second) { heard().count >= 3 })
                try turn(first, second, times: 20)
                #expect(heard().count == 3)
                #expect(Set(heard()) == Set(expected))
            }
        }

        @Test(
            "a host on a machine without a network starts, and links over lo work",
            .enabled(if: NetworkNamespace.isAvailable, "needs root and ip"))
        func noNetwork() {
            NetworkNamespace.run {
                let host = try listeningHost([])
                host.want(.multicast([1]))
                try turn(host, times: 3)
                #expect(host.status == nil)
                NetworkNamespace.ip("link set lo up")
                let link = LinkID(number: 1)
                host.want(.openLink(link, to: host.endpoint, from: .any))
                #expect(try turn(host) { host.board.opened == [link] })
            }
        }
    }
}
