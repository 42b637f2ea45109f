package import CoreModel
package import Wire

/// The entries that the other side of a link has requested and was not sent yet, oldest first. They are read when the
/// link has room for them, so that a long answer takes no memory but for their IDs.
package struct PendingAnswers {
    private var wants: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// All of their IDs. Never iterated.
    private var ids: Set<EntryID> = []

    package init() {}

    package var isEmpty: Bool { wants.isEmpty }

    /// The next entries, all of one room.
    package var first: (room: RoomID, ids: ArraySlice<EntryID>)? { wants.first }

    /// Adds requested entries, except those that are already pending.
    /// - Throws: If more entries are requested than may be pending at the same time.
    package mutating func add(_ wanted: [EntryID], of room: RoomID) throws(LinkViolation) {
        let fresh = wanted.filter { ids.insert($0).inserted }
        guard ids.count <= Limits.wantedEntryCount else {
            throw LinkViolation("more than \(Limits.wantedEntryCount) requested entries that have not been sent")
        }
        if !fresh.isEmpty { wants.append((room, fresh[...])) }
    }

    /// Removes the entries of ``first`` before `rest`, which were answered or skipped.
    package mutating func answered(before rest: ArraySlice<EntryID>) {
        guard let all = wants.first?.ids else { return }
        for id in all.dropLast(rest.count) { ids.remove(id) }
        if rest.isEmpty { wants.removeFirst() } else { wants[0].ids = rest }
    }
}
