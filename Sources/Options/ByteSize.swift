/// A number of bytes as options express it: `1048576`, `1024K`, `1M`.
enum ByteSize {
    private static let units: [(suffix: Character, shift: Int)] = [("K", 10), ("M", 20), ("G", 30)]

    static func parse(_ text: Substring, in range: ClosedRange<Int>) throws(OptionProblem) -> Int {
        let unit = units.first { text.hasSuffix(String($0.suffix)) }
        let digits = unit == nil ? text : text.dropLast()
        // Nine digits of the largest unit fit into Int.
        let isPlain = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let limit = unit == nil ? 18 : 9
        guard isPlain, (1...limit).contains(digits.utf8.count), let number = Int(digits),
            range.contains(number << (unit?.shift ?? 0))
        else {
            throw OptionProblem(
                "takes a size from \(self.text(range.lowerBound)) to \(self.text(range.upperBound)), not \(text)")
        }
        return number << (unit?.shift ?? 0)
    }

    /// Returns the size in the largest unit that needs no fraction.
    static func text(_ bytes: Int) -> String {
        let unit = units.last { bytes > 0 && bytes % (1 << $0.shift) == 0 }
        return unit.map { "\(bytes >> $0.shift)\($0.suffix)" } ?? "\(bytes)"
    }
}
