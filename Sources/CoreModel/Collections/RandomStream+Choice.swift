import Secure

extension RandomStream {
    /// Returns `count` elements chosen at random, or all if there are no more; in that case it draws no random number.
    package mutating func some<Element>(_ count: Int, of all: [Element]) -> [Element] {
        guard all.count > count else { return all }
        var chosen = all
        for index in 0..<count {
            chosen.swapAt(index, index + Int(uniform(below: UInt64(all.count - index))))
        }
        chosen.removeLast(all.count - count)
        return chosen
    }
}
