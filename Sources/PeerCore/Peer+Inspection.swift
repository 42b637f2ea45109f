import LocalNetwork
import RoomSync
public import Wire

/// Read-only state of the core, for simulations, tests and diagnostics.
extension Peer {
    /// The name that this peer holds; nil while it is still claiming one.
    public var heldName: Nickname? { naming.claim.flatMap { $0.isHeld ? $0.name : nil } }
    /// The gathering that its lobby belongs to; nil before there is one.
    public var gathering: GatheringID? { rooms.gathering }
    /// The number of stored entries of the lobby.
    public var lobbyCount: Int { rooms[.lobby]?.count ?? 0 }
    /// The number of peers that it considers present, with a link or without.
    public var presentCount: Int { roster.ids.count { roster[$0]?.goneAt == nil } }
    /// Whether it keeps only a few links because many peers are present.
    public var isSparse: Bool { discovery.mesh.isSparse }
    /// The number of peers with an established link.
    public var linkedPeerCount: Int { links.peers.count }
    /// The number of all links, including those that are being opened or closed.
    public var linkCount: Int { links.count }
    /// Returns whether it has an established direct link, not a tunnel, with this peer.
    public func isLinked(with peer: PeerID) -> Bool { links.direct(with: peer) != nil }
}
