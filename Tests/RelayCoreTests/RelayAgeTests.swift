import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A relay with a wrong clock.
@Suite struct RelayAgeTests {
    private static let day: UInt64 = 86_400_000

    private func rig() throws -> (RelayRig, op: TestMember) {
        let rig = try RelayRig {
            $0.operatorPassword = RelayRig.isRight("secret")
            $0.historyAge = .seconds(30 * 86_400)
        }
        let op = rig.join("op")
        #expect(rig.moderate(op, .op, "", "secret")?.outcome == .done)
        return (rig, op)
    }

    @Test("a relay whose clock is 200 days ahead warns and drops nothing, and counts on once the clock is corrected")
    func history() throws {
        let (rig, op) = try rig()
        for number in 1...3 { rig.say("line \(number)", op) }
        rig.wait(.seconds(120))
        rig.wall += 200 * Self.day
        rig.notes = []
        try rig.restart()
        rig.wait(.seconds(600))
        #expect(rig.relay.counters.entriesKept == 3)
        #expect(rig.notes.contains { $0.level == .warning && $0.text.contains("200 days") })
        rig.wall -= 200 * Self.day
        try rig.restart()
        rig.wait(.seconds(600))
        #expect(rig.relay.counters.entriesKept == 3)
        rig.run(days: 29)
        #expect(rig.relay.counters.entriesKept == 3)
        rig.run(days: 2)
        #expect(rig.relay.counters.entriesKept == 0)
    }

    @Test("a clock jump while the relay runs ages no entry, even if it lasts")
    func jump() throws {
        let (rig, op) = try rig()
        rig.say("line", op)
        rig.wait(.seconds(120))
        rig.wall += 200 * Self.day
        rig.run(days: 28)
        #expect(rig.relay.counters.entriesKept == 1)
        rig.run(days: 3)
        #expect(rig.relay.counters.entriesKept == 0)
    }

    @Test("a relay that was off for half a year drops old entries after a week of running")
    func absence() throws {
        let (rig, op) = try rig()
        rig.say("line", op)
        rig.wait(.seconds(3_600))
        rig.wall += 180 * Self.day
        try rig.restart()
        rig.run(days: 6)
        #expect(rig.relay.counters.entriesKept == 1)
        rig.run(days: 2)
        #expect(rig.relay.counters.entriesKept == 0)
    }

    @Test("entries of a member whose clock is in 1970 are kept as long as all others")
    func memberBehind() throws {
        let (rig, op) = try rig()
        let entry = Entry(
            room: rig.relay.lobby.room, author: op.id, lamport: 1, wallTime: 5, parents: [], kind: .text, body: "old")
        rig.say([.entries([SignedEntry(signing: entry, by: op.identity).bytes])], op)
        rig.run(days: 28)
        #expect(rig.relay.counters.entriesKept == 1)
        rig.run(days: 4)
        #expect(rig.relay.counters.entriesKept == 0)
    }

    @Test("an age limit that is set later applies to earlier entries")
    func laterLimit() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        rig.say("line", ana)
        rig.run(days: 40)
        #expect(rig.relay.counters.entriesKept == 1)
        rig.configuration.historyAge = .seconds(30 * 86_400)
        try rig.restart()
        rig.wait(.seconds(1))
        #expect(rig.relay.counters.entriesKept == 0)
    }

    @Test("a clock 200 days ahead lifts no ban or mute, and each ends on time once the clock is corrected")
    func bans() throws {
        let (rig, op) = try rig()
        let (eve, bob) = (rig.join("eve"), rig.join("bob", from: 0x0A00_0002))
        #expect(rig.moderate(op, .ban, "eve", "spam", for: 3_600)?.outcome == .done)
        #expect(rig.moderate(op, .mute, "bob", "", for: 3_600)?.outcome == .done)
        rig.wall += 200 * Self.day
        try rig.restart()
        rig.wait(.seconds(600))
        let refused = rig.join("eve", as: eve.identity)
        #expect(refused.refusal?.code == .banned)
        #expect(refused.refusal?.retryAfter.map { (2_900...3_001).contains($0) } == true)
        let muted = rig.join("bob", as: bob.identity, from: 0x0A00_0002)
        rig.say("hear me", muted)
        #expect(muted.declined == [.muted])
        // Ends are shown in the time of the clock that people see.
        let op2 = rig.join("op", as: op.identity)
        let shown = rig.moderate(op2, .bans)?.bans.first?.until ?? 0
        #expect(shown > rig.wall && shown - rig.wall <= 3_000_000)
        rig.wall -= 200 * Self.day
        try rig.restart()
        #expect(rig.join("eve", as: eve.identity).refusal?.code == .banned)
        // The relay was killed, which loses at most ten minutes of counted time.
        rig.wait(.seconds(3_000 + 601))
        #expect(rig.join("eve", as: eve.identity).welcome != nil)
        let later = rig.join("bob", as: bob.identity, from: 0x0A00_0002)
        rig.say("now", later)
        #expect(later.declined.isEmpty)
    }

    @Test("a clock set back prolongs no ban, and a ban imposed meanwhile ends on time")
    func banBehind() throws {
        let (rig, op) = try rig()
        let (eve, bob) = (rig.join("eve"), rig.join("bob", from: 0x0A00_0002))
        #expect(rig.moderate(op, .ban, "eve", "spam", for: 3_600)?.outcome == .done)
        rig.wall -= 200 * Self.day
        rig.wait(.seconds(60))
        #expect(rig.moderate(op, .ban, "bob", "spam", for: 3_600)?.outcome == .done)
        rig.wait(.seconds(3_600))
        #expect(rig.join("eve", as: eve.identity).welcome != nil)
        #expect(rig.relay.moderation.bans.isEmpty)
        _ = bob
    }

    @Test("a ban keeps its remaining time if the clock was ahead at the first start and is corrected permanently")
    func banAfterFirstStartAhead() throws {
        let rig = try RelayRig { $0.operatorPassword = RelayRig.isRight("secret") }
        let op = rig.join("op")
        #expect(rig.moderate(op, .op, "", "secret")?.outcome == .done)
        rig.join("eve")
        // The clock was ahead at the relay's first start.
        rig.wall -= 200 * Self.day
        rig.run(days: 6)
        #expect(rig.moderate(rig.join("op", as: op.identity), .ban, "eve*", "spam", for: 10 * 86_400)?.outcome == .done)
        rig.run(days: 2)
        #expect(rig.relay.clock.state.departure == nil)
        try rig.restart()
        rig.run(days: 7)
        #expect(rig.join("eve").refusal?.code == .banned)
        rig.run(days: 1)
        rig.wait(.seconds(700))
        #expect(rig.join("eve").welcome != nil)
    }

    @Test("a ban survives a first start in 1970 whose clock is corrected while the relay runs")
    func banAfterFirstStartBehind() throws {
        let rig = try RelayRig { $0.operatorPassword = RelayRig.isRight("secret") }
        rig.wall = 5_000
        try rig.restart()
        let op = rig.join("op")
        #expect(rig.moderate(op, .op, "", "secret")?.outcome == .done)
        #expect(rig.moderate(op, .ban, "eve*", "spam", for: 30 * 86_400)?.outcome == .done)
        rig.wall = 1_800_000_000_000
        rig.run(days: 29)
        #expect(rig.join("eve").refusal?.code == .banned)
        rig.run(days: 2)
        #expect(rig.join("eve").welcome != nil)
    }
}
