import Foundation
import TestKit
import Testing

/// Real processes on this machine, which find each other over loopback or any network there is. They run one after the
/// other: otherwise peers of different tests would find each other.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct LoopbackTests {
    let place: TemporaryDirectory
    /// A machine of its own, isolated from any other earshot on this one; nil where that is not possible.
    let machine: Lan?

    init() throws {
        place = try TemporaryDirectory()
        machine = Lan.obstacle == nil ? try Lan(1) : nil
    }

    private func start(_ name: String, _ arguments: [String] = []) throws -> EarshotProcess {
        try EarshotProcess(
            name, state: place.path(of: UUID().uuidString), namespace: machine?.hosts[0], arguments: arguments)
    }

    @Test("two on one machine see each other, settle their names, and talk")
    func twoTalk() throws {
        let ana = try start("ana")
        _ = try ana.waitUntilReady()
        let bea = try start("bea")
        measured("first peer seen", try bea.joined("ana").time - bea.startedAt)
        measured("name settled", try bea.waitUntilReady().time - bea.startedAt)
        _ = try ana.joined("bea")
        try ana.say("hello")
        let heard = try bea.message("hello")
        #expect(heard["from"] == "ana" && heard["room"] == "lobby" && heard.fields["private"] as? Bool == false)
        try bea.send(["do": "tell", "to": "ana", "text": "psst", "ref": 7])
        let whisper = try ana.message("psst")
        #expect(whisper["room"] == "@bea" && whisper.fields["private"] as? Bool == true)
        let delivery = try bea.first("the receipt") { $0["event"] == "delivery" && $0["state"] == "delivered" }
        #expect(delivery.fields["ref"] as? Int == 7)
        try ana.endInput()
        #expect(try ana.exitStatus() == 0)
        _ = try bea.first("ana leaving") { $0["state"] == "left" && $0["name"] == "ana" }
    }

    @Test("the second of a name becomes NAME-2 and is notified; --strict-name exits with status 3")
    func namesAreUnique() throws {
        let first = try start("ana")
        _ = try first.waitUntilReady()
        let second = try start("ana")
        let lost = try second.first("the loss of its name") { $0["event"] == "name" && $0["state"] == "lost" }
        #expect(lost["name"] == "ana-2" && lost["wanted"] == "ana")
        #expect(try second.waitUntilReady()["name"] == "ana-2")
        _ = try first.joined("ana-2")
        let third = try start("Ana", ["--strict-name"])
        #expect(try third.exitStatus() == 3)
        #expect(!first.events.contains { $0["name"] == "Ana" })
    }

    @Test("an invalid name exits with status 2; of two similar names each is warned of the other")
    func lookalikes() throws {
        for name in ["аna", "lobby", "*", "\u{2800}"] { #expect(try start(name).exitStatus() == 2) }
        let first = try start("oca")
        _ = try first.waitUntilReady()
        let second = try start("оса")
        let remark = "oca looks like оса, your own name, but is somebody else"
        _ = try second.first("the remark on oca") { $0["event"] == "peer" && $0["remark"] == remark }
        let own = "оса looks like oca, who is somebody else"
        _ = try second.first("the remark on its own name") { $0["event"] == "name" && $0["remark"] == own }
        _ = try first.first("the remark on оса") { $0["event"] == "peer" && $0["name"] == "оса" && $0["remark"] != nil }
        try second.send(["do": "nick", "name": "оcа", "ref": 3])
        let refused = try second.first("the refusal") { $0["event"] == "error" && $0.fields["ref"] as? Int == 3 }
        #expect(refused["code"] == "bad-name" && refused["text"]?.contains("mix Latin and Cyrillic") == true)
    }

    @Test("a killed peer is reported to have left once, within two seconds")
    func killedPeerLeaves() throws {
        let ana = try start("ana")
        let bea = try start("bea")
        _ = try ana.joined("bea")
        _ = try ana.waitUntilReady()
        let killedAt = EarshotProcess.uptime()
        bea.signal(SIGKILL)
        let left = try ana.first("bea leaving") { $0["state"] == "left" }
        measured("kill -9 seen", left.time - killedAt)
        ana.signal(SIGTERM)
        #expect(try ana.exitStatus() == 0)
        #expect(ana.events.filter { $0["state"] == "left" }.count == 1)
    }

    @Test("a script whose input has ended still sends all of it, in order, and waits for receipts")
    func scriptSaysAll() throws {
        let ana = try start("ana")
        _ = try ana.waitUntilReady()
        let bot = try start("bot")
        for number in 1...200 { try bot.say("line \(number)") }
        try bot.send(["do": "tell", "to": "ana", "text": "done"])
        try bot.endInput()
        #expect(try bot.exitStatus(within: 15) == 0)
        _ = try ana.message("line 200")
        let heard = ana.events.filter { $0["event"] == "message" && $0["from"] == "bot" }
        #expect(heard.compactMap { $0["text"] }.filter { $0.hasPrefix("line") } == (1...200).map { "line \($0)" })
        #expect(bot.events.contains { $0["event"] == "delivery" && $0["state"] == "delivered" })
    }

    @Test("an invalid command is rejected with a helpful text, and the next command works")
    func errorsHelp() throws {
        let ana = try start("ana")
        _ = try ana.waitUntilReady()
        let long = String(repeating: "x", count: 16 * 1024 + 1)
        let cases: [([String: Any], String)] = [
            (["do": "tell", "to": "nobody", "text": "hi"], "no-such-peer"),
            (["do": "say", "text": long], "too-long"),
            (["do": "nick", "name": "a b"], "bad-name"),
            (["do": "fly"], "bad-command"),
            (["do": "kick", "name": "bea"], "not-allowed"),
        ]
        for (command, code) in cases {
            let before = ana.events.count
            try ana.send(command)
            let error = try ana.first(after: before, "error \(code)") { $0["event"] == "error" }
            #expect(error["code"] == code)
            #expect((error["text"] ?? "").count > 10)
        }
        try ana.say("still here")
        _ = try ana.message("still here")
    }

    @Test("fifty peers on one machine all see each other")
    func fiftySeeAll() throws {
        let count = 50
        let peers = try (0..<count).map { try start("p\($0)") }
        let last = peers.map(\.startedAt).max()!
        var full = last
        for peer in peers {
            var joined: Set<String> = []
            _ = try peer.first(within: 60, "everybody") { event in
                guard event["event"] == "peer", event["state"] == "joined", let id = event["id"] else { return false }
                joined.insert(id)
                if joined.count == count - 1 { full = max(full, event.time) }
                return joined.count == count - 1
            }
        }
        measured("50 peers, full view everywhere after the last start", full - last)
        for peer in peers { _ = try peer.waitUntilReady(within: 20) }
        for number in 0..<5 { try peers[number].say("from \(number)") }
        for peer in peers {
            for number in 0..<5 { _ = try peer.message("from \(number)") }
            #expect(peer.events.filter { $0["event"] == "message" }.count == 5)
        }
    }
}
