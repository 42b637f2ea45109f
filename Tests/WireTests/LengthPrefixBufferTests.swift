import TestKit
import Testing
import Wire

@Suite("Splitting a stream into frames and records")
struct LengthPrefixBufferTests {
    /// Takes all complete units.
    private static func drain(_ buffer: inout FrameBuffer) throws(WireError) -> [[UInt8]] {
        var units: [[UInt8]] = []
        while let unit = try buffer.next() { units.append(Array(unit)) }
        return units
    }

    @Test("the frames are the same whether bytes arrive whole, one by one, or many frames at once")
    func anyCut() throws {
        var generator = SeededGenerator(seed: 2)
        var stream: [UInt8] = []
        for frame in Examples.frames { frame.append(to: &stream) }
        let expected = Examples.frames.map { $0.encoded() }

        var whole = FrameBuffer()
        whole.append(stream)
        #expect(try Self.drain(&whole) == expected)

        var single = FrameBuffer()
        var units: [[UInt8]] = []
        for byte in stream {
            single.append([byte])
            units += try Self.drain(&single)
        }
        #expect(units == expected)

        for _ in 0..<100 {
            var buffer = FrameBuffer()
            var units: [[UInt8]] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...400, using: &generator)
                buffer.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
                units += try Self.drain(&buffer)
            }
            #expect(units == expected)
            #expect(buffer.bufferedCount == 0)
        }
    }

    @Test("no more than an incomplete frame is buffered")
    func boundedMemory() throws {
        var buffer = FrameBuffer()
        let frame: [UInt8] = [0xF0, 0x00] + [UInt8](repeating: 1, count: Limits.frameBytes)
        for _ in 0..<20 {
            for start in stride(from: 0, to: frame.count, by: 1000) {
                buffer.append(Array(frame[start..<min(start + 1000, frame.count)]))
                let unit = try buffer.next()
                #expect((unit != nil) == (start + 1000 >= frame.count))
                #expect(buffer.bufferedCount <= frame.count)
            }
        }
    }

    @Test(
        "a length of zero or above the maximum ends the stream permanently",
        arguments: [
            ([0x00, 0x00, 0x01], WireError.empty),
            ([0xF0, 0x01, 0x01], .tooLong(bytes: 61441, maximum: 61440)),
            ([0xFF, 0xFF], .tooLong(bytes: 65535, maximum: 61440)),
        ] as [([UInt8], WireError)])
    func refused(bytes: [UInt8], error: WireError) throws {
        var buffer = FrameBuffer()
        buffer.append([0x00, 0x01, 0x80])
        buffer.append(bytes)
        #expect(try buffer.next() == [0x80])
        for _ in 0..<3 {
            #expect(throws: error) { try buffer.next() }
            buffer.append([0x00, 0x01, 0x80])
            #expect(buffer.bufferedCount == 0)
        }
    }

    @Test("records may be as long as a two-byte length allows")
    func records() throws {
        var buffer = RecordBuffer()
        buffer.append([0xFF, 0xFF] + [UInt8](repeating: 3, count: 65_535))
        #expect(try buffer.next()?.count == 65_535)
        #expect(try buffer.next() == nil)
    }
}
