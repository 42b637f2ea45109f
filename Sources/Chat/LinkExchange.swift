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
    private(set) var requested: Set<EntryID> = []
    /// When the first of them was asked for, or one came.
    private var requestedAt = Instant(nanoseconds: 0)
    /// The lowest Lamport time that the other side keeps, of each room that it told it of; at most ``floorCount``.
    private var floors: [RoomID: UInt64] = [:]
    /// Entries to ask for next, per room, oldest first.
    var planned: [(room: RoomID, ids: ArraySlice<EntryID>)] = []
    /// Tokens for entries that nobody asked for.
    var unasked = TokenBucket(capacity: Bounds.unaskedEntryBurst, perSecond: Bounds.unaskedEntryRate)

    /// Authors whose names were told on it.
    private var toldAuthors: Set<PeerID> = []

    /// What was told on it of who is here.
    var gossip = LinkGossip()

    private static let floorCount = 64

    /// The name of an author is about to be told.
    /// - Returns: false if it has been told before, or too many have.
    mutating func noteTold(_ author: PeerID) -> Bool {
        toldAuthors.count < Bounds.reportedNameCount && toldAuthors.insert(author).inserted
    }

    func floor(of room: RoomID) -> UInt64 { floors[room] ?? 0 }

    mutating func note(floor: UInt64, of room: RoomID) {
        if floors[room] != nil || floors.count < Self.floorCount { floors[room] = floor }
    }

    /// How many more entries may be asked for. What the other side has not sent for a while it does not have.
    mutating func space(at now: Instant) -> Int {
        if now - requestedAt > Bounds.requestTime { requested.removeAll() }
        return max(0, Bounds.requestedEntryCount - requested.count)
    }

    mutating func asked(for ids: [EntryID], at now: Instant) {
        if requested.isEmpty { requestedAt = now }
        requested.formUnion(ids)
    }

    /// - Returns: whether it was asked for.
    mutating func arrived(_ id: EntryID, at now: Instant) -> Bool {
        guard requested.remove(id) != nil else { return false }
        requestedAt = now
        return true
    }

    /// All may be asked for again.
    mutating func forgetRequests() { requested.removeAll() }

    var plannedCount: Int { planned.reduce(0) { $0 + $1.ids.count } }
}
