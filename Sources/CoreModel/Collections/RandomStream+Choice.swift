import Secure

extension RandomStream {
    /// So many of these, chosen at random, or all if they are no more: then nothing is drawn.
    package mutating func some<Element>(_ count: Int, of all: [Element]) -> [Element] {
        guard all.count > count else { return all }
        var chosen = all
        for place in 0..<count {
            chosen.swapAt(place, place + Int(uniform(below: UInt64(all.count - place))))
        }
        chosen.removeLast(all.count - count)
        return chosen
    }
}
