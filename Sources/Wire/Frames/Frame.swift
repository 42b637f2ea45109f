/// One message from a peer to another on a link (Protocol.md, Frames).
public enum Frame: Equatable, Sendable {
    /// The first frame in each direction: the sender's own announcement (signed bytes), its gathering if it has one,
    /// and whether it is away.
    case hello(announcement: [UInt8], gathering: GatheringID?, away: String?)
    /// The sender's own announcement after a change (a name claimed, held or lost).
    case announcement([UInt8])
    /// Peers that the sender knows: their signed announcements and the endpoints at which they can be reached.
    case peers([Introduction])
    case ping(UInt64)
    case pong(UInt64)
    /// The sender closes the link for this reason. Nothing follows.
    case goodbye(GoodbyeReason)
    /// Signed entries of rooms that both peers are in.
    case entries([[UInt8]])
    /// One round of reconciliation of a room's log (Protocol.md, Reconciliation). `gathering` is set for the LAN lobby
    /// only.
    case reconcile(room: RoomID, gathering: GatheringID?, message: [UInt8])
    /// Entries that the sender lacks and requests.
    case want(room: RoomID, ids: [EntryID])
    /// Entries that the sender has and the receiver seems to lack.
    case have(room: RoomID, ids: [EntryID])
    /// Entries of a private conversation that the sender has stored permanently.
    case receipt(room: RoomID, ids: [EntryID])
    /// The sender's gathering changed.
    case gathering(GatheringID)
    /// The sender went away (with a message, possibly empty) or came back (nil).
    case away(String?)
    /// The names by which the sender knew authors of entries that it is about to send.
    case authors(room: RoomID, names: [AuthorName])

    // Big LANs (Protocol.md, Big networks).

    /// The sender's view of the peers present, in 64 sums: where two sums differ, so do the link-state advertisements.
    case digest([UInt64])
    /// Keys of link-state advertisements that the sender has and the receiver may lack.
    case advertise([AdvertisementKey])
    /// Processes whose link-state advertisements the sender lacks and requests.
    case request([ProcessTag])
    case advertisements([AdvertisedPeer])

    // Frames between a relay and its members (Protocol.md, Relays).

    /// A member's request to join: its second frame.
    case join(RelayJoin)
    case welcome(RelayWelcome)
    case refusal(RelayRefusal)
    /// The members present, or changes to them.
    case members(RelayMembers)
    case moderate(RelayModeration)
    case moderated(RelayModerated)
    case removed(RelayRemoval)
    /// A message from the relay itself.
    case notice(String)
    /// The relay's topic (nil: none) and the name of the member that set it.
    case topic(String?, by: String)
    /// Bytes of a link between two members, which the relay forwards and cannot read.
    case tunnel(RelayTunnel, bytes: [UInt8])
    /// The tunnel is closed, or the other member is not present.
    case tunnelClosed(RelayTunnel)
    /// The relay did not accept these entries from the receiver.
    case declined(room: RoomID, ids: [EntryID], why: RelayDecline)
}

/// One peer as another peer describes it.
public struct Introduction: Equatable, Sendable {
    /// The signed announcement, as the introduced peer created it.
    public var announcement: [UInt8]
    /// The endpoints at which the introducer saw the peer, most recent first, at most 8.
    public var endpoints: [Endpoint]

    public init(announcement: [UInt8], endpoints: [Endpoint]) {
        self.announcement = announcement
        self.endpoints = endpoints
    }
}

/// The reason why the sender closes a link.
public enum GoodbyeReason: UInt8, Equatable, Sendable {
    /// The process quits: the peer has left.
    case leaving = 0
    /// Another link with the same peer is kept instead.
    case duplicate = 1
    /// The receiver violated the protocol.
    case violation = 2
    /// The sender has no room for another link.
    case full = 3
    /// The sender refuses to communicate with this peer.
    case refused = 4
    /// A reason that this version does not know; never sent.
    case other = 255
}
