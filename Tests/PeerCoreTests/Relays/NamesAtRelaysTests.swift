import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Names that pass to other keys at a relay")
struct NamesAtRelaysTests {
    private let cy = Example.authors[1].peerID
    private let other = Example.authors[2].peerID
    private let third = Example.authors[3].peerID
    private let remark = "not the same key as the cy of before"

    private func digits(_ peer: PeerID) -> String { String(peer.description.prefix(8)) }

    private func rig(isAlone: Bool = true, archive: MemoryArchive = MemoryArchive()) throws -> ScriptedRelay {
        let rig = try ScriptedRelay(isAlone: isAlone, archive: archive)
        rig.start()
        rig.welcome()
        rig.wait(.seconds(2))
        return rig
    }

    private func told(_ members: (PeerID, RelayMember.State, String)...) -> Frame {
        .members(
            .init(isFresh: false, changes: members.map { RelayMember(peer: $0.0, state: $0.1, name: $0.2) }))
    }

    /// The members to which a tunnel was opened.
    private func reached(_ rig: ScriptedRelay) -> Set<PeerID> {
        Set(rig.frames.compactMap { if case .tunnel(let tunnel, _) = $0 { tunnel.peer } else { nil } })
    }

    private func targets(_ rig: ScriptedRelay) -> [String] {
        rig.frames.compactMap { if case .moderate(let act) = $0 { act.target } else { nil } }
    }

    @Test("text typed in the room of cy@hub is sent to its key, even if another joins as cy and the first is now cy-2")
    func openConversation() throws {
        let rig = try rig()
        rig.say(told((cy, .here, "cy")))
        rig.command(.converse(with: "cy@hub"))
        rig.say(told((cy, .left, "cy")))
        rig.say(told((other, .here, "cy")))
        #expect(rig.changes.last?.remark == remark)
        #expect(rig.conversations.last?.remark == "cy has another key now: /room @cy to talk to this one")
        rig.command(.tell(to: "\(cy)", text: "for the first", kind: .text))
        #expect(reached(rig).isEmpty)
        #expect(rig.deliveries.map(\.id) == [cy])
        rig.say(told((cy, .here, "cy-2")))
        #expect(rig.conversations.last?.name == "cy-2")
        #expect(reached(rig) == [cy])
        rig.command(.tell(to: "cy@hub", text: "for the second", kind: .text))
        #expect(rig.notices.contains { $0.contains(remark) && $0.contains(digits(other)) && $0.contains(digits(cy)) })
        #expect(reached(rig) == [cy, other])
    }

    @Test("a name that passes to another member is pointed out: on joining, renaming, return, in a list, on a new link")
    func remarks() throws {
        let rig = try rig()
        rig.say(told((cy, .here, "cy"), (other, .here, "bo")))
        #expect(rig.remarks.isEmpty)
        rig.say(told((cy, .here, "dan"), (other, .here, "cy")))
        #expect(rig.remarks == [remark])
        rig.say(told((other, .lost, "cy")))
        rig.say(told((other, .here, "cy")))
        #expect(rig.remarks.count == 1)
        rig.say(told((other, .left, "cy"), (cy, .here, "cy")))
        #expect(rig.remarks.count == 2)
        rig.breakLink()
        rig.wait(.seconds(5))
        rig.welcome(members: [RelayMember(peer: third, state: .here, name: "cy")])
        #expect(rig.remarks.count == 3)
        // A change of more than the name is not pointed out again.
        rig.say(
            .members(.init(isFresh: false, changes: [RelayMember(peer: third, state: .here, name: "cy", away: "tea")])))
        #expect(rig.remarks.count == 3)
    }

    @Test("a peer spoken with at a relay is known there at the next start, and unknown on a LAN")
    func nextStart() throws {
        let first = try rig()
        first.say(told((cy, .here, "cy")))
        first.command(.tell(to: "cy@hub", text: "hello", kind: .text))
        let second = try rig(archive: first.archive)
        #expect(second.peer.meaning(of: "cy@hub") == .one(cy))
        #expect(second.peer.displayName(of: cy) == "cy")
        #expect(second.peer.roster.lastHolder(of: try Nickname("cy")) == nil)
        second.say(told((other, .here, "cy")))
        #expect(second.remarks == [remark])
        second.command(.tell(to: "cy@hub", text: "hello again", kind: .text))
        #expect(second.notices.contains { $0.contains(remark) })
        #expect(second.deliveries.map(\.id) == [other])
    }

    @Test("one name in two places is two people, and each form of it means one of them")
    func twoPlaces() throws {
        let archive = MemoryArchive()
        try archive.remember(
            KnownPeer(
                id: third, name: "cy", firstSeen: WallTime(milliseconds: 1), lastSeen: WallTime(milliseconds: 1),
                isBlocked: false))
        let rig = try rig(isAlone: false, archive: archive)
        rig.say(told((cy, .here, "cy")))
        // The peer that had the name on the LAN is absent, and may be meant.
        rig.command(.tell(to: "cy", text: "?", kind: .text))
        #expect(rig.failures.map(\.code) == [.ambiguous])
        #expect(rig.failures[0].text.contains("cy@hub") && rig.failures[0].text.contains("cy#\(digits(third))"))
        rig.command(.tell(to: "cy@hub", text: "!", kind: .text))
        #expect(rig.deliveries == [.init(name: "cy@hub", id: cy)])
        #expect(rig.messages.last?.room == .conversation(with: "cy@hub"))
        rig.command(.tell(to: "cy#\(digits(third))", text: "!", kind: .text))
        #expect(rig.deliveries.last?.id == third)
        #expect(rig.peer.meaning(of: "cy@den") == .noSuchPeerText)
    }

    @Test("operators' acts apply to the key that has the name here, and bans of names and their lifting stay as typed")
    func moderation() throws {
        let rig = try rig()
        rig.say(told((cy, .here, "cy"), (other, .here, "bo")))
        rig.command(.kick(name: "cy", reason: "x"))
        rig.command(.mute(name: "CY@hub", reason: "1h x"))
        rig.command(.ban(name: "bo", reason: ""))
        rig.command(.ban(name: "spam*", reason: ""))
        rig.command(.unban(name: "cy"))
        #expect(targets(rig) == ["\(cy)", "\(cy)", "\(other)", "spam*", "cy"])
        // It has left: a member that takes the name now is not removed in its place.
        rig.say(told((cy, .left, "cy")))
        rig.command(.kick(name: "cy", reason: "x"))
        rig.command(.unmute(name: "cy"))
        #expect(targets(rig).suffix(2) == ["\(cy)", "\(cy)"])
        rig.say(.moderated(.init(number: 6, outcome: .noSuchMember, text: "nobody here is called \(cy)")))
        #expect(rig.failures.last?.text == "hub: cy is not there")
        // A relay that does not keep names unique.
        rig.say(told((third, .here, "bo")))
        rig.command(.kick(name: "bo", reason: "x"))
        #expect(rig.failures.last?.code == .ambiguous)
        rig.command(.kick(name: "bo#\(digits(third))", reason: "x"))
        #expect(targets(rig).last == "\(third)")
    }

    @Test("a ban of a kept name includes its key, and a guest writes to the member that it sees under a name")
    func atTheRelay() throws {
        let rig = try RelayRig { $0.operators = [Example.authors[0].peerID] }
        let ana = rig.join("ana", as: Example.authors[0])
        let first = rig.join("cy", as: Example.authors[1], from: 0x0A00_0007)
        let guest = LinkID(number: LinkID.firstGuest)
        rig.guests[guest] = ([], false)
        rig.tell(.linkAccepted(guest, from: Endpoint(address: .v4(0x0A00_0002), port: 40_001)))
        rig.tell(.linkBytesReceived(guest, Array("gus\n".utf8)))
        func lines() -> [String] {
            defer { rig.guests[guest]?.received = [] }
            return String(decoding: rig.guests[guest]?.received ?? [], as: UTF8.self)
                .split(separator: "\r\n").map(String.init)
        }
        _ = lines()
        rig.say([.goodbye(.leaving)], first)
        let second = rig.join("cy", as: Example.authors[2], from: 0x0A00_0008)
        #expect(lines() == ["* cy left", "* cy joined (not the same key as the cy of before)"])
        rig.say([.goodbye(.leaving)], second)
        rig.join("bo", as: Example.authors[1], from: 0x0A00_0007)
        _ = rig.moderate(ana, .rename, "cy")
        #expect(lines().last == "* ana is now cy (not the same key as the cy of before)")
        // Its link broke a moment ago.
        let third = rig.join("dan", as: Example.authors[3], from: 0x0A00_0009)
        rig.close(third)
        #expect(rig.moderate(ana, .ban, "dan")?.outcome == .done)
        #expect(rig.join("eve", as: Example.authors[3], from: 0x0A00_000A).refusal?.code == .banned)
    }
}
