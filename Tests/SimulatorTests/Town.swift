import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Secure
import Simulator
import Testing
import Wire

/// Real peers on the virtual network; each keeps its key and its archive over all its starts.
final class Town {
    let simulation: Simulation<Peer>
    let identities: [Identity]

    /// - Parameters:
    ///   - names: The wanted names, one for each peer.
    ///   - retention: The retention of each peer.
    ///   - older: The peers without the link-state exchange, which want links with all.
    init(
        seed: UInt64, names: [String], conditions: Conditions = Conditions(), retention: Retention = Retention(),
        fullMeshCount: Int? = nil, older: Set<Int> = [], signing: Signing = .ed25519
    ) throws {
        var random = RandomStream(simulationSeed: seed &+ 1_000_000)
        let identities = names.map { _ in Identity(seed: random.bytes(Identity.seedBytes), signing: signing) }
        let nicknames = try names.map { try Nickname($0) }
        let seeds = names.map { _ in random.next() }
        self.identities = identities
        simulation = Simulation(
            seed: seed, conditions: conditions,
            makeNode: { host, generation, disk in
                let stream = RandomStream(simulationSeed: seeds[host.number] &+ UInt64(generation))
                var configuration = PeerConfiguration(name: nicknames[host.number])
                configuration.retention = retention
                if let fullMeshCount { configuration.fullMeshCount = fullMeshCount }
                if older.contains(host.number) {
                    configuration.knowsAdvertisements = false
                    configuration.fullMeshCount = 10_000
                }
                // A simulated disk does not fail.
                return try! Peer(
                    configuration: configuration, identity: identities[host.number], random: stream, archive: disk)
            })
        simulation.recorder.traceLimit = 0
    }

    static func names(_ count: Int) -> [String] { (0..<count).map { "peer\($0)" } }

    /// Returns a town where all peers were started within the first half second and see each other under their names.
    static func settled(
        seed: UInt64, names: [String], conditions: Conditions = Conditions(), limit: Duration = .seconds(20)
    ) throws -> Town {
        let town = try Town(seed: seed, names: names, conditions: conditions)
        town.addAll(within: .milliseconds(500))
        let time = try town.simulation.run(limit: limit) { _ in town.isWhole() }
        try #require(time != nil, "seed \(seed): \(town.whoIsMissing())")
        return town
    }

    func addAll(within span: Duration) {
        for index in identities.indices { simulation.addHost(startingAfter: span / identities.count * index) }
    }

    func peerID(_ host: HostID) -> PeerID { identities[host.number].peerID }

    /// Returns whether each of these hosts (default: all) shows all others under the names that they themselves hold,
    /// all different.
    func isWhole(_ hosts: [HostID]? = nil) -> Bool {
        let hosts = hosts ?? simulation.hosts
        var names: [PeerID: String] = [:]
        for host in hosts {
            guard isReady(host), let name = simulation.recorder.name(of: host) else { return false }
            names[peerID(host)] = name
        }
        guard Set(names.values).count == names.count else { return false }
        return hosts.allSatisfy { host in
            var others = names
            others[peerID(host)] = nil
            return simulation.recorder.people(of: host) == others
        }
    }

    func isReady(_ host: HostID) -> Bool {
        guard simulation.hosts.contains(host) else { return false }
        return simulation.recorder.events[host.number].contains { if case .ready = $0.event { true } else { false } }
    }

    func whoIsMissing() -> String {
        simulation.hosts.map { "\($0) sees \(simulation.recorder.people(of: $0).values.sorted())" }
            .joined(separator: "; ")
    }

    /// Returns the times at which this host was notified that the other left.
    func departures(of other: HostID, seenBy host: HostID) -> [Instant] {
        simulation.recorder.peerChanges(of: host)
            .filter { $0.change.state == .left && $0.change.peer.id == peerID(other) }.map(\.at)
    }

    func texts(_ host: HostID) -> [String] { simulation.recorder.messages(of: host).map(\.text) }
}
