public import Chat
import Secure
import Wire

/// Many peers on one good LAN, all started within a second, with nothing going wrong: for measuring what numbers cost.
public final class Crowd {
    public let simulation: Simulation<Peer>
    private let identities: [Identity]
    private let work = SharedWork()

    /// - Parameter peers: how many, at least 2.
    public init(seed: UInt64, peers: Int) {
        var random = RandomStream(simulationSeed: seed)
        let identities = (0..<peers).map { _ in Identity(seed: random.bytes(Identity.seedBytes)) }
        let seeds = identities.map { _ in random.next() }
        self.identities = identities
        simulation = Simulation(seed: seed) { host, _, disk in
            let configuration = PeerConfiguration(name: Trial.name(host.number))
            // A disk of the simulation does not fail.
            return try! Peer(
                configuration: configuration, identity: identities[host.number],
                random: RandomStream(simulationSeed: seeds[host.number]), archive: disk)
        }
        simulation.recorder.isTracing = false
        simulation.recorder.keepsEvents = false
        for number in 0..<peers { simulation.addHost(startingAfter: .seconds(1) / peers * number) }
    }

    /// Runs until everybody has a link with everybody.
    /// - Returns: how long that took since the first start; nil if longer than the limit.
    public func gather(limit: Duration) throws -> Duration? {
        let start = simulation.now
        return try SharedWork.$current.withValue(work) {
            while simulation.now - start < limit {
                try simulation.run(for: .milliseconds(100))
                if shareOfViews == 1 { return simulation.now - start }
            }
            return nil
        }
    }

    /// The share, of 1, of all (peer, other peer) in which the one has a link with the other and all names are held.
    public var shareOfViews: Double {
        let linked = identities.indices.reduce(0) { sum, number in
            let peer = simulation.node(of: HostID(number))
            return sum + (peer?.heldName == nil ? 0 : peer?.linkedPeerCount ?? 0)
        }
        return Double(linked) / Double(identities.count * (identities.count - 1))
    }

    /// The least and the most established links that a peer has now.
    public var linksPerPeer: (least: Int, most: Int) {
        let counts = identities.indices.map { simulation.node(of: HostID($0))?.linkedPeerCount ?? 0 }
        return (counts.min() ?? 0, counts.max() ?? 0)
    }
}
