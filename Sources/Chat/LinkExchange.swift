import Wire

/// What is under way with one link beyond single frames: entries asked for, reconciliations, and its rate of
/// entries that nobody asked for.
struct LinkExchange {
    /// One reconciliation that we opened, by room.
    struct Round {
        var room: RoomID
        var reconciliation: Reconciliation
    }

    /// At most one a room: the lobby and one conversation.
    var rounds: [Round] = []
    /// Entries that are asked for and have not come, by ID. Not ordered: only asked "is it in there?".
    var requested: Set<EntryID> = []
    /// Entries to ask for next, per room, oldest first.
    var planned: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// Tokens for entries that nobody asked for.
    var unasked = TokenBucket(capacity: Bounds.unaskedEntryBurst, perSecond: Bounds.unaskedEntryRate)

    var plannedCount: Int { planned.reduce(0) { $0 + $1.ids.count } }
}
