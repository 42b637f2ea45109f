/// Why bytes are not the CBOR that this protocol speaks. Offsets count bytes from the start of what was given to the
/// reader; each case carries the evidence.
public enum CBORError: Error, Equatable, Sendable {
    /// The item needs `needed` bytes from `offset` on and there are only `remaining`.
    case endOfInput(offset: Int, needed: UInt64, remaining: Int)
    /// An item of another type stands here.
    case unexpectedType(expected: CBORType, found: CBORType, offset: Int)
    /// Indefinite lengths, and the "break" that ends them, are refused (RFC 8949 §4.2.1).
    case indefiniteLength(offset: Int)
    /// Additional information 28...30 means nothing yet (RFC 8949 §3).
    case reservedInformation(UInt8, offset: Int)
    /// The number would fit a shorter form (RFC 8949 §4.2.1).
    case notShortest(offset: Int)
    case tagRefused(offset: Int)
    case floatRefused(offset: Int)
    /// A simple value other than false, true and null.
    case simpleValueRefused(offset: Int)
    /// The number does not fit what the caller asked for.
    case integerOutOfRange(offset: Int)
    /// A length or count above what the caller allows.
    case tooLong(length: UInt64, maximum: Int, offset: Int)
    /// An array of another number of elements than the caller asked for.
    case unexpectedCount(expected: Int, found: Int, offset: Int)
    /// Containers nested deeper than `maximum`.
    case tooDeep(maximum: Int, offset: Int)
    case invalidUTF8(offset: Int)
    /// A map's key that is not greater, bytewise, than the key before it.
    case keysOutOfOrder(offset: Int)
    case duplicateKey(offset: Int)
    /// Bytes after the end of the item.
    case trailingBytes(count: Int, offset: Int)
}

/// The types of CBOR items, major type by major type (RFC 8949 §3.1). The raw value is the major type.
public enum CBORType: UInt8, Sendable {
    case unsigned = 0
    case negative = 1
    case bytes = 2
    case text = 3
    case array = 4
    case map = 5
    case tag = 6
    /// Of these, only false, true and null are spoken here.
    case simple = 7
}
