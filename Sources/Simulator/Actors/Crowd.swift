import CoreModel
public import PeerCore
import Secure
import Wire

/// Many peers on one good LAN, all started within a second, with nothing going wrong: for measuring what numbers cost.
public final class Crowd {
    public let simulation: Simulation<Peer>
    let identities: [Identity]
    var choice: RandomStream
    private var startedCount: Int
    /// By host: a disk that is never cut off takes twice the memory.
    private let archives: [MemoryArchive]

    /// How many can come after those that start.
    private static let guestCount = 100

    /// - Parameters:
    ///   - peers: how many, at least 2.
    ///   - fullMeshCount: as in ``PeerConfiguration``; nil: as it ships.
    public init(seed: UInt64, peers: Int, fullMeshCount: Int? = nil) {
        var random = RandomStream(simulationSeed: seed)
        let signing = Signing.simulated()
        let identities = (0..<peers + Self.guestCount).map { _ in
            Identity(seed: random.bytes(Identity.seedBytes), signing: signing)
        }
        let seeds = identities.map { _ in random.next() }
        self.identities = identities
        archives = identities.map { _ in MemoryArchive() }
        // Nobody starts a second time.
        for archive in archives { archive.keepsPeers = false }
        choice = random
        startedCount = peers
        simulation = Simulation(seed: seed) { [archives] host, _, _ in
            var configuration = PeerConfiguration(name: Trial.name(host.number))
            if let fullMeshCount { configuration.fullMeshCount = fullMeshCount }
            // Memory does not fail.
            return try! Peer(
                configuration: configuration, identity: identities[host.number],
                random: RandomStream(simulationSeed: seeds[host.number]), archive: archives[host.number])
        }
        simulation.recorder.isTracing = false
        simulation.recorder.keepsEvents = false
        for number in 0..<peers { simulation.addHost(startingAfter: .seconds(1) / peers * number) }
    }

    /// Runs until everybody sees everybody.
    /// - Parameter progress: called every 100 ms with the time and ``shareOfViews``.
    /// - Returns: how long that took since the first start; nil if longer than the limit.
    public func gather(limit: Duration, progress: (Duration, Double) -> Void = { _, _ in }) throws -> Duration? {
        let start = simulation.now
        while simulation.now - start < limit {
            try simulation.run(for: .milliseconds(100))
            let share = shareOfViews
            progress(simulation.now - start, share)
            if share == 1 { return simulation.now - start }
        }
        return nil
    }

    /// Lets time pass.
    public func run(for duration: Duration) throws {
        try simulation.run(for: duration)
    }

    /// One more, from now on.
    func addPeer() -> HostID {
        precondition(startedCount < identities.count, "no more guests")
        startedCount += 1
        return simulation.addHost()
    }

    /// Whose processes run.
    private var running: [Peer] { simulation.hosts.compactMap { simulation.node(of: $0) } }

    /// The share, of 1, of all (peer, other peer) in which the one sees the other and all names are held.
    public var shareOfViews: Double {
        let seen = running.reduce(0) { sum, peer in sum + (peer.heldName == nil ? 0 : peer.presentCount) }
        return Double(seen) / Double(startedCount * (startedCount - 1))
    }

    /// The least and the most established links that a peer has now.
    public var linksPerPeer: (least: Int, most: Int) {
        let counts = running.map(\.linkedPeerCount)
        return (counts.min() ?? 0, counts.max() ?? 0)
    }
}
