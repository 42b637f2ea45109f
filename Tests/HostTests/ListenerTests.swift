import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing

@testable import Host

extension HostTests {
    @Suite("Listening")
    struct ListenerTests {
        @Test("a port in use is an error with advice")
        func taken() throws {
            let first = try ToyHost()
            let port = first.host.linkPort
            #expect(throws: HostError("cannot listen on port \(port): already in use (try --port 0)")) {
                _ = try ToyHost { $0.port = .exactly(port) }
            }
        }

        @Test("if the preferred port is in use, another one is chosen")
        func preferred() throws {
            let first = try ToyHost()
            let second = try ToyHost { $0.port = .preferred(first.host.linkPort) }
            #expect(second.host.linkPort != first.host.linkPort)
            #expect(second.host.linkPort != 0)
        }

        @Test("the first input of the core has the link port")
        func started() throws {
            let host = try ToyHost()
            try host.turn()
            guard case .started(let port, _) = host.board.inputs.first else {
                Issue.record("the first input was \(String(describing: host.board.inputs.first))")
                return
            }
            #expect(port == host.host.linkPort)
        }

        /// Makes a silent connection without a host.
        private func silentConnection(to host: ToyHost) throws -> CInt {
            let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            try #require(number >= 0)
            let result = SocketAddress(host.endpoint).withPointer { connect(number, $0, $1) }
            try #require(result == 0)
            return number
        }

        @Test("a thousand silent connections do not block another one")
        func silent() throws {
            let (host, honest) = (try ToyHost(), try ToyHost())
            var silent: [CInt] = []
            defer { for number in silent { close(number) } }
            for _ in 0..<1000 {
                silent.append(try silentConnection(to: host))
                try host.turn()
            }
            #expect(try turn(host) { host.board.accepted.count == 1000 })
            let link = LinkID(number: 1)
            honest.want(.openLink(link, to: host.endpoint, from: .any), .sendOnLink(link, [1]))
            #expect(try turn(host, honest) { host.board.received.count == 1 })
        }

        @Test("beyond the limit for one address, connections are closed immediately")
        func bound() throws {
            let host = try ToyHost()
            var silent: [CInt] = []
            defer { for number in silent { close(number) } }
            for _ in 0..<HostBounds.acceptedLinksPerAddress + 1 {
                silent.append(try silentConnection(to: host))
                try host.turn()
            }
            #expect(try turn(host) { host.board.accepted.count == HostBounds.acceptedLinksPerAddress })
            var byte: UInt8 = 0
            #expect(read(silent.last!, &byte, 1) <= 0)
        }

        /// The maximum number of descriptors of a process on this machine.
        private static var descriptorLimit: Int {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            return Int(clamping: limit.rlim_max)
        }

        @Test(
            "without free descriptors, accepting pauses rather than spins, and resumes when there are some",
            .enabled(if: descriptorLimit <= 1 << 20, "has too many descriptors to exhaust"))
        func outOfDescriptors() {
            OwnThread.withOwnDescriptors {
                let host = try ToyHost()
                for _ in 0..<20 { _ = try silentConnection(to: host) }
                var fillers: [CInt] = []
                while true {
                    let filler = dup(0)
                    guard filler >= 0 else { break }
                    fillers.append(filler)
                }
                for _ in 0..<5 { close(fillers.removeLast()) }

                #expect(try turn(host) { host.board.accepted.count == 5 })
                let start = Clock.now()
                var rounds = 0
                while Clock.now() < start + .milliseconds(50) {
                    try host.turn()
                    rounds += 1
                }
                // Each round waits its millisecond.
                #expect(rounds < 100)
                #expect(host.board.accepted.count == 5)
                for filler in fillers { close(filler) }
                #expect(try turn(host) { host.board.accepted.count == 20 })
            }
        }
    }
}
