import LocalNetwork
import RoomSync
public import Wire

/// What may be known of a core from outside without changing it: for simulations, tests and diagnostics.
extension Peer {
    /// The name that it holds; nil while it still asks for one.
    public var heldName: Nickname? { naming.claim.flatMap { $0.isHeld ? $0.name : nil } }
    /// The gathering that its lobby belongs to; nil before there is one.
    public var gathering: GatheringID? { rooms.gathering }
    /// Entries of the lobby that are kept.
    public var lobbyCount: Int { rooms[.lobby]?.count ?? 0 }
    /// Peers with an established link, ascending.
    public var linkedPeers: [PeerID] { links.peers }
    /// Peers that are here as far as it knows, with a link or without.
    public var presentCount: Int { roster.ids.count { roster[$0]?.goneAt == nil } }
    /// Whether it keeps few links because many are here.
    public var isSparse: Bool { discovery.mesh.isSparse }
    /// How many those are.
    public var linkedPeerCount: Int { links.peers.count }
    /// All links, also those that are being made or closed.
    public var linkCount: Int { links.count }
    /// Whether it has an established link of its own with this peer, not a tunnel.
    public func isLinked(with peer: PeerID) -> Bool { links.direct(with: peer) != nil }
}
