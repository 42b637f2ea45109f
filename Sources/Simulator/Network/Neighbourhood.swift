import Wire

/// Which peers can hear each other in a trial: all on one LAN, or on two with a relay that some are members of.
struct Neighbourhood {
    /// The LAN of each host, for peers only.
    private(set) var lans: [LANID]
    /// Whether each host is a member; all false without a relay.
    private(set) var isMember: [Bool]
    /// The key that identifies the relay's room; nil without a relay.
    private(set) var relay: PeerID?

    /// The relay address that members use; the simulation has no name resolution.
    static let relayAddress = "hub.example:47475"

    /// Creates a neighbourhood with all peers on one LAN.
    init(peers: Int) {
        lans = Array(repeating: LANID(0), count: peers)
        isMember = Array(repeating: false, count: peers)
    }

    /// Creates a neighbourhood with some peers on another LAN, and some of both LANs at the relay.
    init(peers: Int, relay: PeerID, random: inout some RandomNumberGenerator) {
        self.relay = relay
        let (away, joined) = (Int.random(in: 1...4, using: &random), Int.random(in: 4...8, using: &random))
        lans = (0..<peers).map { _ in LANID(Int.random(in: 0..<8, using: &random) < away ? 1 : 0) }
        isMember = (0..<peers).map { _ in Int.random(in: 0..<8, using: &random) < joined }
    }

    /// The relay's host, which follows all peers.
    var relayHost: HostID? { relay.map { _ in HostID(lans.count) } }

    /// Returns the endpoint where a peer dials the relay: every peer has one address, in order, and then the relay one
    /// on each LAN.
    func relayEndpoint(for host: HostID) -> Endpoint {
        let lan = UInt32(lans[host.number].number)
        return Endpoint(address: .v4(0x0A00_0000 | lan << 16 | UInt32(lans.count) + 1 + lan), port: 47474)
    }

    /// Returns all others on its LAN.
    func neighbours(of host: HostID) -> [HostID] {
        lans.indices.filter { $0 != host.number && lans[$0] == lans[host.number] }.map(HostID.init)
    }

    /// Returns all other members, if it is one.
    func fellows(of host: HostID) -> [HostID] {
        isMember[host.number] ? isMember.indices.filter { $0 != host.number && isMember[$0] }.map(HostID.init) : []
    }

    func areNeighbours(_ one: HostID, _ other: HostID) -> Bool { lans[one.number] == lans[other.number] }
}
