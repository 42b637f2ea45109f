extension SeededGenerator {
    /// Returns a copy with one to four typical faults: a bit flipped, a byte replaced, inserted or lost, the end cut
    /// off, a range repeated, a length inflated.
    public mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &self)] }
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<7, using: &self) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &self)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &self), at: place)
            case 3: bytes.remove(at: place)
            case 4: bytes.removeSubrange(place...)
            case 5: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 16)], at: place)
            default:
                bytes[place] |= 0x1B
                for next in bytes.indices.dropFirst(place + 1).prefix(8) { bytes[next] = 0xFF }
            }
        }
        return bytes
    }
}
