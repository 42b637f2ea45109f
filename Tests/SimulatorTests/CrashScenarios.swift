import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Testing
import Wire

@Suite("Peers that crash")
struct CrashScenarios {
    /// Seed 299 of 8 peers showed the second message first, with links that were closed deliberately.
    @Test("a message stored just before a crash is shown before its answer", arguments: 1...5)
    func keptBeforeCrash(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: Town.names(2))
        let (writer, reader) = (HostID(0), HostID(1))
        try town.simulation.run(for: .milliseconds(100))
        town.simulation.perform(.crashInNextRound(reader, afterCommit: true))
        town.simulation.command(writer, .tell(to: "peer1", text: "first", kind: .text))
        try town.simulation.run(for: .milliseconds(50))
        #expect(town.simulation.node(of: reader) == nil)
        #expect(try town.simulation.disks[reader.number].keys(of: .conversation(town.peerID(writer))).count == 1)
        town.simulation.command(writer, .tell(to: "peer1", text: "second", kind: .text))
        town.simulation.perform(.restart(reader))
        try town.simulation.run(for: .seconds(20))
        #expect(town.texts(reader) == ["first", "second"], "seed \(seed)")
    }
}
