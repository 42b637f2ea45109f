extension SeededGenerator {
    /// Returns a copy with one to four typical faults: a bit flipped, a byte replaced, inserted or lost, the end cut
    /// off, a range repeated, a length inflated.
    public mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &self)] }
            let index = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<7, using: &self) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &self)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &self)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &self), at: index)
            case 3: bytes.remove(at: index)
            case 4: bytes.removeSubrange(index...)
            case 5: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 16)], at: index)
            default:
                bytes[index] |= 0x1B
                for next in bytes.indices.dropFirst(index + 1).prefix(8) { bytes[next] = 0xFF }
            }
        }
        return bytes
    }
}
