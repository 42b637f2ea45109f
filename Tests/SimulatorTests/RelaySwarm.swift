import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import TestKit
import Testing
import Wire

/// All kinds of faults at once, between two LANs and the relay that connects them.
@Suite("A relay and its members through swarms of faults")
struct RelaySwarm {
    /// These lost a private message with a tunnel that was dead without notice.
    @Test(
        "afterwards all have the same messages, each once, and private messages have arrived",
        arguments: [14, 19, 27, 30, 48, 71, 102, 103, 138, 157, 222, 273, 341] as [UInt64])
    func converges(seed: UInt64) throws { try Self.run(seed) }

    static func run(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &* 7919)
        let residents = [("ana", 0), ("ben", 0), ("cem", 1), ("dia", 1), ("eve", 1)].map {
            RelayTown.Resident(name: $0.0, lan: LANID($0.1), isAlone: Bool.random(using: &random))
        }
        let town = try RelayTown(seed: seed, residents)
        try town.simulation.run(for: .seconds(3))
        // The relay's address is configured, so it must not change; the others' may.
        let kinds = FaultPlan.Kind.allCases.filter { $0 != .addressChange }
        let plan = FaultPlan(
            swarm: &random, kinds: kinds, hosts: town.simulation.hosts, from: town.simulation.now, for: .seconds(60),
            count: Int.random(in: 1...12, using: &random))
        town.simulation.apply(plan)
        for number in 0..<60 {
            let host = town.peers[Int.random(in: 0..<town.peers.count, using: &random)]
            let other = town.peers[Int.random(in: 0..<town.peers.count, using: &random)]
            if number % 3 == 0, host != other {
                let name = "\(residents[other.number - 1].name)@hub"
                town.simulation.command(host, .tell(to: name, text: "private \(number)", kind: .text))
            } else {
                town.say(host, "\(number)")
            }
            try town.simulation.run(for: .seconds(1))
        }
        // A host that was to die in its next round may have had none until now.
        try town.simulation.run(for: .seconds(30))
        for host in town.simulation.hosts where town.simulation.node(of: host) == nil {
            town.simulation.perform(.restart(host))
        }
        try town.simulation.run(for: .seconds(120))
        try check(town, "seed \(seed), \(plan.kinds)")
    }

    private static func check(_ town: RelayTown, _ comment: String) throws {
        let lobby = LogID.relayLobby(town.hubID)
        let kept = try town.simulation.disks[RelayTown.hub.number].keys(of: lobby)
        #expect(kept.count > 10, "\(comment)")
        for host in town.peers {
            #expect(town.simulation.recorder.exits[host.number] == nil, "\(comment), \(host)")
            let own = try town.simulation.disks[host.number].keys(of: lobby)
            #expect(own == kept, "\(comment), \(host): \(own.count) of \(kept.count)")
            let shown = town.simulation.recorder.messages(of: host).map(\.id)
            #expect(Set(shown).count == shown.count, "\(comment), \(host)")
            for log in try town.simulation.disks[host.number].logs() {
                guard case .conversation(let peer) = log else { continue }
                let waiting = try town.simulation.disks[host.number].awaitingReceipt(in: log)
                #expect(waiting.isEmpty, "\(comment), \(host) to \(peer): \(waiting.count)")
            }
        }
        #expect(town.isWhole, "\(comment)")
    }
}
