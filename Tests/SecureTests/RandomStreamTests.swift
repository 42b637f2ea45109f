import TestKit
import Testing

@testable import Secure

@Suite struct RandomStreamTests {
    @Test("the first bytes are ChaCha20's keystream (RFC 8439, appendix A.1, vector 1)")
    func keystream() {
        var stream = RandomStream(seed: [UInt8](repeating: 0, count: 32))
        #expect(
            stream.bytes(64).hexadecimal == "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                + "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586")
    }

    @Test("bytes taken in pieces equal those taken at once, over many blocks, and no block repeats")
    func pieces() {
        var whole = RandomStream(simulationSeed: 5)
        var pieces = RandomStream(simulationSeed: 5)
        let expected = whole.bytes(5000)
        var taken: [UInt8] = []
        var count = 0
        while taken.count < 5000 {
            taken += pieces.bytes(min(count, 5000 - taken.count))
            count += 7
        }
        #expect(taken == expected)
        // Blocks differ: a counter that did not advance would repeat the first one.
        var ranges: Set<[UInt8]> = []
        for start in stride(from: 0, to: 4992, by: 32) { ranges.insert(Array(expected[start..<start + 32])) }
        #expect(ranges.count == 156)
    }

    @Test("equal seeds give equal streams, and different seeds different ones")
    func seeds() {
        func numbers(_ seed: UInt64) -> [UInt64] {
            var stream = RandomStream(simulationSeed: seed)
            return (0..<300).map { _ in stream.next() }
        }
        #expect(numbers(1) == numbers(1))
        #expect(Set(numbers(1) + numbers(2) + numbers(1 << 63)).count == 900)
    }

    @Test("numbers stay below their limit and are about equally frequent")
    func uniform() {
        var stream = RandomStream(simulationSeed: 3)
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[Int(stream.uniform(below: 6))] += 1 }
        // The standard deviation of each is 91.
        for count in counts { #expect((9_500...10_500).contains(count)) }
        #expect(stream.uniform(below: 1) == 0)
    }

    @Test("fractions are in 0..<1 and about evenly distributed")
    func unit() {
        var stream = RandomStream(simulationSeed: 4)
        var sum = 0.0
        for _ in 0..<10_000 {
            let value = stream.unit()
            #expect(value >= 0 && value < 1)
            sum += value
        }
        #expect((4_850...5_150).contains(sum))
    }
}
