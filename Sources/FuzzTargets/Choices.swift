/// The bytes of a fuzzer, read as choices. Once they are used up, every choice is 0.
struct Choices {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isOver: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    mutating func index(below count: Int) -> Int { Int(byte()) % count }

    /// Returns a number of up to 64 bits; small ones are as likely as large ones.
    mutating func number() -> UInt64 {
        (0..<Int(byte() & 7) + 1).reduce(0) { sum, _ in sum << 8 | UInt64(byte()) }
    }

    /// Returns at most 1,023 bytes.
    mutating func chunk() -> [UInt8] {
        let count = min(Int(byte()) | Int(byte() & 3) << 8, bytes.count - min(position, bytes.count))
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func text() -> String { String(decoding: chunk(), as: UTF8.self) }

    /// Returns all remaining bytes.
    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(bytes[min(position, bytes.count)...])
    }
}
