import Wire

/// Entries that the other side of a link has asked for and that it has not been sent, oldest first. They are read when
/// the link has room for them, so that a long answer takes no memory but for their IDs.
struct OwedEntries {
    private var queue: [(room: RoomID, id: EntryID)] = []
    /// Index of the first that is still owed.
    private var next = 0
    /// Those that are owed. Never walked.
    private var ids: Set<EntryID> = []

    var isEmpty: Bool { next == queue.count }

    /// What is owed already is not owed twice.
    /// - Throws: If more is asked for than may be open at once.
    mutating func add(_ wanted: [EntryID], of room: RoomID) throws(LinkViolation) {
        for id in wanted where ids.insert(id).inserted {
            guard ids.count <= Limits.wantedEntryCount else {
                throw LinkViolation("asked for more than \(Limits.wantedEntryCount) entries that it had not been sent")
            }
            queue.append((room, id))
        }
    }

    mutating func popFirst() -> (room: RoomID, id: EntryID)? {
        guard next < queue.count else { return nil }
        let first = queue[next]
        next += 1
        ids.remove(first.id)
        if next == queue.count {
            queue.removeAll(keepingCapacity: false)
            next = 0
        }
        return first
    }

    /// The room of the one that is next.
    var room: RoomID? { next < queue.count ? queue[next].room : nil }
}
