import CoreModel
public import PeerCore
import Secure
import Wire

/// Many peers on one good LAN, all started within a second, without faults, to measure the cost of large numbers.
public final class Crowd {
    public let simulation: Simulation<Peer>
    let identities: [Identity]
    var choice: RandomStream
    private var startedCount: Int
    /// The archives, by host, instead of disks: a disk, which keeps what a power cut would leave, takes twice the
    /// memory.
    private let archives: [MemoryArchive]

    /// The maximum number of peers that can join after those that start.
    private static let guestCount = 100

    /// - Parameters:
    ///   - peers: The number of peers, at least 2.
    ///   - fullMeshCount: As in ``PeerConfiguration``; nil for the default.
    public init(seed: UInt64, peers: Int, fullMeshCount: Int? = nil) {
        var random = RandomStream(simulationSeed: seed)
        let signing = Signing.simulated()
        let identities = (0..<peers + Self.guestCount).map { _ in
            Identity(seed: random.bytes(Identity.seedBytes), signing: signing)
        }
        let seeds = identities.map { _ in random.next() }
        self.identities = identities
        archives = identities.map { _ in MemoryArchive() }
        // No peer starts a second time.
        for archive in archives { archive.keepsPeers = false }
        choice = random
        startedCount = peers
        simulation = Simulation(seed: seed) { [archives] host, _, _ in
            var configuration = PeerConfiguration(name: Trial.name(host.number))
            if let fullMeshCount { configuration.fullMeshCount = fullMeshCount }
            // An archive in memory does not fail.
            return try! Peer(
                configuration: configuration, identity: identities[host.number],
                random: RandomStream(simulationSeed: seeds[host.number]), archive: archives[host.number])
        }
        simulation.recorder.isTracing = false
        simulation.recorder.keepsEvents = false
        for number in 0..<peers { simulation.addHost(startingAfter: .seconds(1) / peers * number) }
    }

    /// Runs until every peer sees every other.
    /// - Parameter progress: Called every 100 ms with the time and ``shareOfViews``.
    /// - Returns: The time since the first start; nil if the limit is exceeded.
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

    /// Adds a peer now.
    func addPeer() -> HostID {
        precondition(startedCount < identities.count, "no more guests")
        startedCount += 1
        return simulation.addHost()
    }

    /// The peers that run.
    private var running: [Peer] { simulation.hosts.compactMap { simulation.node(of: $0) } }

    /// The share, of 1, of all pairs (peer, other peer) in which the one sees the other and holds a name.
    public var shareOfViews: Double {
        let seen = running.reduce(0) { sum, peer in sum + (peer.heldName == nil ? 0 : peer.presentCount) }
        return Double(seen) / Double(startedCount * (startedCount - 1))
    }

    /// The minimum and maximum number of established links that a peer has now.
    public var linksPerPeer: (least: Int, most: Int) {
        let counts = running.map(\.linkedPeerCount)
        return (counts.min() ?? 0, counts.max() ?? 0)
    }
}
