import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("A relay")
struct RelayTests {
    @Test("members are welcomed, see each other, and see each message once")
    func room() throws {
        let rig = try RelayRig { $0.messageOfTheDay = "be kind" }
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        #expect(ana.welcome?.name == "ana")
        #expect(ana.welcome?.relayName == "hub")
        #expect(ben.welcome?.messageOfTheDay == "be kind")
        #expect(ana.names == ["ana", "ben"])
        #expect(ben.names == ["ana", "ben"])
        rig.say("hello", ana)
        #expect(ben.texts == ["hello"])
        #expect(ana.texts.isEmpty)
        rig.say([.goodbye(.leaving)], ben)
        #expect(ana.names == ["ana"])
        #expect(ben.isClosed)
    }

    @Test("a member that joins while away is shown as away to present and later members")
    func awayBefore() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let ben = rig.connect()
        guard case .hello(let announcement, _, _) = ben.hello(as: "ben") else { return }
        rig.say(
            [
                .hello(announcement: announcement, gathering: nil, away: "at lunch"),
                .join(RelayJoin(name: "ben", isStrict: false, password: nil, program: "test 1")),
            ], ben)
        #expect(ana.roster[ben.id]?.away == "at lunch")
        #expect(rig.join("cem").roster[ben.id]?.away == "at lunch")
        rig.say([.away(nil)], ben)
        #expect(ana.roster[ben.id]?.away == nil)
    }

    @Test("names are unique, first come, first served: the next gets a number, or is refused if it is strict")
    func names() throws {
        let rig = try RelayRig()
        let first = rig.join("Ana")
        #expect(rig.join("ana").welcome?.name == "ana-2")
        #expect(rig.join("ANA").welcome?.name == "ANA-3")
        let strict = rig.join("ana", isStrict: true)
        #expect(strict.refusal?.code == .nameTaken)
        #expect(strict.goodbye == .refused)
        #expect(strict.isClosed)
        #expect(first.names == ["ANA-3", "Ana", "ana-2"])
        _ = rig.join("a-9")
        #expect(rig.join("a-9").welcome?.name == "a-10")
        let many = (0..<40).map { _ in rig.join("ana").welcome?.name }
        #expect(Set(many).count == 40)
    }

    @Test("newcomers learn where the recent history begins")
    func history() throws {
        let rig = try RelayRig {
            $0.newcomerHistoryCount = 10
            $0.limits.messageBurst = 100
        }
        let ana = rig.join("ana")
        #expect(ana.welcome?.historyFrom == 0)
        for number in 1...10 { rig.say("\(number)", ana) }
        #expect(rig.join("ben").welcome?.historyFrom == 0)
        for number in 11...25 { rig.say("\(number)", ana) }
        #expect(rig.join("cem").welcome?.historyFrom == 16)
    }

    @Test("a name is kept for its key for 60 s after its link breaks, and is free immediately after a goodbye")
    func heldNames() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        rig.close(ana)
        rig.wait(.seconds(59))
        #expect(rig.join("ana").welcome?.name == "ana-2")
        let again = rig.join("ana", as: ana.identity)
        #expect(again.welcome?.name == "ana")
        rig.close(again)
        rig.wait(.seconds(61))
        #expect(rig.join("ana").welcome?.name == "ana")
        let ben = rig.join("ben")
        rig.say([.goodbye(.leaving)], ben)
        #expect(rig.join("ben").welcome?.name == "ben")
    }

    @Test("after a restart a name that two keys wanted is kept for its former holder for 60 s")
    func namesOverRestart() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let other = rig.join("ana")
        #expect(other.welcome?.name == "ana-2")
        try rig.restart()
        #expect(rig.join("ana", as: other.identity).welcome?.name == "ana-2")
        #expect(rig.join("ana", as: ana.identity).welcome?.name == "ana")
        rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
        try rig.restart()
        #expect(rig.join("ana", as: other.identity).welcome?.name == "ana-2")
        rig.wait(.seconds(61))
        #expect(rig.join("ana").welcome?.name == "ana")
        // A member that leaves permanently also releases its name.
        let third = rig.join("ben")
        let fourth = rig.join("ben")
        rig.say([.goodbye(.leaving)], third)
        rig.say([.goodbye(.leaving)], fourth)
        try rig.restart()
        #expect(rig.join("ben").welcome?.name == "ben")
    }
}
