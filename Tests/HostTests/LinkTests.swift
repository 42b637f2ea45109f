import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Host

extension HostTests {
    @Suite("Links")
    struct LinkTests {
        private let link = LinkID(number: 1)

        /// Makes two hosts with an open link between them.
        private func pair() throws -> (caller: ToyHost, called: ToyHost) {
            let (caller, called) = (try ToyHost(), try ToyHost())
            caller.want(.openLink(link, to: called.endpoint, from: .any))
            #expect(try turn(caller, called) { !caller.board.opened.isEmpty && !called.board.accepted.isEmpty })
            return (caller, called)
        }

        @Test("hosts are looked up by name without blocking the loop, and an unknown one is not found")
        func hostsByName() throws {
            let host = try ToyHost()
            host.want(.findHost(name: "localhost", port: 4711), .findHost(name: "no-such-host.invalid", port: 4711))
            #expect(try turn(host) { host.board.found.count == 2 })
            let local = host.board.found["localhost"] ?? []
            #expect(!local.isEmpty && local.allSatisfy { $0.address.isLoopback && $0.port == 4711 })
            #expect(host.board.found["no-such-host.invalid"] == [])
        }

        @Test("bytes arrive complete and in order, and bytes queued before a close arrive before the end")
        func echo() throws {
            let (caller, called) = try pair()
            called.board.answer = { input in
                if case .linkBytesReceived(let link, let bytes) = input { [.sendOnLink(link, bytes)] } else { [] }
            }
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            for start in stride(from: 0, to: bytes.count, by: 50_000) {
                caller.want(.sendOnLink(link, Array(bytes[start..<start + 50_000])))
            }
            #expect(try turn(caller, called) { caller.board.received[link]?.count == bytes.count })
            #expect(caller.board.received[link] == bytes)

            let accepted = called.board.accepted[0]
            #expect(accepted.number >= 1 << 63)
            called.want(.sendOnLink(accepted, [7, 7, 7]), .closeLink(accepted, abruptly: false))
            #expect(try turn(caller, called) { caller.board.ends[link] != nil && called.board.ends[accepted] != nil })
            #expect(caller.board.received[link]?.suffix(3) == [7, 7, 7])
            #expect(caller.board.ends[link] == .closedByPeer)
            #expect(called.board.ends[accepted] == .closedByUs)
        }

        @Test("the core is notified when the kernel has accepted a link's queue, not while its peer reads nothing")
        func drained() throws {
            let (caller, called) = try pair()
            caller.want(.sendOnLink(link, [1, 2, 3]), .awaitDrained(link))
            #expect(try turn(caller) { caller.board.drained == [link] })
            // More than the kernels of both ends buffer.
            let bytes = [UInt8](repeating: 1, count: 32 << 20)
            caller.want(.sendOnLink(link, bytes), .awaitDrained(link), .sendOnLink(link, [9]))
            // The other host does not run, so it reads nothing; a second link works meanwhile.
            let second = LinkID(number: 2)
            caller.want(.openLink(second, to: called.endpoint, from: .any))
            #expect(try turn(caller) { caller.board.opened.contains(second) })
            #expect(caller.board.drained == [link] && caller.board.ends.isEmpty)
            #expect(try turn(caller, called) { caller.board.drained == [link, link] })
            let accepted = called.board.accepted[0]
            #expect(try turn(caller, called) { called.board.received[accepted]?.count == bytes.count + 4 })
            // A link that is gone answers nothing.
            caller.want(.awaitDrained(LinkID(number: 7)))
            #expect(try turn(caller) { caller.board.outputs.isEmpty })
            #expect(caller.board.drained == [link, link])
        }

        @Test("a connection that is refused ends with the reason")
        func refused() throws {
            let caller = try ToyHost()
            // A port that is bound, so that no other test gets it meanwhile, but that has no listener.
            let taken = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            defer { Glibc.close(taken) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            try withUnsafeMutablePointer(to: &address) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    try #require(bind(taken, $0, length) == 0 && getsockname(taken, $0, &length) == 0)
                }
            }
            let port = UInt16(bigEndian: address.sin_port)
            caller.want(.openLink(link, to: Endpoint(address: .v4(0x7F00_0001), port: port), from: .any))
            #expect(try turn(caller) { caller.board.ends[link] != nil })
            #expect(caller.board.ends[link] == .refused)
            #expect(caller.board.opened.isEmpty)
        }

        @Test("links over IPv6 reach the same port")
        func overIPv6() throws {
            let (caller, called) = (try ToyHost(), try ToyHost())
            let loopback = IPAddress.v6(high: 0, low: 1, scope: 0)
            let interfaces = try InterfaceList(only: []).interfaces
            // A machine may have been set up without IPv6.
            guard interfaces.contains(where: { $0.addresses.contains { $0.address == loopback } }) else { return }
            caller.want(.openLink(link, to: Endpoint(address: loopback, port: called.host.linkPort), from: .any))
            #expect(try turn(caller, called) { caller.board.opened == [link] && called.board.accepted.count == 1 })
        }

        @Test("a host that finishes sends its queues, and its peers see the end")
        func finishing() throws {
            let (caller, called) = try pair()
            caller.want(.sendOnLink(link, [1, 2, 3]), .finished(.done))
            // The finishing host waits for the other only up to its time limit, so they can run one after the other.
            #expect(try turn(caller) { caller.status == .done })
            #expect(try turn(called) { !called.board.ends.isEmpty })
            let accepted = called.board.accepted[0]
            #expect(called.board.received[accepted] == [1, 2, 3])
            #expect(called.board.ends[accepted] == .closedByPeer)
        }

        @Test("an abrupt close is an immediate error on the other side")
        func abrupt() throws {
            let (caller, called) = try pair()
            caller.want(.closeLink(link, abruptly: true))
            #expect(try turn(caller, called) { !called.board.ends.isEmpty && caller.board.ends[link] != nil })
            #expect(caller.board.ends[link] == .closedByUs)
            #expect(called.board.ends.values.first == .failed("Connection reset by peer"))
        }

        @Test("a thousand links leak no descriptor")
        func descriptors() {
            OwnThread.withOwnDescriptors {
                let before = OwnThread.openDescriptors()
                do {
                    let (caller, called) = (try ToyHost(), try ToyHost())
                    let during = OwnThread.openDescriptors()
                    #expect(during.count > before.count)
                    for batch in 0..<20 {
                        let links = (1...50).map { LinkID(number: UInt64(batch * 50 + $0)) }
                        for link in links { caller.want(.openLink(link, to: called.endpoint, from: .any)) }
                        #expect(try turn(caller, called) { caller.board.opened.count == (batch + 1) * 50 })
                        for link in links { caller.want(.closeLink(link, abruptly: batch % 2 == 0)) }
                        #expect(try turn(caller, called) { called.board.ends.count == (batch + 1) * 50 })
                    }
                    #expect(try turn(caller, called) { OwnThread.openDescriptors() == during })
                }
                #expect(OwnThread.openDescriptors() == before)
            }
        }
    }
}
