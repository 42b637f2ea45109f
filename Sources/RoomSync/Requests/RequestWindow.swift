package import CoreModel
package import Wire

/// The entries that were requested on one link and have not arrived. Their answers must fit in a window of bytes,
/// because the other side sends all of them however slowly we read.
///
/// The size of an answer is unknown when it is requested. The largest recent entry is assumed, or the maximum size of
/// an entry before any has arrived.
package struct RequestWindow {
    /// Only tested for membership, never iterated into an output.
    private var requested: Set<EntryID> = []
    /// Requests that timed out. They may still be answered: a side whose link is slow or busy sends the entries later,
    /// and closes a link on which too many requests are open (Protocol.md, want).
    private var overdue: Set<EntryID> = []
    /// The time of the first open request, or of the last entry that arrived.
    private var requestedAt = Instant(nanoseconds: 0)
    private var expectedBytes = Limits.entryBytes

    package init() {}

    /// The maximum number of open requests.
    package var limit: Int { min(Bounds.requestedEntryCount, max(1, Bounds.requestedBytes / expectedBytes)) }

    /// Returns whether the entry is requested and the request has not timed out.
    package func contains(_ id: EntryID) -> Bool { requested.contains(id) }

    /// Returns the number of entries that may be requested now. If none has arrived for a while, the other side
    /// probably does not have those that are open.
    package mutating func space(at now: Instant) -> Int {
        if now - requestedAt >= Bounds.requestTimeout {
            overdue.formUnion(requested)
            requested.removeAll()
        }
        return max(0, min(limit, Bounds.openRequestCount - overdue.count) - requested.count)
    }

    /// Records a request.
    package mutating func asked(for ids: [EntryID], at now: Instant) {
        if requested.isEmpty { requestedAt = now }
        requested.formUnion(ids)
        overdue.subtract(ids)
    }

    /// Records that an entry of `count` bytes arrived.
    /// - Returns: Whether it was requested.
    package mutating func arrived(_ id: EntryID, ofBytes count: Int, at now: Instant) -> Bool {
        guard requested.remove(id) != nil || overdue.remove(id) != nil else { return false }
        requestedAt = now
        expectedBytes = max(count, expectedBytes - expectedBytes / 8, 1)
        return true
    }

    /// Drops all open requests, so that every entry may be requested again.
    package mutating func forget() {
        requested.removeAll()
        overdue.removeAll()
    }
}
