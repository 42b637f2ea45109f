import TestKit
import Testing
import Wire

@Suite("Entries")
struct EntryTests {
    /// The fields of the example, to be modified.
    static let fields: [CBORValue] = [
        .bytes(Examples.room.bytes), .bytes(Examples.peer.bytes), .unsigned(7), .unsigned(1_800_000_000_123),
        .array(Examples.entryIDs.map { .bytes($0.bytes) }), .unsigned(0), .text("hé!"),
    ]

    static func bent(_ index: Int, _ value: CBORValue) -> [UInt8] {
        var fields = fields
        fields[index] = value
        return CBORValue.array(fields).encoded()
    }

    @Test("the encoding of an entry never changes")
    func frozen() throws {
        let frozen = """
            875820202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\
            5820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\
            071b000001a3185c507b82\
            5820606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f\
            5820808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f\
            006468c3a921
            """
        #expect(Examples.entry.encoded().hexadecimal == frozen)
        #expect(try Entry.decode([UInt8](hexadecimal: frozen)!) == Examples.entry)
        #expect(CBORValue.array(Self.fields).encoded().hexadecimal == frozen)
    }

    @Test("the largest entry survives encoding and decoding and fits its limit")
    func largest() throws {
        var generator = SeededGenerator(seed: 1)
        let parents = (0..<8).map { _ in EntryID(generator.bytes(32))! }.sorted()
        let entry = Entry(
            room: .greatest, author: .greatest, lamport: Limits.lamport, wallTime: Limits.wallTime, parents: parents,
            kind: .action, body: String(repeating: "x", count: Limits.textBytes))
        #expect(try Entry.decode(entry.encoded()) == entry)
        let envelope = Envelope(payload: entry.encoded(), signature: Examples.signature)
        #expect(envelope.bytes.count <= Limits.entryBytes)
        #expect(try Envelope(parsing: envelope.bytes, maximumBytes: Limits.entryBytes) == envelope)
        let smallest = Entry(
            room: .least, author: .least, lamport: 1, wallTime: 0, parents: [], kind: .text, body: "x")
        #expect(try Entry.decode(smallest.encoded()) == smallest)
    }

    @Test("fields that a later version adds at the end are ignored")
    func laterFields() throws {
        let more = Self.fields + [.text("later")]
        #expect(try Entry.decode(CBORValue.array(more).encoded()) == Examples.entry)
    }

    @Test("an entry of an unknown kind has any single item as its body, limited by its encoded size")
    func unknownKinds() throws {
        for item in [CBORValue.null, .text("hi"), .map([.init(.unsigned(0), .bytes([1]))]), .array([.bool(true)])] {
            for kind: UInt16 in [2, 9, 255, 256, .max] {
                var fields = Self.fields
                fields[5] = .unsigned(UInt64(kind))
                fields[6] = item
                let payload = CBORValue.array(fields).encoded()
                let entry = try Entry.decode(payload)
                #expect(entry.kind == .unknown(kind) && entry.body.isEmpty && entry.item == item.encoded())
                #expect(entry.encoded() == payload)
            }
        }
        // The head of a byte string of that size takes three bytes.
        for (count, isTaken) in [(Limits.textBytes - 3, true), (Limits.textBytes - 2, false)] {
            var fields = Self.fields
            fields[5] = .unsigned(2)
            fields[6] = .bytes([UInt8](repeating: 1, count: count))
            #expect(((try? Entry.decode(CBORValue.array(fields).encoded())) != nil) == isTaken)
        }
    }

    static let ids = Examples.entryIDs.map { CBORValue.bytes($0.bytes) }

    static let refusals: [([UInt8], WireError)] = [
        (bent(2, .unsigned(0)), .outOfRange(field: "lamport", value: 0, allowed: 1...Limits.lamport)),
        (
            bent(2, .unsigned(Limits.lamport + 1)),
            .outOfRange(field: "lamport", value: Limits.lamport + 1, allowed: 1...Limits.lamport)
        ),
        (
            bent(3, .unsigned(.max)),
            .outOfRange(field: "wallTime", value: .max, allowed: 0...Limits.wallTime)
        ),
        (bent(4, .array(ids.reversed())), .notAscending(field: "parents")),
        (bent(4, .array([ids[0], ids[0]])), .notAscending(field: "parents")),
        (
            bent(4, .array((0..<9).map { .bytes([UInt8](repeating: $0, count: 32)) })),
            .malformed(field: "parents", .tooLong(length: 9, maximum: 8, offset: 80))
        ),
        (
            bent(4, .array([.bytes([1])])),
            .malformed(field: "parents", .unexpectedCount(expected: 32, found: 1, offset: 80))
        ),
        (bent(5, .unsigned(65_536)), .outOfRange(field: "kind", value: 65_536, allowed: 0...65_535)),
        (bent(6, .text("")), .wrongSize(field: "body", bytes: 0, allowed: 1...Limits.textBytes)),
        (
            bent(6, .text(String(repeating: "x", count: Limits.textBytes + 1))),
            .malformed(field: "body", .tooLong(length: 16385, maximum: 16384, offset: 152))
        ),
        (CBORValue.array(Array(fields.dropLast())).encoded(), .missing(field: "body")),
    ]

    @Test("a value out of range is rejected, and the error names the field", arguments: refusals)
    func refused(payload: [UInt8], error: WireError) {
        #expect(throws: error) { try Entry.decode(payload) }
    }
}
