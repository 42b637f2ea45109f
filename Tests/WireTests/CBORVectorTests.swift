import TestKit
import Testing
import Wire

/// RFC 8949 appendix A: the items that this protocol uses, and those that it rejects.
@Suite("CBOR, appendix A of RFC 8949")
struct CBORVectorTests {
    static let spoken: [(String, CBORValue)] = [
        ("00", .unsigned(0)),
        ("01", .unsigned(1)),
        ("0a", .unsigned(10)),
        ("17", .unsigned(23)),
        ("1818", .unsigned(24)),
        ("1819", .unsigned(25)),
        ("1864", .unsigned(100)),
        ("1903e8", .unsigned(1000)),
        ("1a000f4240", .unsigned(1_000_000)),
        ("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
        ("1bffffffffffffffff", .unsigned(18_446_744_073_709_551_615)),
        ("3bffffffffffffffff", .negative(18_446_744_073_709_551_615)),
        ("20", .negative(0)),
        ("29", .negative(9)),
        ("3863", .negative(99)),
        ("3903e7", .negative(999)),
        ("f4", .bool(false)),
        ("f5", .bool(true)),
        ("f6", .null),
        ("40", .bytes([])),
        ("4401020304", .bytes([1, 2, 3, 4])),
        ("60", .text("")),
        ("6161", .text("a")),
        ("6449455446", .text("IETF")),
        ("62225c", .text("\"\\")),
        ("62c3bc", .text("\u{00fc}")),
        ("63e6b0b4", .text("\u{6c34}")),
        ("64f0908591", .text("\u{10151}")),
        ("80", .array([])),
        ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])),
        (
            "8301820203820405",
            .array([
                .unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)]),
            ])
        ),
        (
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            .array((1...25).map { .unsigned($0) })
        ),
        ("a0", .map([])),
        ("a201020304", .map([.init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .unsigned(4))])),
        (
            "a26161016162820203",
            .map([
                .init(.text("a"), .unsigned(1)), .init(.text("b"), .array([.unsigned(2), .unsigned(3)])),
            ])
        ),
        ("826161a161626163", .array([.text("a"), .map([.init(.text("b"), .text("c"))])])),
        (
            "a56161614161626142616361436164614461656145",
            .map(["a", "b", "c", "d", "e"].map { .init(.text($0), .text($0.uppercased())) })
        ),
    ]

    @Test("every supported item of the appendix decodes to its value and encodes to its bytes", arguments: spoken)
    func spokenItem(hexadecimal: String, value: CBORValue) throws {
        let bytes = try #require([UInt8](hexadecimal: hexadecimal))
        #expect(try CBORValue.decode(bytes) == value)
        #expect(value.encoded() == bytes)
    }

    static let refused: [(String, CBORError)] = [
        // Bignums and other tags.
        ("c249010000000000000000", .tagRefused(offset: 0)),
        ("c349010000000000000000", .tagRefused(offset: 0)),
        ("c074323031332d30332d32315432303a30343a30305a", .tagRefused(offset: 0)),
        ("c11a514b67b0", .tagRefused(offset: 0)),
        ("d74401020304", .tagRefused(offset: 0)),
        ("d818456449455446", .tagRefused(offset: 0)),
        // Floats of all three sizes.
        ("f90000", .floatRefused(offset: 0)),
        ("f93c00", .floatRefused(offset: 0)),
        ("fa47c35000", .floatRefused(offset: 0)),
        ("fb3ff199999999999a", .floatRefused(offset: 0)),
        ("f97e00", .floatRefused(offset: 0)),
        // Undefined and other simple values.
        ("f7", .simpleValueRefused(offset: 0)),
        ("f0", .simpleValueRefused(offset: 0)),
        ("f8ff", .simpleValueRefused(offset: 0)),
        // Indefinite lengths.
        ("5f42010243030405ff", .indefiniteLength(offset: 0)),
        ("7f657374726561646d696e67ff", .indefiniteLength(offset: 0)),
        ("9fff", .indefiniteLength(offset: 0)),
        ("9f018202039f0405ffff", .indefiniteLength(offset: 0)),
        ("83018202039f0405ff", .indefiniteLength(offset: 5)),
        ("bf61610161629f0203ffff", .indefiniteLength(offset: 0)),
        ("826161bf61626163ff", .indefiniteLength(offset: 3)),
    ]

    @Test("every unsupported item of the appendix is rejected with its reason", arguments: refused)
    func refusedItem(hexadecimal: String, error: CBORError) throws {
        let bytes = try #require([UInt8](hexadecimal: hexadecimal))
        #expect(throws: error) { try CBORValue.decode(bytes) }
    }
}
