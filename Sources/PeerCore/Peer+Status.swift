public import CoreModel
import LocalNetwork
import Wire

extension Peer {
    /// The maximum number of blocked people in a status, which is for a screen.
    private static let blockedCount = 50
    /// The time that our key counts as in use elsewhere after it was received: beacons of a crowd may be this far
    /// apart.
    private static let keyMemory = Duration.seconds(120)

    /// The status of this peer: its name, its established links, and what a user should know about its network.
    public var status: PeerStatus {
        let direct = links.ids.compactMap { id -> PeerStatus.Link? in
            guard let link = links[id], link.isEstablished, let peer = link.peer else { return nil }
            return PeerStatus.Link(
                peer: peer, name: displayName(of: peer), address: link.isTunnel ? nil : link.endpoint,
                isThroughFirewall: link.isThroughFirewall)
        }
        let blocked = roster.blocked.map { displayName(of: $0) }.sorted().prefix(Self.blockedCount)
        return PeerStatus(
            name: displayName(of: id), usesMulticast: configuration.usesMulticast,
            isKeyInUseElsewhere: discovery.identitySeenAt.map { now < $0 + Self.keyMemory } ?? false,
            blocked: Array(blocked), links: direct.sorted { ($0.peer, $0.name) < ($1.peer, $1.name) })
    }
}
