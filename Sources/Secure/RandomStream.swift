import COpenSSL

/// A random number generator that is determined by its seed: the keystream of ChaCha20 (RFC 8439). The host seeds it
/// from the kernel, which makes it as strong as the seed; the simulator seeds it with a number, which makes it
/// reproducible.
public struct RandomStream: RandomNumberGenerator, Sendable, CustomReflectable {
    private let key: Secret
    private var block: [UInt8] = []
    private var used = 0
    private var blockNumber: UInt64 = 0
    private static let blockBytes = 1024

    /// Creates a stream.
    /// - Parameter seed: 32 bytes.
    public init(seed: [UInt8]) {
        key = Secret(seed)
    }

    /// Creates a stream for simulations and tests that follows from one number.
    public init(simulationSeed: UInt64) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: simulationSeed >> (8 * UInt64($0))) }
        self.init(seed: SHA256.hash(Array("earshot simulation".utf8) + bytes))
    }

    public mutating func next() -> UInt64 {
        if used + 8 > block.count { refill() }
        var value: UInt64 = 0
        for index in used..<used + 8 { value = value << 8 | UInt64(block[index]) }
        used += 8
        return value
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count < count {
            if used == block.count { refill() }
            let taken = min(count - result.count, block.count - used)
            result.append(contentsOf: block[used..<used + taken])
            used += taken
        }
        return result
    }

    /// Returns a number in 0..<limit, uniformly distributed.
    public mutating func uniform(below limit: UInt64) -> UInt64 {
        UInt64.random(in: 0..<limit, using: &self)
    }

    /// Returns a number in 0..<1.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Empty, because the seed reveals every future number.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private mutating func refill() {
        if block.isEmpty { block = [UInt8](repeating: 0, count: Self.blockBytes) }
        let isDone = block.withUnsafeMutableBufferPointer { block in
            key.withBytes { earshot_chacha20_stream($0, blockNumber, block.baseAddress, block.count) }
        }
        precondition(isDone == 1, "libcrypto lacks ChaCha20")
        blockNumber += 1
        used = 0
    }
}
