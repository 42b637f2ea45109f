import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Testing
import Wire

/// Peers without the link-state exchange, on a network where the others have few links (Protocol.md, Big networks).
@Suite("Older peers on a big network")
struct OlderPeerTests {
    @Test("an older peer sees all and is seen by all, whether it starts first or joins later", arguments: 1...2)
    func amongMany(seed: UInt64) throws {
        let count = 14
        let town = try Town(seed: seed, names: Town.names(count), fullMeshCount: 6, older: [0, count - 1])
        for number in 0..<count - 1 { town.simulation.addHost(startingAfter: .milliseconds(20 * number)) }
        let whole = try town.simulation.run(limit: .seconds(60)) { _ in town.isWhole() }
        #expect(try #require(whole, "seed \(seed): \(town.whoIsMissing())") < .seconds(25), "seed \(seed)")
        try town.simulation.run(for: .seconds(30))
        // The others have few links: each one with an older peer, and some with each other.
        let others = town.simulation.hosts.dropFirst()
        #expect(others.allSatisfy { town.simulation.node(of: $0)?.isSparse == true }, "seed \(seed)")

        let late = town.simulation.addHost(startingAfter: .zero)
        let joined = try town.simulation.run(limit: .seconds(60)) { _ in town.isWhole() }
        #expect(try #require(joined, "seed \(seed): \(town.whoIsMissing())") < .seconds(25), "seed \(seed)")
        // It lasts, and all peers receive each other's messages.
        try town.simulation.run(for: .seconds(60))
        #expect(town.isWhole(), "seed \(seed): \(town.whoIsMissing())")
        town.simulation.command(late, .say(text: "from one that is old", kind: .text, room: nil))
        town.simulation.command(HostID(5), .say(text: "from one that is new", kind: .text, room: nil))
        let heard = try town.simulation.run(limit: .seconds(5)) { simulation in
            simulation.hosts.allSatisfy { host in
                let texts = Set(town.texts(host))
                return texts.contains("from one that is old") && texts.contains("from one that is new")
            }
        }
        #expect(heard != nil, "seed \(seed)")
        town.simulation.command(late, .quit(afterReceipts: false))
        let gone = try town.simulation.run(limit: .seconds(20)) { _ in
            town.simulation.hosts.allSatisfy { $0 == late || town.departures(of: late, seenBy: $0).count == 1 }
        }
        #expect(gone != nil, "seed \(seed)")
    }
}
