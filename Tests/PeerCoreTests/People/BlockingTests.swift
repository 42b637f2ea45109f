import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// After `/block eve` nothing that eve writes is shown, by whatever route it arrives. Eve's texts here all contain "rude".
@Suite("Blocked people")
struct BlockingTests {
    private let eve = Example.authors[1]
    private let bea = Example.authors[2]
    private let own = Example.authors[0].peerID

    /// Returns whether any of these events contains a blocked peer's words.
    private func isRude(_ events: some Sequence<Event>) -> Bool { events.contains { "\($0)".contains("rude") } }

    @Test("on a LAN a blocked peer's lines, names and away reasons appear in no event, list or history")
    func onNetwork() throws {
        let rig = try PeerRig()
        let first = rig.join("eve", eve)
        rig.say([.entries([first.entry("rude once", in: .lobby, lamport: 1).bytes])], first)
        rig.command(.block("eve"))
        #expect(rig.changes.last == .init(state: .blocked, peer: rig.changes.last!.peer))
        let start = rig.events.count
        rig.say([.away("rude"), .announcement(rename(first, "rude", 2))], first)
        rig.say([.away(nil), .away("rude again"), .announcement(rename(first, "rude2", 3))], first)
        rig.say([.entries([first.entry("rude line", in: .lobby, lamport: 2).bytes])], first)
        let room = RoomID.conversation(own, eve.peerID)
        rig.say([.entries([first.entry("rude whisper", in: room, lamport: 1).bytes])], first)
        rig.say([.goodbye(.leaving)], first)
        let again = rig.join("rude3", eve)
        rig.say([.away("rude back")], again)
        rig.wait(.seconds(5))
        #expect(rig.events.count == start)
        for command: Command in [
            .who, .history(room: nil, limit: 50), .search(words: "rude", limit: 50),
            .tell(to: "eve", text: "stop", kind: .text),
            .history(room: .conversation(with: "eve"), limit: 50), .forget(.conversation(with: "eve")),
        ] { rig.command(command) }
        // The words searched for are the person's own.
        #expect(!isRude(rig.events[start...].filter { if case .found = $0 { false } else { true } }))
        #expect(rig.events.contains { if case .found(_, let messages) = $0 { messages.isEmpty } else { false } })
        let who = rig.events.compactMap { if case .who(let peers) = $0 { peers } else { nil } }.last
        #expect(who?.map(\.name) == ["eve"] && who?[0].isBlocked == true && who?[0].away == nil)
        #expect(rig.deliveries.allSatisfy { $0.name == "eve" } && !rig.deliveries.isEmpty)
    }

    private func rename(_ member: TestMember, _ name: String, _ sequence: UInt64) -> [UInt8] {
        guard case .announcement(let bytes) = member.announcement(name, sequence: sequence) else { return [] }
        return bytes
    }

    @Test("a peer unblocked by its old name is shown as it is now, and each change is announced once")
    func unblocked() throws {
        let rig = try PeerRig()
        let first = rig.join("eve", eve)
        rig.command(.block("eve"))
        rig.say([.announcement(rename(first, "evelyn", 2)), .away("tea")], first)
        rig.command(.unblock("evelyn"))
        #expect(rig.failures.last?.code == .noSuchPeer)
        rig.command(.unblock("eve"))
        #expect(rig.changes.suffix(3).map(\.state) == [.unblocked, .renamed, .away])
        #expect(rig.changes.suffix(2).allSatisfy { $0.peer.name == "evelyn" && $0.peer.away == "tea" })
        rig.command(.block("evelyn"))
        rig.say([.goodbye(.leaving)], first)
        rig.command(.unblock("evelyn"))
        #expect(rig.changes.suffix(3).map(\.state) == [.blocked, .unblocked, .left])
        rig.command(.block("evelyn"))
        rig.join("eve", eve)
        rig.command(.unblock("evelyn"))
        #expect(rig.changes.suffix(3).map(\.state) == [.blocked, .unblocked, .joined])
        #expect(rig.changes.last?.peer.name == "eve")
    }

    @Test("a peer blocked at an earlier start keeps its name from then, and another peer may use that name")
    func laterStart() throws {
        let rig = try PeerRig()
        rig.join("eve", eve)
        rig.command(.block("eve"))
        let next = try PeerRig(archive: rig.archive.copy())
        next.join("rude", eve)
        next.join("eve", bea)
        next.command(.who)
        #expect(next.changes.map(\.peer.id) == [bea.peerID])
        #expect(!isRude(next.events))
        next.command(.tell(to: "eve", text: "hello", kind: .text))
        #expect(next.deliveries.last?.id == bea.peerID)
        next.command(.unblock("eve"))
        #expect(next.changes.contains { $0.state == .unblocked && $0.peer.id == eve.peerID })
    }

    @Test("a blocked peer's lines take no place of others' in history, in search or at the start")
    func flood() throws {
        let rig = try PeerRig()
        let (first, second) = (rig.join("eve", eve), rig.join("bea", bea))
        rig.say([.entries([second.entry("tea time", in: .lobby, lamport: 1).bytes])], second)
        let flood = (2...300 as ClosedRange<UInt64>).map {
            first.entry("rude tea \($0)", in: .lobby, lamport: $0).bytes
        }
        rig.say([.entries(flood)], first)
        rig.command(.block("eve"))
        rig.command(.history(room: nil, limit: 5))
        rig.command(.search(words: "tea", limit: 5))
        #expect(rig.histories.last == ["tea time"])
        let found = rig.events.compactMap { if case .found(_, let messages) = $0 { messages.map(\.text) } else { nil } }
        #expect(found == [["tea time"]])
        #expect(
            try KeptRooms(archive: rig.archive, own: own).logs(named: "lobby").map { log in
                try KeptRooms(archive: rig.archive, own: own).messages(of: log)
            }.allSatisfy { $0.shown.map(\.text) == ["tea time"] && $0.blockedCount == 299 })
    }

    // At a relay.

    private func member(_ name: String, away: String? = nil, _ state: RelayMember.State = .here) -> RelayMember {
        RelayMember(peer: eve.peerID, state: state, name: name, away: away)
    }

    private func blockedAtRelay() throws -> ScriptedRelay {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome(members: [member("eve")])
        rig.wait(.seconds(2))
        rig.command(.block("eve"))
        return rig
    }

    @Test("at a relay a blocked peer's lines, names and away reasons stay hidden, even after a reconnection")
    func atRelay() throws {
        let rig = try blockedAtRelay()
        let start = rig.events.count
        for change in [
            member("rude"), member("rude", away: "rude"), member("rude2"), member("rude2", .left), member("rude3"),
        ] {
            rig.say(.members(.init(isFresh: false, changes: [change])))
        }
        rig.say(.entries([rig.entry("rude line", by: eve).bytes]))
        #expect(rig.events.count == start)
        rig.breakLink()
        rig.wait(.seconds(5))
        rig.welcome(members: [member("rude4", away: "rude")])
        rig.wait(.seconds(5))
        rig.command(.who)
        rig.command(.history(room: nil, limit: 10))
        rig.command(.tell(to: "eve@hub", text: "stop", kind: .text))
        #expect(!isRude(rig.events[start...]))
        let who = rig.events.compactMap { if case .who(let peers) = $0 { peers } else { nil } }.last
        #expect(who?.map(\.name) == ["eve"])
        rig.command(.unblock("eve@hub"))
        #expect(rig.changes.suffix(3).map(\.state) == [.unblocked, .renamed, .away])
        #expect(rig.changes.last?.peer.name == "rude4")
    }

    @Test("lines of the relay that quote a blocked peer are hidden: notices, topics, removals, refusals, bans, answers")
    func quoted() throws {
        let rig = try blockedAtRelay()
        rig.say(.members(.init(isFresh: false, changes: [member("rude")])))
        let start = rig.events.count
        rig.say(.notice("rude muted you: rude reason"), .notice("rude lets you speak again"), .notice("rude says hi"))
        #expect(rig.notices.suffix(2) == ["hub: an operator muted you", "hub: you may speak again"])
        rig.say(.topic("rude topic", by: "rude"), .topic(nil, by: "rude"), .topic("rude topic", by: "rude"))
        rig.command(.bans)
        let bans = [
            RelayBan(name: "rude", peer: eve.peerID, address: nil, reason: "x", by: "op", until: nil),
            RelayBan(name: "bob", peer: nil, address: nil, reason: "rude", by: "rude", until: nil),
        ]
        rig.say(.moderated(.init(number: 1, outcome: .done, text: "2 bans", bans: bans)))
        rig.command(.ban(name: "eve", reason: ""))
        rig.say(.moderated(.init(number: 2, outcome: .done, text: "banned for good: name rude")))
        #expect(rig.notices.last == "hub: eve has been banned")
        rig.say(.removed(.init(how: .kick, by: "rude", reason: "rude")), .goodbye(.refused))
        #expect(rig.events.contains(.removed(by: "an operator", how: .kick, reason: "")))
        #expect(!isRude(rig.events[start...]))
        let banned = try blockedAtRelay()
        banned.breakLink()
        banned.wait(.seconds(5))
        banned.say(.refusal(.init(code: .banned, reason: "banned by eve: rude", retryAfter: nil)))
        #expect(!isRude(banned.events))
        // Lines about others are unchanged.
        let other = try blockedAtRelay()
        other.say(.notice("op muted you: calm down"), .topic("tea", by: "op"))
        #expect(other.notices.suffix(2) == ["hub: op muted you: calm down", "op set the topic of hub: tea"])
    }

    @Test("a blocked peer's topic is not shown by the next welcome either")
    func topicOnWelcome() throws {
        let rig = try blockedAtRelay()
        rig.say(.topic("rude topic", by: "eve"))
        rig.breakLink()
        rig.wait(.seconds(5))
        rig.welcome(topic: "rude topic")
        #expect(!isRude(rig.events))
        rig.breakLink()
        rig.wait(.seconds(5))
        rig.welcome(topic: "tea")
        #expect(rig.notices.last == "hub has the topic: tea")
    }
}
