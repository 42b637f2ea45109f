import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Testing
import Wire

@Suite("A relay between two virtual LANs")
struct RelayScenarios {
    private let ana = HostID(1)
    private let ben = HostID(2)
    private let cem = HostID(3)
    private let dia = HostID(4)
    private let lobby = RoomName.relayLobby(relay: "hub")

    @Test("all peers meet in its lobby within a second; each LAN keeps its own lobby", arguments: 1...5)
    func lobbies(seed: UInt64) throws {
        let town = try RelayTown.two(seed: seed)
        for host in town.peers { #expect(town.relayEvents(host).map(\.state) == [.connected], "seed \(seed)") }
        town.say(ana, "to all")
        town.say(cem, "here", room: .lobby)
        try town.simulation.run(for: .seconds(1))
        for host in town.peers { #expect(town.lobby(host) == ["to all"], "seed \(seed), \(host)") }
        #expect(town.texts(dia, in: .lobby) == ["here"])
        #expect(town.texts(ana, in: .lobby).isEmpty && town.texts(ben, in: .lobby).isEmpty)
        // The relay stores its own lobby and nothing else.
        #expect(try town.simulation.disks[0].logs() == [.relayLobby(town.hubID)])
        #expect(town.relay?.counters.entriesKept == 1)
    }

    @Test("private messages travel both ways through the relay, and directly where there is a link", arguments: 1...5)
    func privateMessages(seed: UInt64) throws {
        let town = try RelayTown.two(seed: seed)
        town.simulation.command(ana, .tell(to: "cem@hub", text: "far", kind: .text))
        town.simulation.command(cem, .tell(to: "ana", text: "back", kind: .text))
        try town.simulation.run(for: .seconds(1))
        for (host, text) in [(cem, "far"), (ana, "back")] {
            let seen = town.simulation.recorder.messages(of: host).filter { $0.text == text }
            let isRight = seen.allSatisfy { $0.isPrivate && !$0.isOwn && !$0.isHistory }
            #expect(seen.count == 1 && isRight, "seed \(seed), \(text)")
        }
        for host in [ana, cem] {
            let isDelivered = town.simulation.recorder.events[host.number].contains {
                if case .delivery(_, _, .delivered) = $0.event { true } else { false }
            }
            #expect(isDelivered, "seed \(seed), \(host)")
        }
        let carried = try #require(town.relay).counters.sinceStart.tunnelBytes
        #expect(carried > 0)
        town.simulation.command(ana, .tell(to: "ben", text: "near", kind: .text))
        try town.simulation.run(for: .seconds(1))
        #expect(town.simulation.recorder.messages(of: ben).contains { $0.text == "near" && $0.isPrivate })
        #expect(town.relay?.counters.sinceStart.tunnelBytes == carried)
        #expect(try town.simulation.disks[0].logs().allSatisfy { $0 == .relayLobby(town.hubID) })
    }

    @Test("names are unique at the relay, and a peer whose name is taken there keeps it on the LAN")
    func names() throws {
        let residents = [0, 1].map { RelayTown.Resident(name: "ana", lan: LANID($0)) }
        let town = try RelayTown(seed: 1, residents)
        try #require(try town.simulation.run(limit: .seconds(10)) { _ in town.isWhole } != nil)
        try town.simulation.run(for: .seconds(1))
        let seen = town.peers.flatMap { town.members(seenBy: $0).values }.sorted()
        #expect(seen == ["ana", "ana-2"])
        for host in town.peers { #expect(town.simulation.recorder.name(of: host) == "ana") }
    }

    @Test(
        "a relay that is killed and restarted has all members back within 5 s, without loss or duplicates",
        arguments: 1...10)
    func killed(seed: UInt64) throws {
        let town = try RelayTown.two(seed: seed) { $0.operators = [] }
        var said: [String] = []
        func chatter(_ rounds: Int) throws {
            for _ in 0..<rounds {
                for host in town.peers {
                    said.append("\(said.count)")
                    town.say(host, said[said.count - 1])
                }
                try town.simulation.run(for: .milliseconds(20))
            }
        }
        try chatter(5)
        town.simulation.perform(.crash(RelayTown.hub))
        try chatter(5)
        try town.simulation.run(for: .milliseconds(500))
        town.simulation.perform(.restart(RelayTown.hub))
        let back = try town.simulation.run(limit: .seconds(5)) { _ in
            town.relay?.counters.members == town.peers.count && town.isWhole
        }
        #expect(back != nil, "seed \(seed)")
        try chatter(3)
        try town.simulation.run(for: .seconds(5))
        for host in town.peers {
            let texts = town.lobby(host)
            #expect(texts.sorted() == said.sorted(), "seed \(seed), \(host)")
            #expect(Set(texts).count == texts.count, "seed \(seed), \(host)")
        }
    }

    @Test("lines typed before the relay is up are sent once it is, and old lines are history to a newcomer")
    func timeout() throws {
        let residents = ["ana", "ben"].map { RelayTown.Resident(name: $0, lan: LANID(0), isAlone: true) }
        let town = try RelayTown(seed: 4, residents)
        try town.simulation.run(for: .zero)
        town.simulation.perform(.crash(RelayTown.hub))
        try town.simulation.run(for: .seconds(2))
        // For a peer alone with a relay, the relay's lobby is the default room.
        town.say(ana, "anybody?", room: nil)
        try town.simulation.run(for: .seconds(3))
        #expect(town.relayEvents(ana).map(\.state).contains(.disconnected))
        town.simulation.perform(.restart(RelayTown.hub))
        try #require(try town.simulation.run(limit: .seconds(40)) { _ in town.isWhole } != nil)
        try town.simulation.run(for: .seconds(2))
        #expect(town.lobby(ben) == ["anybody?"])
        #expect(town.lobby(ana) == ["anybody?"])
    }

    @Test("a private message typed while the relay or the recipient is absent arrives when both are present")
    func privateWhileAway() throws {
        let town = try RelayTown.two(seed: 6)
        town.simulation.perform(.crash(RelayTown.hub))
        try town.simulation.run(for: .seconds(1))
        town.simulation.command(ana, .tell(to: "cem@hub", text: "one", kind: .text))
        town.simulation.perform(.restart(RelayTown.hub))
        try #require(try town.simulation.run(limit: .seconds(10)) { _ in town.isWhole } != nil)
        try town.simulation.run(for: .seconds(1))
        #expect(town.texts(cem, in: .conversation(with: "ana")) == ["one"])
        town.simulation.perform(.crash(cem))
        try town.simulation.run(for: .seconds(2))
        town.simulation.command(ana, .tell(to: "cem@hub", text: "two", kind: .text))
        try town.simulation.run(for: .seconds(5))
        town.simulation.perform(.restart(cem))
        try town.simulation.run(for: .seconds(5))
        #expect(town.texts(cem, in: .conversation(with: "ana")) == ["two"])
        #expect(town.failures(ana).isEmpty)
    }

    @Test("a newcomer is shown the latest messages, once and without gaps, and its own messages are kept")
    func newcomer() throws {
        let residents: [RelayTown.Resident] = [
            .init(name: "ana", lan: LANID(0), isAlone: true),
            .init(name: "ben", lan: LANID(0), isAlone: true, startsAfter: .seconds(10)),
        ]
        let town = try RelayTown(seed: 9, residents) { $0.newcomerHistoryCount = 20 }
        try town.simulation.run(for: .seconds(2))
        for number in 0..<50 {
            town.say(ana, "\(number)")
            try town.simulation.run(for: .milliseconds(100))
        }
        try town.simulation.run(for: .seconds(6))
        town.say(ben, "hello")
        try town.simulation.run(for: .seconds(3))
        let messages = town.simulation.recorder.messages(of: ben)
        #expect(messages.map(\.text) == (30..<50).map(String.init) + ["hello"])
        #expect(messages.dropLast().allSatisfy { $0.isHistory && !$0.hasGap })
        #expect(town.lobby(ana).last == "hello")
    }

    @Test("a message typed in the room of a peer that quit is never read by another with its name", arguments: 1...3)
    func namesakes(seed: UInt64) throws {
        let (opa, first, second) = (HostID(1), HostID(2), HostID(3))
        let residents: [RelayTown.Resident] = [
            .init(name: "opa", lan: LANID(0), isAlone: true), .init(name: "cy", lan: LANID(1), isAlone: true),
            .init(name: "cy", lan: LANID(1), isAlone: true, startsAfter: .seconds(6)),
        ]
        let town = try RelayTown(seed: seed, residents)
        try town.simulation.run(for: .seconds(3))
        town.simulation.command(opa, .converse(with: "cy@hub"))
        let key = "\(town.id(first))"
        town.simulation.command(opa, .tell(to: key, text: "one", kind: .text))
        try town.simulation.run(for: .seconds(1))
        #expect(town.texts(first, in: .conversation(with: "opa")) == ["one"], "seed \(seed)")
        town.simulation.command(first, .quit(afterReceipts: false))
        try town.simulation.run(for: .seconds(5))
        #expect(Array(town.members(seenBy: opa).values) == ["cy"], "seed \(seed)")
        town.simulation.command(opa, .tell(to: key, text: "two", kind: .text))
        town.simulation.command(opa, .tell(to: "cy", text: "whom?", kind: .text))
        try town.simulation.run(for: .seconds(3))
        #expect(town.failures(opa).map(\.code) == [.ambiguous], "seed \(seed)")
        #expect(town.texts(second, in: .conversation(with: "opa")).isEmpty, "seed \(seed)")
        town.simulation.perform(.restart(first))
        try town.simulation.run(for: .seconds(5))
        #expect(town.texts(first, in: .conversation(with: "opa")) == ["two"], "seed \(seed)")
        let last = town.simulation.recorder.events[opa.number].compactMap { recorded in
            if case .conversation(let conversation) = recorded.event { conversation.name } else { nil }
        }.last
        #expect(last == "cy-2", "seed \(seed)")
        #expect(town.texts(second, in: .conversation(with: "opa")).isEmpty, "seed \(seed)")
    }

    @Test("a refused peer without other peers exits with status 4; with a LAN it continues")
    func refused() throws {
        let check = PasswordCheck(tag: [1]) { $0 == Array("secret".utf8) }
        let residents: [RelayTown.Resident] = [
            .init(name: "ana", lan: LANID(0), isAlone: true, password: "secret"),
            .init(name: "ben", lan: LANID(0), isAlone: true, password: "guess"),
            .init(name: "cem", lan: LANID(0), password: nil),
        ]
        let town = try RelayTown(seed: 5, residents) { $0.roomPassword = check }
        try town.simulation.run(for: .seconds(3))
        #expect(town.relayEvents(ana).map(\.state) == [.connected])
        #expect(town.simulation.recorder.exits[ana.number] == nil)
        #expect(town.relayEvents(ben).map(\.state) == [.refused])
        #expect(town.relayEvents(ben).first?.reason?.contains("password") == true)
        #expect(town.simulation.recorder.exits[ben.number] == .refused)
        #expect(town.relayEvents(cem).map(\.state) == [.refused])
        #expect(town.simulation.recorder.exits[cem.number] == nil)
        #expect(town.simulation.recorder.name(of: cem) == "cem")
    }
}
