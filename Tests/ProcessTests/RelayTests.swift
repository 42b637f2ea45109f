import Foundation
import TestKit
import Testing

/// A relay and its members as processes: two LANs that only the relay connects.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct RelayTests {
    let place: TemporaryDirectory
    let net: TwoLans

    init() throws {
        place = try TemporaryDirectory()
        net = try TwoLans(hostsPerLan: 2)
    }

    private func startRelay(_ arguments: [String] = []) throws -> RelayProcess {
        try RelayProcess(
            ["--state", place.path(of: "relay"), "--name", "hub"] + arguments, namespace: net.middle)
    }

    /// Starts two peers in each LAN: ana and abe, bea and ben.
    private func startPeers() throws -> [EarshotProcess] {
        try zip(["ana", "abe", "bea", "ben"], 0...).map { name, index in
            try start(name, lan: index / 2, host: index % 2)
        }
    }

    private func start(_ name: String, lan: Int, host: Int, _ arguments: [String] = []) throws -> EarshotProcess {
        try EarshotProcess(
            name, state: place.path(of: "\(name)-\(lan)"), namespace: net.hosts[lan][host],
            arguments: ["--relay", "earshot://\(net.middleAddress(lan))"] + arguments)
    }

    private func connected(_ peer: EarshotProcess, after: Int = 0, within seconds: Double = 10) throws
        -> EarshotProcess.Event
    {
        try peer.first(after: after, within: seconds, "the relay") {
            $0["event"] == "relay" && $0["state"] == "connected"
        }
    }

    private func delivered(_ peer: EarshotProcess, ref: Int) throws {
        _ = try peer.first("the receipt of \(ref)") {
            $0["event"] == "delivery" && $0["state"] == "delivered" && $0.fields["ref"] as? Int == ref
        }
    }

    @Test("two LANs talk through a relay, also privately; messages on a LAN stay there")
    func twoLans() throws {
        let relay = try startRelay()
        _ = try relay.address()
        let capture = Capture(namespace: net.middle)
        defer { capture.close() }
        let peers = try startPeers()
        let (ana, abe, bea, ben) = (peers[0], peers[1], peers[2], peers[3])
        let last = try peers.map { try connected($0).time }.max()!
        var full = last
        for peer in peers {
            for other in peers where other !== peer { full = max(full, try peer.joined(other.name).time) }
        }
        measured("all four see all, after the last was connected", full - last)
        #expect(full - last < 1 * Sanitizer.slowness)
        for peer in peers { _ = try peer.waitUntilReady() }

        try ana.send(["do": "say", "room": "lobby@hub", "text": "to everybody"])
        for peer in peers { #expect(try peer.message("to everybody")["room"] == "lobby@hub") }
        try ana.send(["do": "tell", "to": "bea", "text": "a secret for bea", "ref": 1])
        #expect(try bea.message("a secret for bea")["room"] == "@ana")
        try delivered(ana, ref: 1)
        try bea.send(["do": "tell", "to": "ana", "text": "a secret for ana", "ref": 2])
        #expect(try ana.message("a secret for ana")["room"] == "@bea")
        try delivered(bea, ref: 2)
        try abe.say("only on our LAN")
        _ = try ana.message("only on our LAN")
        try ana.send(["do": "tell", "to": "abe", "text": "a secret next door", "ref": 3])
        _ = try abe.message("a secret next door")
        try delivered(ana, ref: 3)

        try ben.send(["do": "who"])
        let who = try ben.first("who is here") { $0["event"] == "who" }
        let roster = (who.fields["peers"] as? [[String: Any]] ?? []).map {
            ($0["name"] as? String, $0["via"] as? String)
        }
        #expect(roster.contains { $0 == ("bea", "lan") })
        #expect(roster.contains { $0 == ("ana", "relay") } && roster.contains { $0 == ("abe", "relay") })
        #expect(!ben.events.contains { $0["text"] == "only on our LAN" || $0["text"] == "a secret for bea" })

        let seen = capture.bytes()
        #expect(seen.count > 10_000)
        for text in ["a secret", "only on our LAN", "to everybody"] { #expect(!seen.contains(text), "\(text)") }
    }

    @Test("a name is unique at the relay, and unchanged on each LAN")
    func names() throws {
        let relay = try startRelay()
        _ = try relay.address()
        let first = try start("ana", lan: 0, host: 0)
        _ = try connected(first)
        let neighbour = try start("bea", lan: 1, host: 0)
        _ = try connected(neighbour)
        let second = try start("ana", lan: 1, host: 1)
        _ = try second.waitUntilReady()
        _ = try first.joined("ana-2")
        #expect(try second.waitUntilReady()["name"] == "ana")
        _ = try neighbour.joined("ana")
    }

    @Test("after a kill of the relay under load, all are back within 5 s, and nothing is lost or duplicated")
    func killed() throws {
        try Lan.run("echo sesame | '\(EarshotProcess.binary)' relay passwd --state '\(place.path(of: "relay"))'")
        let first = try startRelay()
        _ = try first.address()
        let peers = try startPeers()
        for peer in peers { _ = try connected(peer) }
        for peer in peers { _ = try peer.waitUntilReady() }
        try peers[0].send(["do": "op", "password": "sesame"])
        _ = try peers[0].first("being an operator") { $0["text"]?.contains("you are an operator") ?? false }
        try peers[0].send(["do": "topic", "text": "tea"])
        try peers[0].send(["do": "ban", "name": "eve*", "reason": "noise"])
        _ = try peers[0].first("the ban") { $0["text"]?.contains("banned for good") ?? false }

        let count = 60
        func say(_ range: Range<Int>) throws {
            for index in range {
                for peer in peers {
                    try peer.send(["do": "say", "room": "lobby@hub", "text": "\(peer.name) \(index)"])
                }
            }
        }
        try say(0..<count / 3)
        _ = try peers[3].message("ana 5")
        let marks = peers.map(\.events.count)
        let at = EarshotProcess.uptime()
        first.signal(SIGKILL)
        try say(count / 3..<2 * count / 3)
        _ = try first.exitStatus()
        let second = try startRelay()
        _ = try second.address()
        for (peer, mark) in zip(peers, marks) {
            let back = try connected(peer, after: mark, within: 10).time
            #expect(back - at < 5 * Sanitizer.slowness)
            measured("\(peer.name) is back after kill -9", back - at)
        }
        try say(2 * count / 3..<count)
        let expected = Set(peers.flatMap { peer in (0..<count).map { "\(peer.name) \($0)" } })
        for peer in peers {
            for text in expected.sorted() { _ = try peer.message(text, within: 20) }
            let texts = peer.events.filter { $0["event"] == "message" }.compactMap { $0["text"] }
            #expect(texts.count == expected.count && Set(texts) == expected)
        }
        try peers[0].send(["do": "bans"])
        let bans = try peers[0].first("the bans") { $0["event"] == "bans" }
        #expect((bans.fields["bans"] as? [[String: Any]])?.first?["name"] as? String == "eve*")
        let late = try start("late", lan: 1, host: 1)
        _ = try late.first("the topic") { $0["text"]?.contains("tea") ?? false }
        let eve = try start("eve1", lan: 1, host: 1)
        let refused = try eve.first("the refusal") { $0["event"] == "relay" && $0["state"] == "refused" }
        #expect(refused["reason"]?.contains("noise") == true)
    }

    @Test("a cable is pulled and plugged in again: lines typed meanwhile arrive, once")
    func cable() throws {
        let relay = try startRelay()
        _ = try relay.address()
        let ana = try start("ana", lan: 0, host: 0)
        let bea = try start("bea", lan: 1, host: 0)
        _ = try connected(ana)
        _ = try connected(bea)
        _ = try ana.joined("bea")
        try net.setMiddle(of: 0, up: false)
        _ = try bea.first(within: 40, "ana leaving") { $0["state"] == "left" && $0["name"] == "ana" }
        try ana.send(["do": "say", "room": "lobby@hub", "text": "typed while away"])
        try ana.send(["do": "tell", "to": "bea@hub", "text": "a secret while away", "ref": 1])
        let at = EarshotProcess.uptime()
        try net.setMiddle(of: 0, up: true)
        let heard = try bea.message("typed while away", within: 40)
        measured("typed while away, heard after the cable is back", heard.time - at)
        _ = try bea.message("a secret while away", within: 20)
        try delivered(ana, ref: 1)
        #expect(bea.events.filter { $0["text"] == "typed while away" }.count == 1)
    }
}
