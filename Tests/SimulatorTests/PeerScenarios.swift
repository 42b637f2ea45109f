import CoreModel
import Links
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import TestKit
import Testing
import Wire

@Suite("Peers on a virtual LAN")
struct PeerScenarios {
    private func timeToSeeAll(_ count: Int, seed: UInt64, loss: Double) throws -> Duration? {
        let town = try Town(seed: seed, names: Town.names(count), conditions: Conditions(loss: loss))
        town.addAll(within: .milliseconds(100))
        return try town.simulation.run(limit: .seconds(30)) { _ in town.isWhole() }
    }

    @Test(
        "two and eight peers see each other within 2 s, or within 5 s if a fifth of all datagrams is lost",
        arguments: 1...10)
    func fullView(seed: UInt64) throws {
        for count in [2, 8] {
            let good = try #require(try timeToSeeAll(count, seed: seed, loss: 0))
            #expect(good < .seconds(2), "seed \(seed), \(count) peers: \(good)")
            let lossy = try #require(try timeToSeeAll(count, seed: seed, loss: 0.2))
            #expect(lossy < .seconds(5), "seed \(seed), \(count) peers with loss: \(lossy)")
        }
    }

    @Test("fifty peers that start together see each other within 10 s")
    func manyPeers() throws {
        let time = try #require(try timeToSeeAll(50, seed: 1, loss: 0))
        #expect(time < .seconds(10), "\(time)")
    }

    @Test("if several peers want one name simultaneously, one gets it and the others take the next", arguments: 1...10)
    func sameName(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: ["ana", "ana", "ana"])
        let names = town.simulation.hosts.compactMap { town.simulation.recorder.name(of: $0) }
        #expect(names.sorted() == ["ana", "ana-2", "ana-3"], "seed \(seed)")
    }

    @Test("both sides are notified of two names that look alike, in either order of arrival", arguments: 1...5)
    func lookalikes(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: ["оса", "oca", "eve"])
        for (host, other, name) in [(HostID(0), HostID(1), "oca"), (HostID(1), HostID(0), "оса")] {
            let told = town.simulation.recorder.events[host.number].contains { recorded in
                guard case .peer(let change) = recorded.event, change.peer.id == town.peerID(other) else {
                    return false
                }
                return change.state == .joined && change.peer.name == name
                    && change.remark?.hasSuffix(", your own name, but is somebody else") == true
            }
            #expect(told, "seed \(seed), \(host)")
        }
        let third = town.simulation.recorder.events[2].compactMap { recorded in
            if case .peer(let change) = recorded.event { change.remark } else { nil }
        }
        #expect(third.count == 1 && third[0].hasSuffix(", who is somebody else"), "seed \(seed): \(third)")
    }

    @Test("if each half of a network has an ana, one wins and all agree within 2 s of contact", arguments: 1...10)
    func healedPartition(seed: UInt64) throws {
        let town = try Town(seed: seed, names: ["ana", "bea", "ana", "eve"])
        let (left, right) = ([HostID(0), HostID(1)], [HostID(2), HostID(3)])
        town.addAll(within: .milliseconds(200))
        try town.simulation.run(for: .zero)
        town.simulation.perform(.partition(left, oneWay: false))
        let apart = try town.simulation.run(limit: .seconds(10)) { _ in town.isWhole(left) && town.isWhole(right) }
        try #require(apart != nil)
        #expect(town.simulation.recorder.name(of: HostID(0)) == town.simulation.recorder.name(of: HostID(2)))
        town.simulation.perform(.healAll)
        let contact = try town.simulation.run(limit: .seconds(60)) { simulation in
            simulation.hosts.contains { simulation.recorder.people(of: $0).count > 1 }
        }
        try #require(contact != nil, "seed \(seed): no contact")
        let agreed = try town.simulation.run(limit: .seconds(10)) { _ in town.isWhole() }
        let time = try #require(agreed, "seed \(seed): \(town.whoIsMissing())")
        #expect(time < .seconds(2), "seed \(seed): \(time)")
    }

    @Test(
        "a clean quit is seen within 0.5 s, a crash within 2 s, a pulled cable within 10 s, each once", arguments: 1...5
    )
    func leaving(seed: UInt64) throws {
        let cases: [(Duration, (Simulation<Peer>) -> Void)] = [
            (.milliseconds(500), { $0.command(HostID(0), .quit(afterReceipts: false)) }),
            (.seconds(2), { $0.perform(.crash(HostID(0))) }),
            (.seconds(10), { $0.perform(.unplug(HostID(0))) }),
        ]
        for (number, (limit, leave)) in cases.enumerated() {
            let town = try Town.settled(seed: seed, names: Town.names(4))
            try town.simulation.run(for: .seconds(20))
            let start = town.simulation.now
            leave(town.simulation)
            try town.simulation.run(for: .seconds(60))
            for host in town.simulation.hosts.dropFirst() {
                let departures = town.departures(of: HostID(0), seenBy: host)
                #expect(departures.count == 1, "seed \(seed), case \(number), \(host): \(departures.count) times")
                #expect(departures.allSatisfy { $0 - start <= limit }, "seed \(seed), case \(number), \(host)")
            }
        }
    }

    @Test("a peer whose address changes is back in the chat within 5 s", arguments: 1...5)
    func addressChange(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: Town.names(4))
        try town.simulation.run(for: .seconds(20))
        town.simulation.perform(.changeAddress(HostID(0)))
        town.simulation.command(HostID(0), .say(text: "here again", kind: .text, room: nil))
        let time = try town.simulation.run(limit: .seconds(5)) { _ in
            town.isWhole() && town.simulation.hosts.allSatisfy { town.texts($0).contains("here again") }
        }
        #expect(time != nil, "seed \(seed): \(town.whoIsMissing())")
    }

    @Test("a lobby message is shown once everywhere, and never after its answer", arguments: 1...5)
    func lobby(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: Town.names(8), conditions: Conditions(loss: 0.1))
        for number in 0..<40 {
            let host = HostID(number * 5 % 8)
            town.simulation.command(host, .say(text: "\(number)", kind: .text, room: nil))
            try town.simulation.run(for: .milliseconds(number % 4 == 0 ? 1 : 100))
        }
        try town.simulation.run(for: .seconds(10))
        for host in town.simulation.hosts {
            let messages = town.simulation.recorder.messages(of: host)
            #expect(messages.map(\.text).sorted() == (0..<40).map(String.init).sorted(), "seed \(seed), \(host)")
            #expect(messages.allSatisfy { !$0.hasGap }, "seed \(seed), \(host)")
            // Every peer shows the messages that an author had seen before the author's own later ones.
            let author = messages.first { !$0.isOwn }?.fromID
            let own = messages.filter { $0.fromID == author }.map(\.lamport)
            #expect(own == own.sorted(), "seed \(seed), \(host)")
        }
    }

    @Test("a private message is shown only to its recipient, and its receipt comes back")
    func privateMessage() throws {
        let town = try Town.settled(seed: 3, names: Town.names(5))
        town.simulation.command(HostID(1), .tell(to: "peer4", text: "for you", kind: .text))
        try town.simulation.run(for: .seconds(5))
        for host in town.simulation.hosts {
            let seen = town.simulation.recorder.messages(of: host).filter { $0.text == "for you" && !$0.isOwn }
            #expect(seen.count == (host == HostID(4) ? 1 : 0), "\(host)")
            #expect(seen.allSatisfy { $0.isPrivate })
        }
        let isDelivered = town.simulation.recorder.events[1].contains { recorded in
            if case .delivery(_, _, .delivered) = recorded.event { true } else { false }
        }
        #expect(isDelivered)
    }

    @Test("twenty settled peers announce themselves with less than 2 kB/s in total")
    func beaconBudget() throws {
        let town = try Town.settled(seed: 1, names: Town.names(20))
        try town.simulation.run(for: .seconds(30))
        let before = town.simulation.recorder.total.datagramBytes
        try town.simulation.run(for: .seconds(120))
        let bytes = town.simulation.recorder.total.datagramBytes - before
        #expect(bytes > 0)
        #expect(bytes < 120 * 2_000, "\(bytes / 120) bytes a second")
    }

    @Test("random, mutated and replayed datagrams change nothing", arguments: 1...3)
    func hostileDatagrams(seed: UInt64) throws {
        let town = try Town.settled(seed: seed, names: Town.names(3))
        try town.simulation.run(for: .seconds(10))
        let changes = town.simulation.hosts.map { town.simulation.recorder.peerChanges(of: $0).count }
        var random = SeededGenerator(seed: seed)
        let forged = Announcement(
            kind: .goodbye, peer: town.peerID(HostID(1)), instance: 1, sequence: .max >> 11, name: "peer1",
            claimTime: 1, linkPort: 47474
        ).encoded()
        for number in 0..<2_000 {
            let bytes: [UInt8]
            if number % 2 == 0 {
                bytes = random.bytes(Int.random(in: 0...600, using: &random))
            } else {
                bytes = forged + random.bytes(64)
            }
            town.simulation.inject(datagram: bytes, to: HostID(0))
            try town.simulation.run(for: .milliseconds(5))
        }
        try town.simulation.run(for: .seconds(10))
        #expect(town.isWhole())
        #expect(changes == town.simulation.hosts.map { town.simulation.recorder.peerChanges(of: $0).count })
    }

    @Test("equal seeds give equal histories of real peers, to the byte")
    func determinism() throws {
        func fingerprint(_ seed: UInt64) throws -> UInt64 {
            let town = try Town.settled(seed: seed, names: Town.names(4), conditions: Conditions(loss: 0.1))
            town.simulation.command(HostID(2), .say(text: "hello", kind: .text, room: nil))
            try town.simulation.run(for: .seconds(30))
            return town.simulation.recorder.fingerprint
        }
        let (one, again, other) = try (fingerprint(5), fingerprint(5), fingerprint(6))
        #expect(one == again)
        #expect(one != other)
    }
}
