import CoreModel
import Glibc
import Wire

/// Serves one page over HTTP: as much of a web server as a metrics collector needs. Everything is bounded: few open
/// requests, short requests, little time.
final class MetricsServer {
    private final class MetricsConnection {
        let descriptor: Descriptor
        let end: Instant
        var request: [UInt8] = []
        /// The bytes yet to be sent; nil until the request is complete.
        var answer: ArraySlice<UInt8>?

        init(_ descriptor: consuming Descriptor, until end: Instant) {
            self.descriptor = descriptor
            self.end = end
        }
    }

    private let listener: Listener
    private let poller: Poller
    private var connections: [UInt32: MetricsConnection] = [:]
    private var nextNumber: UInt32 = 0

    init(_ listener: Listener, poller: Poller) {
        self.listener = listener
        self.poller = poller
    }

    deinit {
        for connection in connections.values { poller.remove(connection.descriptor.number) }
    }

    var port: UInt16 { listener.port }

    var nextDeadline: Instant? {
        let end = connections.values.lazy.map(\.end).min()
        guard let pause = listener.pausedUntil else { return end }
        return min(pause, end ?? pause)
    }

    func accept(at now: Instant) {
        listener.accept(at: now) { descriptor, _ in
            // The oldest open request is evicted, so that idle clients cannot keep the collector out.
            if connections.count >= HostBounds.pageConnections, let oldest = connections.keys.min() { drop(oldest) }
            let number = nextNumber
            let connection = MetricsConnection(descriptor, until: now + HostBounds.pageTime)
            guard (try? poller.add(connection.descriptor.number, .page(number), .readable)) != nil else { return }
            nextNumber &+= 1
            connections[number] = connection
        }
    }

    /// Handles an event of a request.
    /// - Parameter page: Makes the page if it is requested.
    func ready(_ number: UInt32, page: () -> [UInt8]) {
        guard let connection = connections[number] else { return }
        guard let bytes = read(connection) else { return drop(number) }
        if connection.answer == nil {
            connection.request += bytes
            guard let answer = PageRequest.answer(to: connection.request, page: page) else { return }
            connection.answer = answer[...]
        }
        send(connection, number)
    }

    func deadlineReached(at now: Instant) {
        listener.deadlineReached(at: now)
        for number in connections.filter({ $0.value.end <= now }).keys.sorted() { drop(number) }
    }

    /// Reads a part of the request.
    /// - Returns: Nil at the end, or if the connection failed.
    private func read(_ connection: MetricsConnection) -> [UInt8]? {
        withUnsafeTemporaryAllocation(byteCount: PageRequest.maximumBytes, alignment: 1) { buffer in
            switch try? connection.descriptor.receive(into: buffer) {
            case .bytes(let count): Array(buffer[..<count])
            case .notNow: []
            case .end, nil: nil
            }
        }
    }

    private func send(_ connection: MetricsConnection, _ number: UInt32) {
        while let rest = connection.answer, !rest.isEmpty {
            do {
                guard let count = try connection.descriptor.send(rest) else {
                    return poller.change(connection.descriptor.number, to: [.readable, .writable])
                }
                connection.answer = rest.dropFirst(count)
            } catch {
                return drop(number)
            }
        }
        // The client closes when it has read everything; if we closed first, it could lose the end.
        poller.change(connection.descriptor.number, to: .readable)
        _ = shutdown(connection.descriptor.number, CInt(SHUT_WR))
    }

    private func drop(_ number: UInt32) {
        guard let connection = connections.removeValue(forKey: number) else { return }
        poller.remove(connection.descriptor.number)
    }
}

/// HTTP/1.0 (RFC 1945) for one page.
package enum PageRequest {
    /// The maximum size of a request, including its headers.
    package static let maximumBytes = 4096

    /// Returns the response to a request.
    /// - Parameter page: Called only if the page is requested.
    /// - Returns: Nil while the request is incomplete.
    package static func answer(to request: [UInt8], page: () -> [UInt8]) -> [UInt8]? {
        guard isWhole(request) else {
            return request.count < maximumBytes ? nil : head("431 Request Header Fields Too Large", byteCount: 0)
        }
        let line = String(decoding: request.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return head("400 Bad Request", byteCount: 0) }
        guard words[0] == "GET" || words[0] == "HEAD" else { return head("405 Method Not Allowed", byteCount: 0) }
        guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else { return head("404 Not Found", byteCount: 0) }
        let body = page()
        return head("200 OK", byteCount: body.count) + (words[0] == "GET" ? body : [])
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        var lineBytes = 0
        for byte in request {
            if byte == 0x0A {
                if lineBytes == 0 { return true }
                lineBytes = 0
            } else if byte != 0x0D {
                lineBytes += 1
            }
        }
        return false
    }

    private static func head(_ status: String, byteCount: Int) -> [UInt8] {
        let lines = [
            "HTTP/1.0 \(status)", "Content-Type: text/plain; version=0.0.4; charset=utf-8",
            "Content-Length: \(byteCount)", "Connection: close", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}
