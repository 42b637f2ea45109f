/// Writes deterministic CBOR (RFC 8949 §4.2.1) directly as bytes, without building a tree.
///
/// A container is its head followed by its elements: after `array(count: 2)` the caller writes two items. The keys of a
/// map must be written in the bytewise order of their encodings.
public struct CBORWriter {
    /// The bytes written so far.
    public var bytes: [UInt8]

    public init(capacityBytes: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacityBytes)
    }

    public mutating func unsigned(_ value: UInt64) {
        head(.unsigned, value)
    }

    public mutating func integer(_ value: Int64) {
        if value >= 0 {
            head(.unsigned, UInt64(value))
        } else {
            // CBOR stores -1 - n, which in two's complement is the complement of the bits.
            head(.negative, ~UInt64(bitPattern: value))
        }
    }

    public mutating func bytes(_ value: some Collection<UInt8>) {
        head(.bytes, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a byte string of 32 bytes.
    public mutating func identifier<Kind>(_ value: Identifier<Kind>) {
        head(.bytes, UInt64(Identifier<Kind>.byteCount))
        value.append(to: &bytes)
    }

    public mutating func text(_ value: String) {
        head(.text, UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    public mutating func array(count: Int) {
        head(.array, UInt64(count))
    }

    /// Writes the head of a map; `count` pairs of a key and a value must follow.
    public mutating func map(count: Int) {
        head(.map, UInt64(count))
    }

    public mutating func bool(_ value: Bool) {
        bytes.append(value ? Simple.true : Simple.false)
    }

    public mutating func null() {
        bytes.append(Simple.null)
    }

    /// Writes a type and its argument in the shortest form.
    mutating func head(_ type: CBORType, _ argument: UInt64) {
        let major = type.rawValue << 5
        switch argument {
        case 0...23:
            bytes.append(major | UInt8(argument))
        case 24...0xFF:
            bytes.append(major | 24)
            bytes.append(UInt8(argument))
        case 0x100...0xFFFF:
            bytes.append(major | 25)
            bigEndian(argument, byteCount: 2)
        case 0x1_0000...0xFFFF_FFFF:
            bytes.append(major | 26)
            bigEndian(argument, byteCount: 4)
        default:
            bytes.append(major | 27)
            bigEndian(argument, byteCount: 8)
        }
    }

    private mutating func bigEndian(_ value: UInt64, byteCount: Int) {
        for position in (0..<byteCount).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * position)))
        }
    }

    /// The three simple values, as complete items.
    enum Simple {
        static let `false`: UInt8 = 0xF4
        static let `true`: UInt8 = 0xF5
        static let null: UInt8 = 0xF6
    }
}
