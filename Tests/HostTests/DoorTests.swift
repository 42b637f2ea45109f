import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Host

extension HostTests {
    @Suite("Listeners of a relay")
    struct DoorTests {
        private static let loopback = IPAddress.v4(0x7F00_0001)
        private static let anyLoopback = ListenPlace.endpoint(Endpoint(address: loopback, port: 0))

        /// A connection that never blocks its reader.
        private final class Visitor {
            let number: CInt
            private(set) var received: [UInt8] = []
            private(set) var hasEnded = false

            init(port: UInt16) throws {
                number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
                try #require(number >= 0)
                let endpoint = Endpoint(address: DoorTests.loopback, port: port)
                try #require(SocketAddress(endpoint).withPointer { connect(number, $0, $1) } == 0)
            }

            deinit { close(number) }

            func write(_ text: String) {
                _ = Array(text.utf8).withUnsafeBytes { send(number, $0.baseAddress, $0.count, 0) }
            }

            func read() {
                var buffer = [UInt8](repeating: 0, count: 65536)
                while !hasEnded {
                    let count = recv(number, &buffer, buffer.count, CInt(MSG_DONTWAIT))
                    if count > 0 { received += buffer[..<count] } else { hasEnded = count == 0 || errno != EAGAIN }
                    if count <= 0 { return }
                }
            }

            var text: String { String(decoding: received, as: UTF8.self) }
        }

        private func answer(_ request: String, page: [UInt8] = Array("metric 1\n".utf8)) throws -> String {
            let host = try ToyHost { $0.pagePlaces = [Self.anyLoopback] }
            host.host.operation.page = { _ in page }
            let visitor = try Visitor(port: host.host.pagePort)
            visitor.write(request)
            #expect(
                try turn(host) {
                    visitor.read()
                    return visitor.hasEnded
                })
            return visitor.text
        }

        @Test("links are accepted on each configured address, and nowhere else")
        func places() throws {
            let second = try ToyHost()
            let port = second.host.linkPort
            let host = try ToyHost { $0.port = .at([Self.anyLoopback, .everyAddress(port: 0)]) }
            _ = try Visitor(port: host.host.linkPort)
            #expect(try turn(host) { host.board.accepted.count == 1 })
            #expect(host.host.linkPort != port && host.host.guestPort == 0 && host.host.pagePort == 0)
        }

        @Test("an unavailable address is an error with advice")
        func taken() throws {
            let first = try ToyHost()
            let port = first.host.linkPort
            for (place, name) in [
                (ListenPlace.everyAddress(port: port), "port \(port)"),
                (.endpoint(Endpoint(address: Self.loopback, port: port)), "port \(port)"),
            ] {
                #expect(
                    throws: HostError("cannot listen on \(name): already in use (try --listen 0.0.0.0:PORT)")
                ) { _ = try ToyHost { $0.port = .at([place]) } }
            }
            let elsewhere = Endpoint(address: .v4(0xC000_0201), port: 1234)
            #expect(
                throws: HostError(
                    "cannot listen on 192.0.2.1:1234: this machine does not have that address "
                        + "(try another port for --metrics)")
            ) { _ = try ToyHost { $0.pagePlaces = [.endpoint(elsewhere)] } }
        }

        @Test("a port can be reused immediately, even if connections to it still exist")
        func restart() throws {
            var host: ToyHost? = try ToyHost { $0.port = .at([Self.anyLoopback]) }
            let endpoint = Endpoint(address: Self.loopback, port: try #require(host).host.linkPort)
            let visitor = try Visitor(port: endpoint.port)
            #expect(try turn(try #require(host)) { host?.board.accepted.count == 1 })
            host = nil
            // A program that another test starts at this moment inherits all our sockets until its exec. Remaining
            // connections would block the port for a minute.
            let end = ContinuousClock.now + .seconds(2)
            var again: ToyHost?
            while again == nil, ContinuousClock.now < end {
                again = try? ToyHost { $0.port = .at([.endpoint(endpoint)]) }
            }
            #expect(again != nil)
            #expect(visitor.number >= 0)
        }

        @Test("guests are links marked as guests, and answers reach them")
        func guests() throws {
            let host = try ToyHost { $0.guestPlaces = [Self.anyLoopback] }
            host.board.answer = { input in
                guard case .linkBytesReceived(let link, let bytes) = input else { return [] }
                return [.sendOnLink(link, Array("you said ".utf8) + bytes), .closeLink(link, abruptly: false)]
            }
            let visitor = try Visitor(port: host.host.guestPort)
            visitor.write("hello\n")
            #expect(
                try turn(host) {
                    visitor.read()
                    return visitor.hasEnded
                })
            #expect(visitor.text == "you said hello\n")
            #expect(host.board.accepted.count == 1 && host.board.accepted.allSatisfy(\.isGuest))
            _ = try Visitor(port: host.host.linkPort)
            #expect(try turn(host) { host.board.accepted.count == 2 })
            #expect(!host.board.accepted[1].isGuest)
        }

        @Test("links beyond the configured limits are closed immediately")
        func limits() throws {
            let host = try ToyHost {
                $0.linkLimits.acceptedPerAddress = 2
            }
            let visitors = try (0..<3).map { _ in try Visitor(port: host.host.linkPort) }
            #expect(
                try turn(host) {
                    visitors[2].read()
                    return visitors[2].hasEnded
                })
            #expect(host.board.accepted.count == 2)
        }

        @Test("the metrics page is served over HTTP")
        func page() throws {
            let text = try answer("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(text.contains("\r\nContent-Length: 9\r\n"))
            #expect(text.hasSuffix("\r\n\r\nmetric 1\n"))
            #expect(try answer("HEAD /metrics HTTP/1.0\n\n").hasSuffix("\r\n\r\n"))
        }

        @Test("a large page arrives whole")
        func largePage() throws {
            let page = [UInt8](repeating: 0x61, count: 8 << 20)
            #expect(try answer("GET /metrics HTTP/1.0\r\n\r\n", page: page).utf8.count > 8 << 20)
        }

        @Test(
            "other requests get the status code of their error",
            arguments: [
                ("GET / HTTP/1.0\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"), ("\r\n", "400"),
                ("GET /metrics\r\n\r\n", "400"),
            ])
        func badRequest(request: String, status: String) throws {
            #expect(try answer(request).hasPrefix("HTTP/1.0 \(status) "))
        }

        @Test("a request without an end is refused before it fills the buffer")
        func longRequest() throws {
            for request in ["a", "GET /metrics HTTP/1.1\r\nX: y\r\n"] {
                #expect(try answer(String(repeating: request, count: 5000)).hasPrefix("HTTP/1.0 431 "))
            }
        }

        @Test("a request may arrive byte by byte, and is answered once")
        func pieces() {
            let request = Array("GET /metrics HTTP/1.0\r\n\r\n".utf8)
            for count in 0..<request.count {
                #expect(PageRequest.answer(to: Array(request[..<count]), page: { [1] }) == nil)
            }
            #expect(PageRequest.answer(to: request, page: { [1] })?.last == 1)
        }

        @Test("silent connections are evicted for new ones, so they cannot block the page")
        func silentVisitors() throws {
            let host = try ToyHost { $0.pagePlaces = [Self.anyLoopback] }
            host.host.operation.page = { _ in [0x61] }
            let silent = try (0..<100).map { _ in try Visitor(port: host.host.pagePort) }
            let visitor = try Visitor(port: host.host.pagePort)
            visitor.write("GET /metrics HTTP/1.0\r\n\r\n")
            #expect(
                try turn(host) {
                    visitor.read()
                    return visitor.hasEnded
                })
            #expect(visitor.text.hasSuffix("a"))
            for visitor in silent { visitor.read() }
            #expect(silent.count(where: \.hasEnded) >= 100 - HostBounds.pageConnections)
        }
    }
}
