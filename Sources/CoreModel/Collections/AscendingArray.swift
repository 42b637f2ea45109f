/// Arrays in ascending order without repeats. Their order does not depend on a dictionary's, and lookup is fast.
extension Array where Element: Comparable {
    /// Returns the index of the first element that is not below this one: where it is, or belongs.
    package func lowerBound(of element: Element) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Returns whether the array has the element.
    package func contains(sorted element: Element) -> Bool {
        let index = lowerBound(of: element)
        return index < count && self[index] == element
    }

    /// Inserts the element at its place.
    /// - Returns: False if the array already had it.
    @discardableResult
    package mutating func insert(sorted element: Element) -> Bool {
        let index = lowerBound(of: element)
        guard index == count || self[index] != element else { return false }
        insert(element, at: index)
        return true
    }

    /// Removes the element.
    /// - Returns: False if the array did not have it.
    @discardableResult
    package mutating func remove(sorted element: Element) -> Bool {
        let index = lowerBound(of: element)
        guard index < count, self[index] == element else { return false }
        remove(at: index)
        return true
    }
}
