import CoreModel
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Testing
import Wire

/// A slow network, where both sides dial simultaneously, and names, gatherings and messages change during handshakes.
@Suite struct CrossingLinks {
    /// Seeds 4, 6, 10, 11 and 15 lost entries with links that were closed as duplicates; 23 lost a change of gathering
    /// between two hellos; 127, 191, 303 and 669 lost an entry that was requested while the other peer was in another
    /// gathering.
    @Test(
        "a message said during handshakes is shown to everybody once",
        arguments: [4, 6, 10, 11, 15, 23, 127, 191, 303, 669] as [UInt64])
    func saidWhileLinking(seed: UInt64) throws {
        var conditions = Conditions(loss: seed % 2 == 0 ? 0.3 : 0)
        conditions.latency = .milliseconds(100)
        conditions.jitter = .milliseconds(150)
        let town = try Town(seed: seed, names: Town.names(16), conditions: conditions)
        town.addAll(within: .milliseconds(1500))
        let speakers = (0..<5).map { HostID($0) }
        for speaker in speakers {
            _ = try town.simulation.run(limit: .seconds(20)) { _ in town.isReady(speaker) }
        }
        for speaker in speakers {
            town.simulation.command(speaker, .say(text: "from \(speaker)", kind: .text, room: nil))
            try town.simulation.run(for: .milliseconds(1))
        }
        try town.simulation.run(for: .seconds(10))
        for host in town.simulation.hosts {
            let texts = town.texts(host)
            for speaker in speakers {
                #expect(texts.count { $0 == "from \(speaker)" } == 1, "seed \(seed), \(host): \(texts)")
            }
        }
    }
}
