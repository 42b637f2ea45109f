package import CoreModel
package import Wire

/// Entries that the other side of a link has asked for and that it has not been sent, oldest first. They are read when
/// the link has room for them, so that a long answer takes no memory but for their IDs.
package struct PendingAnswers {
    private var wants: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// All of them. Never walked.
    private var ids: Set<EntryID> = []

    package init() {}

    package var isEmpty: Bool { wants.isEmpty }

    /// Those of one room that are next.
    package var first: (room: RoomID, ids: ArraySlice<EntryID>)? { wants.first }

    /// What is owed already is not owed twice.
    /// - Throws: If more is asked for than may be open at once.
    package mutating func add(_ wanted: [EntryID], of room: RoomID) throws(LinkViolation) {
        let fresh = wanted.filter { ids.insert($0).inserted }
        guard ids.count <= Limits.wantedEntryCount else {
            throw LinkViolation("asked for more than \(Limits.wantedEntryCount) entries that it had not been sent")
        }
        if !fresh.isEmpty { wants.append((room, fresh[...])) }
    }

    /// Those of ``first`` before these have been answered, or are passed over.
    package mutating func answered(before rest: ArraySlice<EntryID>) {
        guard let all = wants.first?.ids else { return }
        for id in all.dropLast(rest.count) { ids.remove(id) }
        if rest.isEmpty { wants.removeFirst() } else { wants[0].ids = rest }
    }
}
