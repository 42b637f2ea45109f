import Wire

/// Who can hear whom in a trial: peers on one LAN, or on two with a relay between them that some are members of.
struct Neighbourhood {
    /// By host, of peers only.
    private(set) var lans: [LANID]
    /// By host; all false where there is no relay.
    private(set) var isMember: [Bool]
    /// The key that its room is known by; nil: there is no relay.
    private(set) var relay: PeerID?

    /// What members give for its address; there are no names to look up in the simulation.
    static let relayAddress = "hub.example:47475"

    /// All on one LAN.
    init(peers: Int) {
        lans = Array(repeating: LANID(0), count: peers)
        isMember = Array(repeating: false, count: peers)
    }

    /// Some on another LAN, some of both with the relay.
    init(peers: Int, relay: PeerID, random: inout some RandomNumberGenerator) {
        self.relay = relay
        let (away, joined) = (Int.random(in: 1...4, using: &random), Int.random(in: 4...8, using: &random))
        lans = (0..<peers).map { _ in LANID(Int.random(in: 0..<8, using: &random) < away ? 1 : 0) }
        isMember = (0..<peers).map { _ in Int.random(in: 0..<8, using: &random) < joined }
    }

    /// The relay's host comes behind all peers.
    var relayHost: HostID? { relay.map { _ in HostID(lans.count) } }

    /// Where a peer dials the relay: every peer takes one address, in order, and then the relay one on each LAN.
    func relayEndpoint(for host: HostID) -> Endpoint {
        let lan = UInt32(lans[host.number].number)
        return Endpoint(address: .v4(0x0A00_0000 | lan << 16 | UInt32(lans.count) + 1 + lan), port: 47474)
    }

    /// All others on its LAN.
    func neighbours(of host: HostID) -> [HostID] {
        lans.indices.filter { $0 != host.number && lans[$0] == lans[host.number] }.map(HostID.init)
    }

    /// All members but itself, if it is one.
    func fellows(of host: HostID) -> [HostID] {
        isMember[host.number] ? isMember.indices.filter { $0 != host.number && isMember[$0] }.map(HostID.init) : []
    }

    func areNeighbours(_ one: HostID, _ other: HostID) -> Bool { lans[one.number] == lans[other.number] }
}
