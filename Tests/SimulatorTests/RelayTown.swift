import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Secure
import Simulator
import Testing
import Wire

/// The core of a machine: a peer or a relay.
enum RelayTownNode: Core {
    case peer(Peer)
    case relay(Relay)

    mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        switch consume self {
        case .peer(var peer):
            peer.handle(input, at: now, wall: wall)
            self = .peer(peer)
        case .relay(var relay):
            relay.handle(input, at: now, wall: wall)
            self = .relay(relay)
        }
    }

    mutating func nextOutput() -> Output? {
        switch consume self {
        case .peer(var peer):
            defer { self = .peer(peer) }
            return peer.nextOutput()
        case .relay(var relay):
            defer { self = .relay(relay) }
            return relay.nextOutput()
        }
    }

    var nextDeadline: Deadline? {
        switch self {
        case .peer(let peer): peer.nextDeadline
        case .relay(let relay): relay.nextDeadline
        }
    }

    var relay: Relay? {
        if case .relay(let relay) = self { return relay }
        return nil
    }
}

/// A relay between two LANs, with real peers on both.
final class RelayTown {
    struct Resident {
        var name: String
        var lan: LANID
        /// Whether the relay is its only connection.
        var isAlone = false
        var password: String?
        var startsAfter = Duration.zero
    }

    static let hub = HostID(0)
    let simulation: Simulation<RelayTownNode>
    let identities: [Identity]
    let residents: [Resident]
    private(set) var moderators: [String] = []

    init(
        seed: UInt64, _ residents: [Resident], conditions: Conditions = Conditions(),
        _ change: @escaping (inout RelayConfiguration) -> Void = { _ in }
    ) throws {
        var random = RandomStream(simulationSeed: seed &+ 2_000_000)
        let identities = (0...residents.count).map { _ in Identity(seed: random.bytes(Identity.seedBytes)) }
        let nicknames = try residents.map { try Nickname($0.name) }
        let seeds = (0...residents.count).map { _ in random.next() }
        let hubName = try Nickname("hub")
        self.identities = identities
        self.residents = residents
        simulation = Simulation(
            seed: seed, conditions: conditions,
            makeNode: { host, generation, disk in
                let stream = RandomStream(simulationSeed: seeds[host.number] &+ UInt64(generation))
                let identity = identities[host.number]
                // A simulated disk does not fail.
                guard host != Self.hub else {
                    var configuration = RelayConfiguration(name: hubName)
                    change(&configuration)
                    return .relay(
                        // The archive cannot fail.
                        try! Relay(configuration: configuration, identity: identity, random: stream, archive: disk))
                }
                let resident = residents[host.number - 1]
                var configuration = PeerConfiguration(name: nicknames[host.number - 1])
                configuration.usesMulticast = !resident.isAlone
                // The relay is the first machine, with one address on each LAN.
                let address = IPAddress.v4(0x0A00_0001 + UInt32(resident.lan.number) * 0x1_0001)
                configuration.relays = [
                    RelayTarget(
                        address: "hub.example:47475", endpoints: [Endpoint(address: address, port: 47474)],
                        password: resident.password.map { Array($0.utf8) })
                ]
                return .peer(
                    // The archive cannot fail.
                    try! Peer(configuration: configuration, identity: identity, random: stream, archive: disk))
            })
        simulation.recorder.traceLimit = 0
        simulation.addHost(on: [LANID(0), LANID(1)])
        for resident in residents { simulation.addHost(on: [resident.lan], startingAfter: resident.startsAfter) }
    }

    /// Returns a town with two peers on each of two LANs.
    static func two(
        seed: UInt64, isAlone: Bool = false, _ change: @escaping (inout RelayConfiguration) -> Void = { _ in }
    )
        throws -> RelayTown
    {
        let residents = [("ana", 0), ("ben", 0), ("cem", 1), ("dia", 1)].map {
            Resident(name: $0.0, lan: LANID($0.1), isAlone: isAlone)
        }
        let town = try RelayTown(seed: seed, residents, change)
        let time = try town.simulation.run(limit: .seconds(10)) { _ in town.isWhole }
        try #require(time != nil, "seed \(seed): not all peers met")
        return town
    }

    var peers: [HostID] { simulation.hosts.filter { $0 != Self.hub } }
    var hubID: PeerID { identities[0].peerID }
    func id(_ host: HostID) -> PeerID { identities[host.number].peerID }
    var relay: Relay? { simulation.node(of: Self.hub)?.relay }

    /// Returns the peers that a host knows to be at the relay, by key.
    func members(seenBy host: HostID) -> [PeerID: String] {
        var members: [PeerID: String] = [:]
        for (_, change) in simulation.recorder.peerChanges(of: host) where change.peer.via == .relay {
            members[change.peer.id] = change.state == .left ? nil : change.peer.name
        }
        return members
    }

    /// Whether every peer sees every other at the relay.
    var isWhole: Bool {
        simulation.hosts.count == residents.count + 1
            && peers.allSatisfy { host in
                Set(members(seenBy: host).keys) == Set(peers.filter { $0 != host }.map { id($0) })
            }
    }

    func say(_ host: HostID, _ text: String, room: RoomName? = .relayLobby(relay: "hub")) {
        simulation.command(host, .say(text: text, kind: .text, room: room))
    }

    func texts(_ host: HostID, in room: RoomName) -> [String] {
        simulation.recorder.messages(of: host).filter { $0.room == room }.map(\.text)
    }

    func lobby(_ host: HostID) -> [String] { texts(host, in: .relayLobby(relay: "hub")) }

    func relayEvents(_ host: HostID) -> [(state: Event.RelayState, reason: String?)] {
        simulation.recorder.events[host.number].compactMap { recorded in
            if case .relay(let state, _, let reason) = recorded.event { (state, reason) } else { nil }
        }
    }

    func failures(_ host: HostID) -> [Event.Failure] {
        simulation.recorder.events[host.number].compactMap { recorded in
            if case .failed(let failure) = recorded.event { failure } else { nil }
        }
    }
}
