import COpenSSL
import Testing

@testable import Secure

/// Records of a link: which ones are rejected, when keys change, and the cost of a record.
@Suite struct TransportTests {
    private static let key = Secret([UInt8](repeating: 7, count: 32))
    private static let other = Secret([UInt8](repeating: 8, count: 32))

    private static func pair(
        recordsPerKey: UInt64 = Transport.recordsPerKey, theirs: UInt64? = nil
    ) -> (ana: Transport, bea: Transport) {
        (
            Transport(
                sending: CipherState(key: key), receiving: CipherState(key: other), recordsPerKey: recordsPerKey),
            Transport(
                sending: CipherState(key: other), receiving: CipherState(key: key),
                recordsPerKey: theirs ?? recordsPerKey)
        )
    }

    @Test("a truncated record is rejected, and the buffer and the counter are unchanged")
    func truncated() throws {
        let (ana, bea) = Self.pair()
        var record: [UInt8] = []
        ana.seal([1, 2, 3, 4, 5], into: &record)
        var plaintext: [UInt8] = [99]
        for count in record.indices {
            #expect(throws: RecordError.self) { try bea.open(record.prefix(count), into: &plaintext) }
            #expect(plaintext == [99])
        }
        #expect(throws: RecordError.self) { try bea.open((record + [0])[...], into: &plaintext) }
        try bea.open(record[...], into: &plaintext)
        #expect(plaintext == [99, 1, 2, 3, 4, 5])
    }

    @Test("sealing in place gives the same record as sealing into another buffer")
    func inPlace() throws {
        let (ana, bea) = Self.pair()
        let (other, _) = Self.pair()
        for text in [[], [1, 2, 3], [UInt8](repeating: 4, count: 5000)] as [[UInt8]] {
            var record: [UInt8] = [99]
            ana.seal(text[...], into: &record)
            var inPlace: [UInt8] = [99] + text
            other.seal(tailOf: &inPlace, from: 1)
            #expect(inPlace == record)
            var plaintext: [UInt8] = []
            try bea.open(inPlace[1...], into: &plaintext)
            #expect(plaintext == text)
        }
    }

    @Test("keys that alternate on one thread do not mix, and forgetting the last one affects no other")
    func turns() throws {
        let other = Self.pair(recordsPerKey: 2, theirs: 2)
        let links = [Self.pair(), (ana: other.bea, bea: other.ana)]
        for number in 0..<6 as Range<UInt8> {
            for (ana, bea) in links {
                var record: [UInt8] = []
                ana.seal([number], into: &record)
                // A cipher that is deallocated wipes the key that the thread's context holds.
                _ = CipherState(key: Self.key)
                var plaintext: [UInt8] = []
                try bea.open(record[...], into: &plaintext)
                #expect(plaintext == [number])
            }
        }
    }

    @Test("a side's own records cannot be replayed to it")
    func reflected() {
        let (ana, _) = Self.pair()
        var record: [UInt8] = []
        ana.seal([1, 2, 3], into: &record)
        var plaintext: [UInt8] = []
        #expect(throws: RecordError.self) { try ana.open(record[...], into: &plaintext) }
    }

    @Test("the largest record of Noise is accepted")
    func largest() throws {
        let (ana, bea) = Self.pair()
        let text = [UInt8](repeating: 5, count: 65_535 - Transport.tagBytes)
        var record: [UInt8] = []
        ana.seal(text[...], into: &record)
        #expect(record.count == 65_535)
        var plaintext: [UInt8] = []
        try bea.open(record[...], into: &plaintext)
        #expect(plaintext == text)
    }

    @Test("the new key is REKEY of Noise §4.2, and the counter continues")
    func rekeyedKey() {
        let lastNonce: [UInt8] = [0, 0, 0, 0] + Array(repeating: 0xFF, count: 8)
        let zeros = [UInt8](repeating: 0, count: 32)
        var sealed = [UInt8](repeating: 0, count: 48)
        let isSealed = Self.key.withBytes { earshot_aead_seal($0, lastNonce, nil, 0, zeros, zeros.count, &sealed) }
        #expect(isSealed == 1)
        let expected = CipherState(key: Secret(Array(sealed.prefix(32))))
        expected.skip(to: 3)

        let (ana, _) = Self.pair(recordsPerKey: 3)
        for _ in 0..<3 {
            var record: [UInt8] = []
            ana.seal([1], into: &record)
        }
        var fourth: [UInt8] = []
        ana.seal([4], into: &fourth)
        var wanted: [UInt8] = []
        #expect(expected.seal([4], into: &wanted))
        #expect(fourth == wanted)
    }

    @Test("a side that does not rekey is rejected from that record on; each direction counts separately")
    func rekeyBoundary() throws {
        let (ana, bea) = Self.pair(recordsPerKey: 3, theirs: 1_000)
        for number in 0..<4 as Range<UInt8> {
            var record: [UInt8] = []
            ana.seal([number], into: &record)
            var plaintext: [UInt8] = []
            if number < 3 {
                try bea.open(record[...], into: &plaintext)
            } else {
                #expect(throws: RecordError.self) { try bea.open(record[...], into: &plaintext) }
            }
        }
        var back: [UInt8] = []
        bea.seal([9], into: &back)
        var plaintext: [UInt8] = []
        try ana.open(back[...], into: &plaintext)
        #expect(plaintext == [9])
    }

    @Test("the last value of the counter is never used")
    func counterEnd() {
        let (sender, receiver) = (CipherState(key: Self.key), CipherState(key: Self.key))
        sender.skip(to: .max - 1)
        receiver.skip(to: .max - 1)
        var record: [UInt8] = []
        #expect(sender.seal([1], into: &record))
        #expect(!sender.seal([2], into: &record))
        #expect(record.count == 1 + CipherState.tagBytes)
        var plaintext: [UInt8] = []
        #expect(receiver.open(record[...], into: &plaintext))
        #expect(!receiver.open(record[...], into: &plaintext))
        #expect(plaintext == [1])
    }

    @Test("sealing and opening into buffers with enough capacity does not reallocate them")
    func reusesBuffers() throws {
        let (ana, bea) = Self.pair()
        let text = [UInt8](repeating: 5, count: 1000)
        var record: [UInt8] = []
        record.reserveCapacity(2000)
        var plaintext: [UInt8] = []
        plaintext.reserveCapacity(2000)
        func place(_ bytes: inout [UInt8]) -> Int { bytes.withUnsafeMutableBytes { Int(bitPattern: $0.baseAddress) } }
        let (recordPlace, plaintextPlace) = (place(&record), place(&plaintext))
        for _ in 0..<10 {
            record.removeAll(keepingCapacity: true)
            plaintext.removeAll(keepingCapacity: true)
            ana.seal(text[...], into: &record)
            try bea.open(record[...], into: &plaintext)
            #expect(place(&record) == recordPlace)
            #expect(place(&plaintext) == plaintextPlace)
        }
    }
}
