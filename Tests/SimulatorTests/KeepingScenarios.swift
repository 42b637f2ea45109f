import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Secure
import Simulator
import Testing
import Wire

/// Retention, pruning and catching up of real peers on the virtual LAN.
@Suite("Retention")
struct KeepingScenarios {
    private func say(_ text: String, _ host: HostID, in town: Town) {
        town.simulation.command(host, .say(text: text, kind: .text, room: nil))
    }

    @Test("a peer that has forgotten the lobby still shows the lines of a newcomer", arguments: 1...5)
    func newcomerAfterForgetting(seed: UInt64) throws {
        let town = try Town(seed: seed, names: Town.names(2))
        let (old, new) = (town.simulation.addHost(), town.simulation.addHost(startingAfter: .seconds(30)))
        try town.simulation.run(for: .seconds(5))
        for number in 0..<5 { say("line \(number)", old, in: town) }
        town.simulation.command(old, .forget(.lobby))
        _ = try town.simulation.run(limit: .seconds(40)) { _ in town.isWhole() }
        say("hello", new, in: town)
        try town.simulation.run(for: .seconds(5))
        #expect(town.texts(old).contains("hello"), "seed \(seed)")
        say("welcome", old, in: town)
        try town.simulation.run(for: .seconds(5))
        #expect(town.texts(new) == ["hello", "welcome"], "seed \(seed)")
    }

    @Test("forgotten entries do not come back when gatherings meet", arguments: 1...5)
    func forgottenBeforeMeeting(seed: UInt64) throws {
        let town = try Town(seed: seed, names: Town.names(4))
        town.addAll(within: .milliseconds(200))
        try town.simulation.run(for: .zero)
        town.simulation.perform(.partition([HostID(0), HostID(1)], oneWay: false))
        try town.simulation.run(for: .seconds(10))
        for number in 0..<5 { say("left \(number)", HostID(0), in: town) }
        for number in 0..<5 { say("right \(number)", HostID(2), in: town) }
        try town.simulation.run(for: .seconds(5))
        for host in [HostID(0), HostID(2)] { town.simulation.command(host, .forget(.lobby)) }
        try town.simulation.run(for: .seconds(1))
        let shown = town.simulation.hosts.map { town.texts($0).count }
        town.simulation.perform(.healAll)
        let time = try town.simulation.run(limit: .seconds(60)) { _ in town.isWhole() }
        try #require(time != nil)
        try town.simulation.run(for: .seconds(120))
        #expect(Set(town.simulation.hosts.map { town.simulation.node(of: $0)?.gathering }).count == 1)
        for (place, text) in [(0, "left"), (2, "right")] {
            let again = town.texts(HostID(place)).dropFirst(shown[place]).filter { $0.hasPrefix(text) }
            #expect(again.isEmpty, "seed \(seed), \(place)")
        }
        for host in town.simulation.hosts { say("from \(host)", host, in: town) }
        try town.simulation.run(for: .seconds(5))
        for host in town.simulation.hosts {
            let texts = town.texts(host)
            #expect(town.simulation.hosts.allSatisfy { texts.contains("from \($0)") }, "seed \(seed), \(host)")
        }
    }

    @Test("a late joiner catches up with a thousand messages of maximum length, without a closed link")
    func longHistory() throws {
        let town = try Town(seed: 1, names: Town.names(2))
        let (old, new) = (town.simulation.addHost(), town.simulation.addHost(startingAfter: .seconds(60)))
        try town.simulation.run(for: .seconds(5))
        let body = String(repeating: "x", count: Limits.textBytes)
        for _ in 0..<1_000 { say(body, old, in: town) }
        let time = try town.simulation.run(limit: .seconds(70)) { _ in town.texts(new).count == 1_000 }
        #expect(time != nil, "\(town.texts(new).count)")
        #expect(town.departures(of: old, seenBy: new).isEmpty)
        #expect(town.simulation.node(of: new)?.linkCount == 1)
    }

    @Test("retention limits hold, however fast others speak")
    func flood() throws {
        var retention = Retention()
        retention.entryCount = 100
        let town = try Town(seed: 1, names: Town.names(2), retention: retention)
        town.addAll(within: .milliseconds(100))
        _ = try town.simulation.run(limit: .seconds(20)) { _ in town.isWhole() }
        for number in 0..<3_000 {
            say("\(number)", HostID(0), in: town)
            if number % 100 == 0 { try town.simulation.run(for: .milliseconds(100)) }
        }
        try town.simulation.run(for: .seconds(5))
        #expect(town.texts(HostID(1)).count == 3_000)
        for host in town.simulation.hosts {
            let kept = try #require(town.simulation.node(of: host)?.lobbyCount)
            #expect((100...1_100).contains(kept), "\(host): \(kept)")
        }
    }
}
