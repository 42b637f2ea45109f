/// A 32-byte identifier, stored inline as four big-endian words so that comparing and hashing allocate nothing. `Kind`
/// keeps a peer's ID from being used as an entry's.
public struct Identifier<Kind>: Hashable, Comparable, Sendable {
    /// The size on the wire, in bytes.
    public static var byteCount: Int { 32 }

    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// Creates an identifier from its bytes.
    /// - Returns: Nil unless `bytes` has exactly ``byteCount`` bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        let words = bytes.withContiguousStorageIfAvailable { readWords(UnsafeRawBufferPointer($0)) }
        self.init(words: words ?? Array(bytes).withUnsafeBytes { readWords($0) })
    }

    /// Creates an identifier from its bytes.
    /// - Returns: Nil unless `bytes` has exactly ``byteCount`` bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(words: bytes.withUnsafeBytes { readWords($0) })
    }

    /// Creates an identifier from its bytes.
    /// - Returns: Nil unless `bytes` has exactly ``byteCount`` bytes.
    public init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(words: bytes.withUnsafeBytes { readWords($0) })
    }

    /// Creates an identifier from four big-endian words, first word first.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    /// The least identifier: all bits are zero.
    public static var least: Self { Self(words: (0, 0, 0, 0)) }
    /// The greatest identifier: all bits are one.
    public static var greatest: Self { Self(words: (.max, .max, .max, .max)) }

    /// The bytes as four big-endian words, first word first, for arithmetic that must not allocate.
    public var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

    /// The 32 bytes in wire order.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Self.byteCount)
        append(to: &result)
        return result
    }

    /// Appends the 32 bytes in wire order.
    public func append(to bytes: inout [UInt8]) {
        let words = (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
        withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
    }

    /// Compares the bytes in order, first byte first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.word0, left.word1, left.word2, left.word3) < (right.word0, right.word1, right.word2, right.word3)
    }
}

/// Returns 32 bytes as big-endian words.
private func readWords(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
    (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    )
}

/// A peer's identity: its Ed25519 public key.
public typealias PeerID = Identifier<PeerKind>
/// The SHA-256 of an entry's signed bytes.
public typealias EntryID = Identifier<EntryKind>
/// The room to which an entry belongs.
public typealias RoomID = Identifier<RoomKind>
/// The gathering to which a LAN lobby's log belongs.
public typealias GatheringID = Identifier<GatheringKind>

public enum PeerKind: Sendable {}
public enum EntryKind: Sendable {}
public enum RoomKind: Sendable {}
public enum GatheringKind: Sendable {}

extension Identifier: CustomStringConvertible {
    /// The identifier in lower-case hexadecimal, 64 digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * Self.byteCount)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Creates an identifier from hexadecimal digits.
    /// - Returns: Nil unless `hexadecimal` is exactly 64 hexadecimal digits.
    public init?(hexadecimal: String) {
        var bytes: [UInt8] = []
        var half: UInt8?
        for digit in hexadecimal.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x61 + 10
            case 0x41...0x46: value = digit - 0x41 + 10
            default: return nil
            }
            if let high = half {
                bytes.append(high << 4 | value)
                half = nil
            } else {
                half = value
            }
            if bytes.count > Self.byteCount { return nil }
        }
        guard half == nil else { return nil }
        self.init(bytes)
    }
}
