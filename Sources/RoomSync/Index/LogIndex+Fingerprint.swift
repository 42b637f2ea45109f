import Secure
import Wire

/// A fingerprint of a set of entries in reconciliation: 16 bytes of the SHA-256 of the sum of their IDs and their
/// number (Protocol.md, Reconciliation).
public struct Fingerprint: Hashable, Sendable {
    public static let byteCount = 16
    private let high: UInt64
    private let low: UInt64

    init(sum: IDSum, count: Int) {
        let input = (
            sum.word0.bigEndian, sum.word1.bigEndian, sum.word2.bigEndian, sum.word3.bigEndian, UInt64(count).bigEndian
        )
        (high, low, _, _) = withUnsafeBytes(of: input) { SHA256.words(of: $0) }
    }

    /// Decodes a fingerprint.
    /// - Returns: Nil unless `bytes` has exactly ``byteCount`` bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for byte in bytes {
            words.0 = words.0 << 8 | words.1 >> 56
            words.1 = words.1 << 8 | UInt64(byte)
        }
        (high, low) = words
    }

    public var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }
}

/// A sum of IDs as numbers of 256 bits, modulo 2^256. Addition can be undone, so the sum of a set follows insertions
/// and removals.
struct IDSum: Hashable, Sendable {
    fileprivate(set) var word0: UInt64 = 0
    fileprivate(set) var word1: UInt64 = 0
    fileprivate(set) var word2: UInt64 = 0
    fileprivate(set) var word3: UInt64 = 0

    package mutating func add(_ id: EntryID) {
        let words = id.words
        add(words.0, words.1, words.2, words.3)
    }

    package mutating func add(_ other: IDSum) {
        add(other.word0, other.word1, other.word2, other.word3)
    }

    /// Subtracts by adding the two's complement.
    mutating func subtract(_ id: EntryID) {
        let words = id.words
        add(~words.0, ~words.1, ~words.2, ~words.3)
        add(0, 0, 0, 1)
    }

    private mutating func add(_ other0: UInt64, _ other1: UInt64, _ other2: UInt64, _ other3: UInt64) {
        var carry: UInt64 = 0
        word3 = Self.sum(word3, other3, &carry)
        word2 = Self.sum(word2, other2, &carry)
        word1 = Self.sum(word1, other1, &carry)
        word0 = Self.sum(word0, other0, &carry)
    }

    private static func sum(_ left: UInt64, _ right: UInt64, _ carry: inout UInt64) -> UInt64 {
        let (first, isOver) = left.addingReportingOverflow(right)
        let (second, isOverAgain) = first.addingReportingOverflow(carry)
        carry = isOver || isOverAgain ? 1 : 0
        return second
    }
}
