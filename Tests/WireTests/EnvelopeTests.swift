import TestKit
import Testing
import Wire

@Suite("Signed bytes")
struct EnvelopeTests {
    @Test("an envelope keeps the bytes it was parsed from and returns its parts")
    func roundTrip() throws {
        for payload in [[], [1], [UInt8](repeating: 7, count: 300)] as [[UInt8]] {
            let made = Envelope(payload: payload, signature: Examples.signature)
            let parsed = try Envelope(parsing: made.bytes, maximumBytes: 400)
            #expect(parsed == made)
            #expect(Array(parsed.payload) == payload)
            #expect(parsed.signature == Examples.signature)
        }
        #expect(
            Envelope(payload: [1, 2], signature: Examples.signature).bytes
                == [0x82, 0x42, 1, 2, 0x58, 0x40] + Examples.signature)
    }

    static let good = Envelope(payload: [1, 2], signature: Examples.signature).bytes

    static let refusals: [([UInt8], Int, CBORError)] = [
        (good, good.count - 1, .tooLong(length: UInt64(good.count), maximum: good.count - 1, offset: 0)),
        (good + [0], 100, .trailingBytes(count: 1, offset: good.count)),
        (Array(good.dropLast()), 100, .endOfInput(offset: 6, needed: 64, remaining: 63)),
        ([0x81] + good.dropFirst(), 100, .unexpectedCount(expected: 2, found: 1, offset: 0)),
        ([0x83] + good.dropFirst() + [0], 100, .unexpectedCount(expected: 2, found: 3, offset: 0)),
        ([0x82, 0x41, 0x01, 0x41, 0x02], 100, .unexpectedCount(expected: 64, found: 1, offset: 3)),
        ([0x82, 0x61, 0x61, 0x41, 0x02], 100, .unexpectedType(expected: .bytes, found: .text, offset: 1)),
    ]

    @Test("any other bytes are rejected", arguments: refusals)
    func refused(bytes: [UInt8], maximum: Int, error: CBORError) {
        #expect(throws: error) { try Envelope(parsing: bytes, maximumBytes: maximum) }
    }

    @Test("a signature covers the context, a zero byte and the payload")
    func contexts() {
        #expect(
            SignatureContext.entry.message(for: [1, 2]) == Array("earshot entry v1".utf8) + [0, 1, 2])
        #expect(SignatureContext.announcement.rawValue == "earshot announcement v1")
        #expect(SignatureContext.staticKey.rawValue == "earshot static key v1")
    }
}
