/// What one peer says to another on a link (Protocol.md, Frames).
public enum Frame: Equatable, Sendable {
    /// The first frame in each direction: the sender's own announcement (signed bytes), its gathering if it has one,
    /// and whether it is away.
    case hello(announcement: [UInt8], gathering: GatheringID?, away: String?)
    /// The sender's own announcement after it changed (a name claimed, held, lost).
    case announcement([UInt8])
    /// Peers that the sender knows: their own signed announcements and where they can be reached.
    case peers([Introduction])
    case ping(UInt64)
    case pong(UInt64)
    /// The sender closes the link, and why. Nothing follows.
    case goodbye(GoodbyeReason)
    /// Signed entries of rooms that both are in.
    case entries([[UInt8]])
    /// A round of reconciliation of a room's log (Protocol.md, Reconciliation). `gathering` for the LAN lobby only.
    case reconcile(room: RoomID, gathering: GatheringID?, message: [UInt8])
    /// Entries that the sender lacks and asks for.
    case want(room: RoomID, ids: [EntryID])
    /// Entries that the sender has and the receiver seems to lack.
    case have(room: RoomID, ids: [EntryID])
    /// Entries of a private conversation that the sender has kept for good.
    case receipt(room: RoomID, ids: [EntryID])
    /// The sender's gathering changed.
    case gathering(GatheringID)
    /// The sender went away (with a word why, possibly empty) or came back (nil).
    case away(String?)
}

/// One peer as another peer tells of it.
public struct Introduction: Equatable, Sendable {
    /// The signed announcement, as the introduced peer made it.
    public var announcement: [UInt8]
    /// Where the introducer saw it, most recent first, at most 8.
    public var endpoints: [Endpoint]

    public init(announcement: [UInt8], endpoints: [Endpoint]) {
        self.announcement = announcement
        self.endpoints = endpoints
    }
}

/// Why a link is closed by its sender.
public enum GoodbyeReason: UInt8, Equatable, Sendable {
    /// The process quits: the peer has left.
    case leaving = 0
    /// Another link with the same peer is kept instead.
    case duplicate = 1
    /// The receiver broke the protocol.
    case violation = 2
    /// The sender has no room for another link.
    case full = 3
    /// The sender refuses to speak with this peer.
    case refused = 4
}
