package import CoreModel
package import Wire

/// Entries that were asked for on one link and have not come: no more at once than their answers fill a window of bytes,
/// because the other side sends all of them without regard to how fast we read.
///
/// What the answers take is not known when they are asked for. It is taken for as much as the largest that came of late,
/// and for as much as an entry can be before any has come.
package struct RequestWindow {
    /// Not ordered: only asked "is it in there?".
    private var requested: Set<EntryID> = []
    /// Asked for and given up. They may still be under way: a side whose link is slow, or that has much else to say, sends
    /// them later, and closes a link on which too many are open (Protocol.md, want).
    private var overdue: Set<EntryID> = []
    /// When the first of them was asked for, or one came.
    private var requestedAt = Instant(nanoseconds: 0)
    private var expectedBytes = Limits.entryBytes

    package init() {}

    /// How many may be asked for and not have come.
    package var limit: Int { min(Bounds.requestedEntryCount, max(1, Bounds.requestedBytes / expectedBytes)) }

    package func contains(_ id: EntryID) -> Bool { requested.contains(id) }

    /// How many more may be asked for. What the other side has not sent for a while it probably does not have.
    package mutating func space(at now: Instant) -> Int {
        if now - requestedAt >= Bounds.requestTime {
            overdue.formUnion(requested)
            requested.removeAll()
        }
        return max(0, min(limit, Bounds.openRequestCount - overdue.count) - requested.count)
    }

    package mutating func asked(for ids: [EntryID], at now: Instant) {
        if requested.isEmpty { requestedAt = now }
        requested.formUnion(ids)
        overdue.subtract(ids)
    }

    /// An entry of so many bytes has come.
    /// - Returns: whether it was asked for.
    package mutating func arrived(_ id: EntryID, ofBytes count: Int, at now: Instant) -> Bool {
        guard requested.remove(id) != nil || overdue.remove(id) != nil else { return false }
        requestedAt = now
        expectedBytes = max(count, expectedBytes - expectedBytes / 8, 1)
        return true
    }

    /// All may be asked for again.
    package mutating func forget() {
        requested.removeAll()
        overdue.removeAll()
    }
}
