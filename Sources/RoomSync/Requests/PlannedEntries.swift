import Wire

/// Entries that the other side of a link has and that are to be asked for, in the order in which it offered them.
/// Offers are never walked over: a peer may make many short ones.
struct PlannedEntries {
    private var offers: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// Index of the oldest offer that is left.
    private var first = 0
    /// Entries of all offers.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The room of the entry that is next.
    var room: RoomID? { first < offers.count ? offers[first].room : nil }

    mutating func append(_ ids: ArraySlice<EntryID>, of room: RoomID) {
        guard !ids.isEmpty else { return }
        offers.append((room, ids))
        count += ids.count
    }

    /// Takes out the entry that is next.
    /// - Returns: Nil if it is of another room, or nothing is left.
    mutating func next(of room: RoomID) -> EntryID? {
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

    mutating func removeAll(of room: RoomID) {
        offers.removeFirst(first)
        first = 0
        offers.removeAll { $0.room == room }
        count = offers.reduce(0) { $0 + $1.ids.count }
    }
}
