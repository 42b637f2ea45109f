import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The texts of a muted member reach no member except those it writes to in private. All its texts here contain "loud".
@Suite("Muted members of a relay")
struct MutedMemberTests {
    private let bob = Example.authors[1]

    private func rig() throws -> (RelayRig, op: TestMember, bob: TestMember) {
        let rig = try RelayRig { $0.operators = [Example.authors[0].peerID] }
        let op = rig.join("op", as: Example.authors[0])
        let member = rig.join("bob", as: bob)
        return (rig, op, member)
    }

    private func isLoud(_ member: TestMember) -> Bool { member.frames.contains { "\($0)".contains("loud") } }

    @Test("a muted member's away reason and new name are not passed on, its old reason is hidden, and it is told so")
    func awayAndName() throws {
        let (rig, op, bob) = try rig()
        rig.say([.away("loud from before")], bob)
        #expect(isLoud(op))
        #expect(rig.moderate(op, .mute, "bob", "enough")?.outcome == .done)
        let newcomer = rig.join("nea")
        let before = op.frames.count
        #expect(newcomer.roster[bob.id]?.away == "" && op.roster[bob.id]?.away == "")
        for word in [nil, "loud", "loud again"] as [String?] { rig.say([.away(word)], bob) }
        #expect(bob.notices.suffix(3).allSatisfy { $0.hasPrefix("you are muted here: nobody is told") })
        #expect(rig.moderate(bob, .rename, "loud")?.outcome == .notAllowed)
        #expect(bob.answers.last?.text.contains("you are muted here") == true)
        #expect(op.frames.count == before)
        #expect(!isLoud(newcomer) && newcomer.names == ["bob", "nea", "op"])
        // After the mute its current state is shown.
        #expect(rig.moderate(op, .unmute, "bob")?.outcome == .done)
        #expect(newcomer.roster[bob.id]?.away == "loud again")
        #expect(rig.moderate(bob, .rename, "rob")?.outcome == .done)
        #expect(newcomer.roster[bob.id]?.name == "rob")
    }

    @Test(
        "rejoining under another name, a second link or a restart of the relay does not get round a mute")
    func comingInAgain() throws {
        let (rig, op, first) = try rig()
        _ = rig.moderate(op, .mute, "bob", "enough")
        rig.say([.goodbye(.leaving)], first)
        let second = rig.join("loud", as: bob)
        #expect(second.welcome?.name == "bob")
        #expect(second.notices.last == "you are muted here: you keep the name bob until you may speak again")
        let third = rig.join("loud2", as: bob)
        #expect(third.welcome?.name == "bob" && !isLoud(op))
        rig.say([.goodbye(.leaving)], third)
        let refused = rig.join("loud3", isStrict: true, as: bob)
        #expect(refused.refusal?.code == .nameTaken)
        // Another member has the name by now.
        let other = rig.join("bob")
        #expect(rig.join("loud4", as: bob).welcome?.name == "bob-2")
        #expect(other.names == ["bob", "bob-2", "op"])
        try rig.restart()
        let again = rig.join("op", as: Example.authors[0])
        #expect(rig.join("loud5", as: bob).welcome?.name == "bob-2")
        #expect(!isLoud(again))
    }

    @Test("a mute stored by an earlier version without a name gives the key its placeholder name")
    func olderMute() throws {
        let (rig, _, first) = try rig()
        var writer = CBORWriter()
        writer.array(count: 3)
        writer.identifier(bob.peerID)
        writer.null()
        writer.bytes([])
        rig.say([.goodbye(.leaving)], first)
        try rig.archive.setSetting("relay mute 0", to: writer.bytes)
        try rig.archive.setSetting("relay mute count", to: [0, 0, 0, 1])
        try rig.restart()
        #expect(rig.join("loud", as: bob).welcome?.name == bob.peerID.placeholderName)
    }

    @Test("guests see nothing of a muted member, and a muted guest is told that it is muted")
    func guests() throws {
        let (rig, op, bob) = try rig()
        func guest(_ number: UInt64, _ name: String) -> LinkID {
            let link = LinkID(number: LinkID.firstGuest + number)
            rig.guests[link] = ([], false)
            rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0A00_0010), port: 40_001)))
            rig.tell(.linkBytesReceived(link, Array("\(name)\n".utf8)))
            return link
        }
        func text(_ link: LinkID) -> String { String(decoding: rig.guests[link]?.received ?? [], as: UTF8.self) }
        let (gus, hal) = (guest(0, "gus"), guest(1, "hal"))
        _ = rig.moderate(op, .mute, "bob")
        _ = rig.moderate(op, .mute, "hal", "enough")
        rig.say([.away("loud")], bob)
        _ = rig.moderate(bob, .rename, "loud")
        rig.say("loud", bob)
        rig.say([.goodbye(.leaving)], bob)
        rig.join("loud", as: self.bob)
        for line in ["/nick loud", "loud", "/me is loud"] { rig.tell(.linkBytesReceived(hal, Array("\(line)\n".utf8))) }
        #expect(!text(gus).contains("loud"))
        #expect(text(hal).contains("* you are muted here: you keep your name"))
        #expect(text(hal).contains("* not said: you are muted"))
    }

    @Test("a mute does not apply to an operator, and a member that is not muted cannot be unmuted")
    func operators() throws {
        let (rig, op, bob) = try rig()
        #expect(rig.moderate(op, .unmute, "bob")?.outcome == .badRequest)
        _ = rig.moderate(op, .mute, "bob")
        rig.configuration.operators = [Example.authors[0].peerID, bob.id]
        rig.relay.configure(rig.configuration)
        rig.say([.away("at tea")], bob)
        #expect(op.roster[bob.id]?.away == "at tea")
    }
}
