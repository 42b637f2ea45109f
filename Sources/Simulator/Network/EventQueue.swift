import CoreModel
import RelayCore

/// A priority queue of future events, soonest first; events for the same time leave in the order of insertion. A binary
/// heap of indices, so that only small values move in it.
struct EventQueue<Element> {
    private struct Item {
        var at: Instant
        var number: UInt64
        var index: Int

        func isBefore(_ other: Item) -> Bool {
            at < other.at || (at == other.at && number < other.number)
        }
    }

    private var items: [Item] = []
    private var elements: [Element?] = []
    private var freeIndices: [Int] = []
    private var nextNumber: UInt64 = 0

    var count: Int { items.count }
    var nextTime: Instant? { items.first?.at }

    mutating func push(_ element: Element, at: Instant) {
        let item = Item(at: at, number: nextNumber, index: keep(element))
        nextNumber += 1
        var child = items.count
        items.append(item)
        while child > 0, item.isBefore(items[(child - 1) / 2]) {
            items[child] = items[(child - 1) / 2]
            child = (child - 1) / 2
        }
        items[child] = item
    }

    private mutating func keep(_ element: Element) -> Int {
        if let index = freeIndices.popLast() {
            elements[index] = element
            return index
        }
        elements.append(element)
        return elements.count - 1
    }

    mutating func pop() -> (at: Instant, element: Element)? {
        guard let first = items.first, let element = elements[first.index] else { return nil }
        elements[first.index] = nil
        freeIndices.append(first.index)
        let last = items.removeLast()
        if !items.isEmpty { siftDown(last) }
        return (first.at, element)
    }

    /// Replaces the root by this item and restores the heap order.
    private mutating func siftDown(_ item: Item) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].isBefore(items[child]) { child += 1 }
            guard items[child].isBefore(item) else { break }
            items[parent] = items[child]
            parent = child
        }
        items[parent] = item
    }
}
