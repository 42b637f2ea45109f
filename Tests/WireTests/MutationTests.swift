import TestKit
import Testing
import Wire

@Suite("Untrusted bytes")
struct MutationTests {
    /// A decoded value encodes to exactly these bytes, unless elements of a later version were ignored.
    private static func check(_ bytes: [UInt8]) throws {
        if let value = try? CBORValue.decode(bytes) { #expect(value.encoded() == bytes) }
        if let announcement = try? Announcement.decode(bytes) {
            #expect(try Announcement.decode(announcement.encoded()) == announcement)
        }
        if let entry = try? Entry.decode(bytes) { #expect(try Entry.decode(entry.encoded()) == entry) }
        if let frame = try? Frame(decoding: bytes) { #expect(try Frame(decoding: frame.encoded()) == frame) }
        if let envelope = try? Envelope(parsing: bytes, maximumBytes: Limits.entryBytes) {
            #expect(Envelope(payload: Array(envelope.payload), signature: envelope.signature) == envelope)
        }
    }

    @Test("100,000 mutations of valid bytes are rejected or decoded, and never trap")
    func mutations() throws {
        var generator = SeededGenerator(seed: 0xEA5)
        let originals =
            (Examples.frames + Examples.relayFrames).map { $0.encoded() } + [
                Examples.announcement.encoded(), Examples.entry.encoded(), Examples.signedAnnouncement,
                Examples.signedEntry,
            ]
        for original in originals { try Self.check(original) }
        for turn in 0..<100_000 { try Self.check(generator.mutated(originals[turn % originals.count])) }
    }

    @Test("random bytes never trap a stream's buffer, which never keeps more than one unit and a chunk")
    func streams() {
        var generator = SeededGenerator(seed: 0xEA6)
        for _ in 0..<200 {
            var buffer = FrameBuffer()
            for _ in 0..<50 {
                buffer.append(generator.bytes(Int.random(in: 0...2000, using: &generator)))
                while let unit = try? buffer.next() { #expect(unit.count <= Limits.frameBytes) }
                #expect(buffer.bufferedCount <= Limits.frameBytes + 2)
            }
        }
    }
}
