package import Wire

/// The entries that the other side of a link offered and that are yet to be requested, in the order of the offers.
/// Adding and removing an entry never scan the offers, because a peer may make many short ones.
package struct PlannedEntries {
    private var offers: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// The index of the oldest offer that is left.
    private var first = 0
    /// The number of entries in all offers.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// The room of the next entry.
    package var room: RoomID? { first < offers.count ? offers[first].room : nil }

    /// Adds an offer.
    package mutating func append(_ ids: ArraySlice<EntryID>, of room: RoomID) {
        guard !ids.isEmpty else { return }
        offers.append((room, ids))
        count += ids.count
    }

    /// Removes the next entry and returns it.
    /// - Returns: Nil if it is of another room, or nothing is left.
    package mutating func next(of room: RoomID) -> EntryID? {
        guard self.room == room, let id = offers[first].ids.popFirst() else { return nil }
        count -= 1
        guard offers[first].ids.isEmpty else { return id }
        offers[first].ids = []
        first += 1
        // Drops used offers once they are the greater part, so that each one is moved at most once more.
        if first > offers.count / 2 {
            offers.removeFirst(first)
            first = 0
        }
        return id
    }

    /// Removes all entries of a room.
    package mutating func removeAll(of room: RoomID) {
        offers.removeFirst(first)
        first = 0
        offers.removeAll { $0.room == room }
        count = offers.reduce(0) { $0 + $1.ids.count }
    }
}
