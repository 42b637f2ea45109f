import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Moderation of a relay")
struct RelayModerationTests {
    private func rig(_ change: (inout RelayConfiguration) -> Void = { _ in }) throws -> (RelayRig, op: TestMember) {
        let rig = try RelayRig {
            $0.operatorPassword = RelayRig.isRight("sesame")
            change(&$0)
        }
        let op = rig.join("op", from: 0x0A00_0063)
        #expect(rig.moderate(op, .op, "", "sesame")?.outcome == .done)
        return (rig, op)
    }

    @Test("the right password makes an operator, a wrong one does not, and guessing is slowed down")
    func becomingOperator() throws {
        let rig = try RelayRig { $0.operatorPassword = RelayRig.isRight("sesame") }
        let ana = rig.join("ana")
        #expect(rig.moderate(ana, .kick, "ana")?.outcome == .notAllowed)
        let answers = (0..<8).map { rig.moderate(ana, .op, "", "guess \($0)")?.outcome }
        #expect(answers[0] == .notAllowed)
        #expect(answers.suffix(4).allSatisfy { $0 == .tooFast })
        rig.wait(.seconds(20))
        #expect(rig.moderate(ana, .op, "", "sesame")?.outcome == .done)
        #expect(ana.roster[ana.id]?.traits == [.isOperator])
    }

    @Test("a key named in the configuration is an operator from the start")
    func configuredOperator() throws {
        var random = RandomStream(simulationSeed: 9)
        let identity = Identity(seed: random.bytes(32))
        let rig = try RelayRig { $0.operators = [identity.peerID] }
        #expect(rig.join("ana", as: identity).welcome?.isOperator == true)
        #expect(rig.join("ben").welcome?.isOperator == false)
    }

    @Test("a kicked member learns who removed it and why, disappears for everybody, and may return")
    func kick() throws {
        let (rig, op) = try rig()
        let bob = rig.join("bob")
        #expect(rig.moderate(op, .kick, "BOB", "be kind")?.outcome == .done)
        #expect(bob.removal == RelayRemoval(how: .kick, by: "op", reason: "be kind"))
        #expect(bob.isClosed && bob.goodbye == .refused)
        #expect(op.names == ["op"])
        #expect(
            rig.notes.contains { $0.text.contains("kick") && $0.text.contains("bob") && $0.text.contains("be kind") })
        #expect(rig.join("bob").welcome?.name == "bob")
        #expect(rig.moderate(op, .kick, "nobody")?.outcome == .noSuchMember)
    }

    @Test("a ban keeps out the key, the name and the address, and a restart does not lift it")
    func ban() throws {
        let (rig, op) = try rig()
        let bob = rig.join("bob", from: 0x0A00_0007)
        #expect(rig.moderate(op, .ban, "bob", "spam")?.outcome == .done)
        #expect(bob.removal?.how == .ban)
        for round in 0..<2 {
            #expect(rig.join("rob", as: bob.identity, from: 0x0A00_0008).refusal?.code == .banned, "key, \(round)")
            #expect(rig.join("Bob", from: 0x0A00_0009).refusal?.code == .banned, "name, \(round)")
            #expect(rig.join("eve", from: 0x0A00_0007).refusal?.code == .banned, "address, \(round)")
            let other = rig.join("eve", from: 0x0A00_000A)
            #expect(other.welcome != nil)
            rig.say([.goodbye(.leaving)], other)
            try rig.restart()
        }
        #expect(rig.join("bob").refusal?.reason.contains("spam") == true)
    }

    @Test("a ban may be a pattern and may expire, and matching members are removed immediately")
    func patternAndTime() throws {
        let (rig, op) = try rig()
        let spammers = ["spam1", "SPAM22"].map { rig.join($0) }
        let bystander = rig.join("ham")
        #expect(rig.moderate(op, .ban, "spam*", "", for: 60)?.outcome == .done)
        #expect(spammers.allSatisfy { $0.isClosed })
        #expect(!bystander.isClosed)
        #expect(rig.join("spammer").refusal?.retryAfter == 61)
        #expect(rig.join("spa").welcome != nil)
        rig.wait(.seconds(61))
        #expect(rig.join("spammer").welcome != nil)
        #expect(rig.relay.counters.bans == 0)
    }

    @Test("all bans are listed, and each can be lifted by name, key or address")
    func listingAndLifting() throws {
        let (rig, op) = try rig()
        let bob = rig.join("bob", from: 0x0A00_0007)
        _ = rig.moderate(op, .ban, "bob", "spam")
        for number in 0..<70 {
            rig.wait(.seconds(2))
            #expect(rig.moderate(op, .ban, "x\(number)")?.outcome == .done)
        }
        rig.wait(.seconds(20))
        let before = op.answers.count
        _ = rig.moderate(op, .bans)
        let listed = op.answers[before...].flatMap(\.bans)
        #expect(listed.count == 71)
        #expect(listed.first { $0.name == "bob" }?.address == "10.0.0.7")
        #expect(listed.first { $0.name == "bob" }?.by == "op")
        #expect(rig.moderate(op, .unban, "\(bob.id)")?.outcome == .done)
        #expect(rig.moderate(op, .unban, "bob")?.outcome == .noSuchMember)
        #expect(rig.join("bob", as: bob.identity, from: 0x0A00_0007).welcome != nil)
        try rig.restart()
        #expect(rig.relay.counters.bans == 70)
    }

    @Test("a ban cannot lock the last operator out")
    func operatorsStay() throws {
        let (rig, op) = try rig()
        let other = rig.join("other", from: 0x0A00_0064)
        #expect(rig.moderate(op, .ban, "op")?.outcome == .notAllowed)
        #expect(rig.moderate(op, .kick, "op")?.outcome == .notAllowed)
        #expect(rig.moderate(op, .ban, "*")?.outcome == .done)
        #expect(other.isClosed && !op.isClosed)
        #expect(rig.join("anybody", from: 0x0A00_0065).refusal?.code == .banned)
        rig.close(op)
        // Its key is enough, and if the key is lost, the password is.
        #expect(rig.join("op", as: op.identity).welcome?.isOperator == true)
        let newKey = rig.join("fresh", password: "sesame", from: 0x0A00_0066)
        #expect(newKey.welcome?.isOperator == true)
        try rig.restart()
        #expect(rig.join("op", as: op.identity).welcome?.isOperator == true)
    }

    @Test("a shared address and a loopback address are not banned")
    func sharedAddress() throws {
        let (rig, op) = try rig()
        let (bob, ana) = (rig.join("bob", from: 0x0A00_0007), rig.join("ana", from: 0x0A00_0007))
        _ = rig.moderate(op, .ban, "bob")
        #expect(bob.isClosed && !ana.isClosed)
        #expect(rig.join("dan", from: 0x0A00_0007).welcome != nil)
        let local = rig.join("local", from: 0x7F00_0001)
        _ = rig.moderate(op, .ban, "local")
        #expect(local.isClosed)
        #expect(rig.join("localtoo", from: 0x7F00_0001).welcome != nil)
    }

    @Test("a muted member is told so and is not heard, and the mute survives a restart and may expire")
    func mute() throws {
        let (rig, op) = try rig()
        let bob = rig.join("bob")
        #expect(rig.moderate(op, .mute, "bob", "calm down", for: 60)?.outcome == .done)
        #expect(bob.notices.last?.contains("calm down") == true)
        #expect(op.roster[bob.id]?.traits == [.isMuted])
        rig.say("hear me", bob)
        #expect(bob.declined == [.muted])
        #expect(op.texts.isEmpty)
        try rig.restart()
        let again = rig.join("bob", as: bob.identity)
        rig.say("still?", again)
        #expect(again.declined == [.muted])
        rig.wait(.seconds(61))
        let later = rig.join("bob", as: bob.identity)
        rig.say("now", later)
        #expect(later.declined.isEmpty)
        #expect(rig.relay.counters.entriesKept == 1)
    }

    @Test("the topic is announced, stored, and shown to members that join")
    func topic() throws {
        let (rig, op) = try rig()
        let ana = rig.join("ana")
        #expect(rig.moderate(ana, .topic, "", "mine")?.outcome == .notAllowed)
        #expect(rig.moderate(op, .topic, "", "tea")?.outcome == .done)
        #expect(ana.frames.contains(.topic("tea", by: "op")))
        try rig.restart()
        #expect(rig.join("ben").welcome?.topic == "tea")
    }

    @Test("a member may take another name if it is free and not banned")
    func rename() throws {
        let (rig, op) = try rig()
        let ana = rig.join("ana")
        rig.join("ben")
        #expect(rig.moderate(ana, .rename, "ben")?.outcome == .nameTaken)
        #expect(rig.moderate(ana, .rename, "anna")?.outcome == .done)
        #expect(op.names == ["anna", "ben", "op"])
        _ = rig.moderate(op, .ban, "root")
        #expect(rig.moderate(ana, .rename, "Root")?.outcome == .notAllowed)
        #expect(rig.moderate(ana, .rename, "a b")?.outcome == .badRequest)
        // A member's program has checked the name, perhaps by an older rule.
        #expect(rig.moderate(ana, .rename, "Lobby")?.outcome == .done)
        #expect(rig.join("bеn").welcome?.name == "bеn")
        #expect(rig.join("*").welcome?.name == "*")
        #expect(rig.join("ana").welcome?.name == "ana")
    }

    @Test("an operator by an old password loses its role when the password changes")
    func changedPassword() throws {
        let (rig, op) = try rig()
        rig.configuration.operatorPassword = RelayRig.isRight("another")
        rig.relay.configure(rig.configuration)
        #expect(rig.moderate(op, .kick, "op")?.outcome == .notAllowed)
        try rig.restart()
        #expect(rig.join("op", as: op.identity).welcome?.isOperator == false)
    }
}
