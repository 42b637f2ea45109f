import Chat

/// What is to happen, soonest first; what was put in for the same time comes out in the order it was put in. A binary
/// heap.
struct EventQueue<Element> {
    private struct Item {
        var at: Instant
        var number: UInt64
        var element: Element

        func isBefore(_ other: Item) -> Bool {
            at < other.at || (at == other.at && number < other.number)
        }
    }

    private var items: [Item] = []
    private var nextNumber: UInt64 = 0

    var count: Int { items.count }
    var nextTime: Instant? { items.first?.at }

    mutating func push(_ element: Element, at: Instant) {
        items.append(Item(at: at, number: nextNumber, element: element))
        nextNumber += 1
        var child = items.count - 1
        while child > 0, items[child].isBefore(items[(child - 1) / 2]) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> (at: Instant, element: Element)? {
        guard let first = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            siftDown()
        }
        return (first.at, first.element)
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].isBefore(items[least]) { least = child }
            }
            if least == parent { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
