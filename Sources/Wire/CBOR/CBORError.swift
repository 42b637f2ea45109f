/// The reason why bytes are not the CBOR of this protocol. Offsets count bytes from the start of the reader's input;
/// each case carries the evidence.
public enum CBORError: Error, Equatable, Sendable {
    /// The item needs `needed` bytes from `offset` on, but only `remaining` are left.
    case endOfInput(offset: Int, needed: UInt64, remaining: Int)
    /// The item is of another type.
    case unexpectedType(expected: CBORType, found: CBORType, offset: Int)
    /// Indefinite lengths, and the "break" that ends them, are rejected (RFC 8949 §4.2.1).
    case indefiniteLength(offset: Int)
    /// Additional information 28...30 is reserved (RFC 8949 §3).
    case reservedInformation(UInt8, offset: Int)
    /// The number would fit a shorter form (RFC 8949 §4.2.1).
    case notShortest(offset: Int)
    case tagRefused(offset: Int)
    case floatRefused(offset: Int)
    /// A simple value other than false, true and null.
    case simpleValueRefused(offset: Int)
    /// The number is outside the range that the caller asked for.
    case integerOutOfRange(offset: Int)
    /// A length or count is above the caller's maximum.
    case tooLong(length: UInt64, maximum: Int, offset: Int)
    /// An array or byte string does not have the size that the caller asked for.
    case unexpectedCount(expected: Int, found: Int, offset: Int)
    /// Containers are nested deeper than `maximum`.
    case tooDeep(maximum: Int, offset: Int)
    case invalidUTF8(offset: Int)
    /// A map's key is not greater, bytewise, than the key before it.
    case keysOutOfOrder(offset: Int)
    case duplicateKey(offset: Int)
    /// Bytes follow the end of the item.
    case trailingBytes(count: Int, offset: Int)
}

/// The type of a CBOR item. The raw value is its major type (RFC 8949 §3.1).
public enum CBORType: UInt8, Sendable {
    case unsigned = 0
    case negative = 1
    case bytes = 2
    case text = 3
    case array = 4
    case map = 5
    case tag = 6
    /// A simple value; this protocol uses only false, true and null.
    case simple = 7
}
