package import Wire

/// The sockets of this machine, from the kernel's lists `/proc/net/tcp`, `tcp6`, `udp` and `udp6` (proc(5)).
package struct SocketTable {
    package struct Entry: Hashable {
        package var local: Endpoint
        package var remote: Endpoint
        package var state: UInt8
        package var user: UInt32
    }

    package private(set) var entries: [Entry] = []

    /// `TCP_ESTABLISHED` and `TCP_LISTEN` (net/tcp_states.h).
    private static let established: UInt8 = 1
    private static let listening: UInt8 = 10

    /// Parses the lists.
    /// - Parameter texts: Each has a heading, then a line per socket: number, local address, remote address, state,
    ///   queues, timer, retransmissions, user. An address is its memory as numbers in this machine's byte order.
    package init(_ texts: String...) {
        for text in texts {
            entries += text.split(separator: "\n").dropFirst().compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count >= 8, let local = Self.endpoint(fields[1]), let remote = Self.endpoint(fields[2]),
                    let state = UInt8(fields[3], radix: 16), let user = UInt32(fields[7])
                else { return nil }
                return Entry(local: local, remote: remote, state: state, user: user)
            }
        }
    }

    package var established: [Entry] { entries.filter { $0.state == Self.established } }
    package var listening: [Entry] { entries.filter { $0.state == Self.listening } }

    private static func endpoint(_ text: Substring) -> Endpoint? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
        let digits = Array(parts[0])
        guard digits.count == 8 || digits.count == 32 else { return nil }
        let words = stride(from: 0, to: digits.count, by: 8).compactMap { start in
            UInt32(String(digits[start..<start + 8]), radix: 16).map { UInt32(bigEndian: $0) }
        }
        if words.count == 1 { return Endpoint(address: .v4(words[0]), port: port) }
        guard words.count == 4 else { return nil }
        let high = UInt64(words[0]) << 32 | UInt64(words[1])
        if high == 0, words[2] == 0xFFFF { return Endpoint(address: .v4(words[3]), port: port) }
        return Endpoint(address: .v6(high: high, low: UInt64(words[2]) << 32 | UInt64(words[3]), scope: 0), port: port)
    }
}
