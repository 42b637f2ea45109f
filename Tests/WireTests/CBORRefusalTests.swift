import TestKit
import Testing
import Wire

@Suite("CBOR that is rejected")
struct CBORRefusalTests {
    static let malformed: [(String, CBORError)] = [
        ("", .endOfInput(offset: 0, needed: 1, remaining: 0)),
        // Longer forms than necessary, of each size and type.
        ("1817", .notShortest(offset: 0)),
        ("1900ff", .notShortest(offset: 0)),
        ("1a0000ffff", .notShortest(offset: 0)),
        ("1b00000000ffffffff", .notShortest(offset: 0)),
        ("3800", .notShortest(offset: 0)),
        ("580161", .notShortest(offset: 0)),
        ("780161", .notShortest(offset: 0)),
        ("980100", .notShortest(offset: 0)),
        ("b8010000", .notShortest(offset: 0)),
        ("8218f01817", .notShortest(offset: 3)),
        // Truncated numbers and contents.
        ("18", .endOfInput(offset: 1, needed: 1, remaining: 0)),
        ("19ff", .endOfInput(offset: 1, needed: 2, remaining: 1)),
        ("1affffff", .endOfInput(offset: 1, needed: 4, remaining: 3)),
        ("1bffffffffffffff", .endOfInput(offset: 1, needed: 8, remaining: 7)),
        ("4261", .endOfInput(offset: 1, needed: 2, remaining: 1)),
        ("6261", .endOfInput(offset: 1, needed: 2, remaining: 1)),
        ("8201", .endOfInput(offset: 1, needed: 2, remaining: 1)),
        // Lengths that would overflow, or make a reader reserve huge amounts of memory.
        ("5bffffffffffffffff", .tooLong(length: .max, maximum: .max, offset: 9)),
        ("7bffffffffffffffff00", .tooLong(length: .max, maximum: .max, offset: 9)),
        ("9bffffffffffffffff00", .tooLong(length: .max, maximum: .max, offset: 9)),
        ("bbffffffffffffffff0000", .tooLong(length: .max, maximum: .max, offset: 9)),
        ("bb80000000000000000000", .tooLong(length: 1 << 63, maximum: .max, offset: 9)),
        ("5b7fffffffffffffff", .endOfInput(offset: 9, needed: UInt64(Int64.max), remaining: 0)),
        ("9b7fffffffffffffff00", .endOfInput(offset: 9, needed: UInt64(Int64.max), remaining: 1)),
        ("bb7fffffffffffffff00", .endOfInput(offset: 9, needed: UInt64(Int64.max), remaining: 1)),
        ("a1 00", .endOfInput(offset: 1, needed: 1, remaining: 1)),
        // Reserved information.
        ("1c", .reservedInformation(28, offset: 0)),
        ("5d", .reservedInformation(29, offset: 0)),
        ("fe", .reservedInformation(30, offset: 0)),
        ("ff", .indefiniteLength(offset: 0)),
        // UTF-8: a stray continuation byte, an overlong form, a surrogate, a value past the last scalar, a truncated
        // character.
        ("6180", .invalidUTF8(offset: 0)),
        ("62c080", .invalidUTF8(offset: 0)),
        ("63eda080", .invalidUTF8(offset: 0)),
        ("64f4908080", .invalidUTF8(offset: 0)),
        ("61c3", .invalidUTF8(offset: 0)),
        ("820061ff", .invalidUTF8(offset: 2)),
        // Keys.
        ("a201000100", .duplicateKey(offset: 3)),
        ("a202000100", .keysOutOfOrder(offset: 3)),
        ("a2616200616100", .keysOutOfOrder(offset: 4)),
        // A shorter key sorts first because its head does; the reverse order is rejected.
        ("a262616100616200", .keysOutOfOrder(offset: 5)),
        ("81a20100 0100", .duplicateKey(offset: 4)),
        // After the end.
        ("0000", .trailingBytes(count: 1, offset: 1)),
        ("8100ff", .trailingBytes(count: 1, offset: 2)),
    ]

    @Test("malformed bytes are rejected with evidence", arguments: malformed)
    func malformedBytes(hexadecimal: String, error: CBORError) throws {
        let bytes = try #require([UInt8](hexadecimal: hexadecimal))
        #expect(throws: error) { try CBORValue.decode(bytes) }
    }

    @Test("containers may be nested up to the limit and no deeper")
    func nesting() throws {
        let deepest = [UInt8](repeating: 0x81, count: CBORReader.maximumDepth) + [0x00]
        #expect(try CBORValue.decode(deepest).encoded() == deepest)
        let emptyAtTheBottom = [UInt8](repeating: 0x81, count: CBORReader.maximumDepth - 1) + [0x80]
        #expect(try CBORValue.decode(emptyAtTheBottom).encoded() == emptyAtTheBottom)
        for tooDeep in [[0x81] + deepest, [UInt8](repeating: 0x81, count: 1_000_000)] {
            #expect(throws: CBORError.tooDeep(maximum: 8, offset: 8)) { try CBORValue.decode(tooDeep) }
        }
        let emptyTooDeep = [UInt8](repeating: 0x81, count: CBORReader.maximumDepth) + [0xA0]
        #expect(throws: CBORError.tooDeep(maximum: 8, offset: 8)) { try CBORValue.decode(emptyTooDeep) }
    }

    @Test("a reader that throws does not advance")
    func failureChangesNothing() throws {
        var reader = CBORReader([0x62, 0xC3, 0x28])
        #expect(throws: CBORError.unexpectedType(expected: .unsigned, found: .text, offset: 0)) {
            try reader.unsigned()
        }
        #expect(throws: CBORError.unexpectedType(expected: .bytes, found: .text, offset: 0)) { try reader.bytes() }
        #expect(throws: CBORError.unexpectedType(expected: .array, found: .text, offset: 0)) { try reader.array() }
        #expect(throws: CBORError.unexpectedType(expected: .map, found: .text, offset: 0)) { try reader.map() }
        #expect(throws: CBORError.unexpectedType(expected: .simple, found: .text, offset: 0)) { try reader.bool() }
        #expect(throws: CBORError.invalidUTF8(offset: 0)) { try reader.text() }
        #expect(throws: CBORError.tooLong(length: 2, maximum: 1, offset: 1)) { try reader.text(maximumBytes: 1) }
        #expect(throws: CBORError.invalidUTF8(offset: 0)) { try reader.skip() }
        let tookNull = reader.takeNull()
        #expect(!tookNull)
        #expect(reader.offset == 0)
    }

    @Test("a caller's limits are enforced")
    func bounds() throws {
        var list = CBORReader([0x83, 1, 2, 3])
        #expect(throws: CBORError.tooLong(length: 3, maximum: 2, offset: 1)) { try list.array(maximum: 2) }
        #expect(try list.array(maximum: 3) == 3)
        var pairs = CBORReader([0xA2, 1, 1, 2, 2])
        #expect(throws: CBORError.tooLong(length: 2, maximum: 1, offset: 1)) { try pairs.map(maximum: 1) }
        #expect(try pairs.map(maximum: 2) == 2)
        var unsorted = CBORReader([0xA2, 2, 2, 1, 1])
        #expect(throws: CBORError.keysOutOfOrder(offset: 3)) { try unsorted.map() }
        var identifier = CBORReader([0x58, 31] + [UInt8](repeating: 7, count: 31))
        #expect(throws: CBORError.unexpectedCount(expected: 32, found: 31, offset: 0)) {
            let _: PeerID = try identifier.identifier()
        }
        var null = CBORReader([0xF6])
        #expect(throws: CBORError.unexpectedType(expected: .simple, found: .simple, offset: 0)) { try null.bool() }
        let tookNull = null.takeNull()
        #expect(tookNull)
    }

    @Test("integers keep their value up to the ends of their range")
    func integers() throws {
        for value in [0, 23, 24, -1, -24, -25, 255, 256, -256, -257, .max, .min] as [Int64] {
            var writer = CBORWriter()
            writer.integer(value)
            var reader = CBORReader(writer.bytes)
            #expect(try reader.integer() == value)
            try reader.finish()
        }
        for beyond in [[0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0], [0x3B, 0x80, 0, 0, 0, 0, 0, 0, 0]] as [[UInt8]] {
            var reader = CBORReader(beyond)
            #expect(throws: CBORError.integerOutOfRange(offset: 0)) { try reader.integer() }
        }
    }

    @Test("offsets count from the start of a slice")
    func slices() throws {
        let bytes: [UInt8] = [9, 9, 9, 0x82, 0x00, 0x61, 0xFF]
        var reader = CBORReader(bytes[3...])
        #expect(throws: CBORError.invalidUTF8(offset: 2)) { try reader.skip() }
        #expect(try reader.array() == 2)
        #expect(try reader.unsigned() == 0)
        #expect(reader.remainingCount == 2)
        #expect(throws: CBORError.trailingBytes(count: 2, offset: 2)) { try reader.finish() }
    }
}
