/// Arrays in ascending order, without repeats: what is walked in an order that no dictionary decides, and looked up fast.
extension Array where Element: Comparable {
    /// The place of the first element that is not below this one: where it is, or belongs.
    package func lowerBound(of element: Element) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether it is there.
    package func contains(sorted element: Element) -> Bool {
        let place = lowerBound(of: element)
        return place < count && self[place] == element
    }

    /// - Returns: false if it was there.
    @discardableResult
    package mutating func insert(sorted element: Element) -> Bool {
        let place = lowerBound(of: element)
        guard place == count || self[place] != element else { return false }
        insert(element, at: place)
        return true
    }

    /// - Returns: false if it was not there.
    @discardableResult
    package mutating func remove(sorted element: Element) -> Bool {
        let place = lowerBound(of: element)
        guard place < count, self[place] == element else { return false }
        remove(at: place)
        return true
    }
}
