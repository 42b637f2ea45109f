import TestKit
import Testing
import Wire

@Suite("Announcements")
struct AnnouncementTests {
    /// The fields of the example, to be modified.
    static let fields: [CBORValue] = [
        .unsigned(1), .unsigned(1), .bytes(Examples.peer.bytes), .unsigned(0x0123_4567_89AB_CDEF),
        .unsigned(1_800_000_000_001), .text("ana"), .unsigned(1_800_000_000_000), .unsigned(47474),
    ]

    static func bent(_ index: Int, _ value: CBORValue) -> [UInt8] {
        var fields = fields
        fields[index] = value
        return CBORValue.array(fields).encoded()
    }

    @Test("the encoding of an announcement never changes")
    func frozen() throws {
        let frozen = """
            8801015820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\
            1b0123456789abcdef1b000001a3185c500163616e611b000001a3185c500019b972
            """
        #expect(Examples.announcement.encoded().hexadecimal == frozen)
        #expect(try Announcement.decode([UInt8](hexadecimal: frozen)!) == Examples.announcement)
        #expect(CBORValue.array(Self.fields).encoded().hexadecimal == frozen)
    }

    @Test("every kind and the ends of every range survive encoding and decoding")
    func roundTrips() throws {
        for kind in [Announcement.Kind.probe, .announce, .goodbye] {
            for (name, number) in [("a", 0), (String(repeating: "ß", count: 16), UInt64.max)] {
                let announcement = Announcement(
                    kind: kind, peer: .greatest, instance: number, sequence: number, name: name,
                    claimTime: min(number, Limits.wallTime), linkPort: number == 0 ? 1 : .max)
                #expect(try Announcement.decode(announcement.encoded()) == announcement)
                let envelope = Envelope(payload: announcement.encoded(), signature: Examples.signature)
                #expect(envelope.bytes.count <= Limits.datagramBytes)
            }
        }
    }

    @Test("another version is recognised, whatever its other fields are")
    func otherVersion() {
        #expect(throws: WireError.unsupportedVersion(theirs: 2, ours: 1)) {
            try Announcement.decode(CBORValue.array([.unsigned(2), .null]).encoded())
        }
        #expect(throws: WireError.unsupportedVersion(theirs: 0, ours: 1)) {
            try Announcement.decode(Self.bent(0, .unsigned(0)))
        }
    }

    @Test("fields that a later version adds at the end are ignored, if they are CBOR")
    func laterFields() throws {
        var announcement = Examples.announcement
        announcement.features = [.unknownKinds]
        let more = Self.fields + [.unsigned(32), .map([.init(.text("later"), .array([.null]))]), .unsigned(5)]
        #expect(try Announcement.decode(CBORValue.array(more).encoded()) == announcement)
        var broken = CBORValue.array(Self.fields + [.unsigned(32), .unsigned(0)]).encoded()
        broken[broken.count - 1] = 0xF7
        #expect(throws: WireError.malformed(field: "end", .simpleValueRefused(offset: broken.count - 1))) {
            try Announcement.decode(broken)
        }
    }

    @Test("features are the ninth element, unknown bits are kept, and an empty set is omitted")
    func features() throws {
        #expect(Examples.announcement.encoded() == CBORValue.array(Self.fields).encoded())
        for bits in [1, 32, 63, UInt64(UInt32.max)] {
            var announcement = Examples.announcement
            announcement.features = Features(rawValue: bits)
            #expect(announcement.encoded() == CBORValue.array(Self.fields + [.unsigned(bits)]).encoded())
            #expect(try Announcement.decode(announcement.encoded()) == announcement)
        }
        // More than this version may write.
        let later = try Announcement.decode(CBORValue.array(Self.fields + [.unsigned(.max)]).encoded())
        #expect(later.features.contains(.unknownKinds) && later.features.rawValue == .max)
    }

    @Test("the longest announcement that may be sent fits an introduction")
    func longest() {
        let announcement = Announcement(
            kind: .announce, peer: .greatest, instance: .max, sequence: .max, name: String(repeating: "a", count: 32),
            claimTime: Limits.wallTime, linkPort: .max, features: Features(rawValue: Features.announced.upperBound))
        let bytes = Envelope(payload: announcement.encoded(), signature: Examples.signature).bytes
        #expect(bytes.count == 175 && bytes.count < Limits.introductionBytes)
    }

    static let refusals: [([UInt8], WireError)] = [
        (bent(1, .unsigned(3)), .unknownKind(field: "kind", 3)),
        (bent(1, .unsigned(257)), .unknownKind(field: "kind", 257)),
        (
            bent(2, .bytes([1])),
            .malformed(field: "peer", .unexpectedCount(expected: 32, found: 1, offset: 3))
        ),
        (
            bent(3, .negative(0)),
            .malformed(field: "instance", .unexpectedType(expected: .unsigned, found: .negative, offset: 37))
        ),
        (bent(5, .text("")), .wrongSize(field: "name", bytes: 0, allowed: 1...32)),
        (
            bent(5, .text(String(repeating: "a", count: 33))),
            .malformed(field: "name", .tooLong(length: 33, maximum: 32, offset: 57))
        ),
        (
            bent(6, .unsigned(Limits.wallTime + 1)),
            .outOfRange(field: "claimTime", value: Limits.wallTime + 1, allowed: 0...Limits.wallTime)
        ),
        (bent(7, .unsigned(0)), .outOfRange(field: "linkPort", value: 0, allowed: 1...65535)),
        (bent(7, .unsigned(65536)), .outOfRange(field: "linkPort", value: 65536, allowed: 1...65535)),
        (CBORValue.array(Array(fields.dropLast())).encoded(), .missing(field: "linkPort")),
        (CBORValue.array([]).encoded(), .missing(field: "version")),
        (CBORValue.array(fields).encoded() + [0], .malformed(field: "end", .trailingBytes(count: 1, offset: 71))),
        ([0x00], .malformed(field: "announcement", .unexpectedType(expected: .array, found: .unsigned, offset: 0))),
        ([], .malformed(field: "announcement", .endOfInput(offset: 0, needed: 1, remaining: 0))),
    ]

    @Test("a value out of range is rejected, and the error names the field", arguments: refusals)
    func refused(payload: [UInt8], error: WireError) {
        #expect(throws: error) { try Announcement.decode(payload) }
    }
}
