package import Wire

/// Entries that the other side of a link has and that are to be asked for, in the order in which it offered them.
/// Offers are never walked over: a peer may make many short ones.
package struct PlannedEntries {
    private var offers: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// Index of the oldest offer that is left.
    private var first = 0
    /// Entries of all offers.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// The room of the entry that is next.
    package var room: RoomID? { first < offers.count ? offers[first].room : nil }

    package mutating func append(_ ids: ArraySlice<EntryID>, of room: RoomID) {
        guard !ids.isEmpty else { return }
        offers.append((room, ids))
        count += ids.count
    }

    /// Takes out the entry that is next.
    /// - Returns: Nil if it is of another room, or nothing is left.
    package mutating func next(of room: RoomID) -> EntryID? {
        guard self.room == room, let id = offers[first].ids.popFirst() else { return nil }
        count -= 1
        guard offers[first].ids.isEmpty else { return id }
        offers[first].ids = []
        first += 1
        // When they are the greater part, so that each offer is moved at most once more.
        if first > offers.count / 2 {
            offers.removeFirst(first)
            first = 0
        }
        return id
    }

    package mutating func removeAll(of room: RoomID) {
        offers.removeFirst(first)
        first = 0
        offers.removeAll { $0.room == room }
        count = offers.reduce(0) { $0 + $1.ids.count }
    }
}
