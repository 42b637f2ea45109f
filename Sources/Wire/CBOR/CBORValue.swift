/// Any CBOR item of this protocol as a tree, for tests, tools and vectors. Hot paths use ``CBORReader`` and
/// ``CBORWriter``.
public indirect enum CBORValue: Hashable, Sendable {
    case unsigned(UInt64)
    /// The value -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBORValue])
    /// Pairs in any order, without duplicate keys; encoding sorts them.
    case map([Pair])
    case bool(Bool)
    case null

    /// A key of a map and its value.
    public struct Pair: Hashable, Sendable {
        public var key: CBORValue
        public var value: CBORValue

        public init(_ key: CBORValue, _ value: CBORValue) {
            self.key = key
            self.value = value
        }
    }

    /// Decodes bytes that are exactly one item.
    public static func decode(_ bytes: [UInt8]) throws(CBORError) -> CBORValue {
        var reader = CBORReader(bytes)
        // Skipping the whole item first checks everything, including the depth, so `build` can recurse without a limit
        // of its own.
        try reader.skip()
        try reader.finish()
        reader = CBORReader(bytes)
        return try build(from: &reader)
    }

    private static func build(from reader: inout CBORReader) throws(CBORError) -> CBORValue {
        let head = try reader.head(at: reader.position)
        switch head.type {
        case .unsigned:
            return .unsigned(try reader.unsigned())
        case .negative:
            reader.position = head.end
            return .negative(head.argument)
        case .bytes:
            return .bytes(Array(try reader.bytes()))
        case .text:
            return .text(try reader.text())
        case .array:
            var items: [CBORValue] = []
            for _ in 0..<(try reader.array()) { items.append(try build(from: &reader)) }
            return .array(items)
        case .map:
            reader.position = head.end
            var pairs: [Pair] = []
            for _ in 0..<(try reader.count(of: head)) {
                let key = try build(from: &reader)
                pairs.append(Pair(key, try build(from: &reader)))
            }
            return .map(pairs)
        case .simple, .tag:
            if reader.takeNull() { return .null }
            return .bool(try reader.bool())
        }
    }

    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        append(to: &writer)
        return writer.bytes
    }

    private func append(to writer: inout CBORWriter) {
        switch self {
        case .unsigned(let value): writer.unsigned(value)
        case .negative(let value): writer.head(.negative, value)
        case .bytes(let value): writer.bytes(value)
        case .text(let value): writer.text(value)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        case .array(let items):
            writer.array(count: items.count)
            for item in items { item.append(to: &writer) }
        case .map(let pairs):
            writer.map(count: pairs.count)
            let encoded = pairs.map { (key: $0.key.encoded(), value: $0.value.encoded()) }
            for pair in encoded.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                writer.bytes.append(contentsOf: pair.key)
                writer.bytes.append(contentsOf: pair.value)
            }
        }
    }
}
