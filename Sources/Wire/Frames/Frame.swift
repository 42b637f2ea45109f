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
    /// Under which names the sender knew authors of entries that it is about to hand over.
    case authors(room: RoomID, names: [AuthorName])

    // On big LANs (Protocol.md, Big networks).

    /// What the sender knows of who is here, in 64 sums: where two of them differ, so do their statements.
    case digest([UInt64])
    /// Statements that the sender has and the receiver may lack.
    case news([StatementKey])
    /// Processes whose statements the sender lacks and asks for.
    case ask([ProcessTag])
    case statements([StatedPeer])

    // Between a relay and its members (Protocol.md, Relays).

    /// A member asks to be let in: its second frame.
    case join(RelayJoin)
    case welcome(RelayWelcome)
    case refusal(RelayRefusal)
    /// Who is there, and what changes of it.
    case members(RelayMembers)
    case moderate(RelayModeration)
    case moderated(RelayModerated)
    case removed(RelayRemoval)
    /// A line from the relay itself.
    case notice(String)
    /// The relay's topic (nil: none) and who set it.
    case topic(String?, by: String)
    /// Bytes of a link between two members, which the relay carries and cannot read.
    case tunnel(RelayTunnel, bytes: [UInt8])
    /// The tunnel is closed, or the other member is not there.
    case tunnelClosed(RelayTunnel)
    /// The relay did not take these entries of the receiver's.
    case declined(room: RoomID, ids: [EntryID], why: RelayDecline)
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
    /// For a reason that this version does not know; never sent.
    case other = 255
}
