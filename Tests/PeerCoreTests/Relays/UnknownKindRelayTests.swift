import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// Members of later versions at a relay of this version, and the reverse (Protocol.md, Versions).
@Suite("A later version at a relay, and with its members")
struct UnknownKindRelayTests {
    private func room(_ rig: RelayRig) -> RoomID { .relayLobby(of: rig.identity.peerID) }

    private func compared(_ rig: RelayRig, _ member: TestMember) throws -> Set<EntryID> {
        var (reconciliation, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        var need: [EntryID] = []
        while true {
            rig.say([.reconcile(room: room(rig), gathering: nil, message: message)], member)
            let outcome = try reconciliation.messageReceived(try #require(member.comparison), over: LogIndex())
            need += outcome.need
            guard let reply = outcome.reply else { return Set(need) }
            message = reply
        }
    }

    @Test("entries of unknown kinds are sent unchanged to members with the feature, and not at all to others")
    func fanOut() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana", features: .ofThisVersion)
        let (old, new) = (rig.join("old"), rig.join("new", features: .ofThisVersion))
        let unknown = try (2...9).map { kind in
            try FutureVersion.entry(kind: kind, in: room(rig), by: ana.identity, lamport: kind)
        }
        let known = ana.entry("known", lamport: 1)
        rig.say([.entries([known.bytes] + unknown.map(\.bytes))], ana)
        #expect(new.receivedEntries == [known.bytes] + unknown.map(\.bytes))
        #expect(old.receivedEntries == [known.bytes])
        #expect(ana.declined.isEmpty && rig.relay.counters.entriesKept == 9)
        #expect(rig.relay.counters.sinceStart.deliveries == 9 + 1)
        // A member that sends entries in the same round gets the rest of them.
        rig.say([.entries([try FutureVersion.entry(in: room(rig), by: old.identity, lamport: 20).bytes])], old)
        #expect(new.receivedEntries.count == 10 && old.receivedEntries.count == 1 && !old.isClosed)

        #expect(try compared(rig, old) == [known.id])
        #expect(try compared(rig, new).count == 10)
        rig.say([.want(room: room(rig), ids: [known.id, unknown[0].id])], old)
        rig.say([.want(room: room(rig), ids: [known.id, unknown[0].id])], new)
        #expect(old.receivedEntries == [known.bytes, known.bytes])
        #expect(new.receivedEntries.suffix(2) == [known.bytes, unknown[0].bytes])
        try rig.restart()
        let again = rig.join("again")
        #expect(try compared(rig, again) == [known.id])
    }

    @Test("plain text guests are told of an entry of an unknown kind")
    func guests() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana", features: .ofThisVersion)
        let link = LinkID(number: LinkID.firstGuest)
        rig.guests[link] = ([], false)
        rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0A00_0002), port: 40_001)))
        rig.tell(.linkBytesReceived(link, Array("gus\n".utf8)))
        rig.say([.entries([try FutureVersion.entry(in: room(rig), by: ana.identity, lamport: 1).bytes])], ana)
        let guest = try #require(ana.roster.values.first { $0.name == "gus" }?.peer)
        let pair = RoomID.conversation(guest, ana.id)
        let sendPrivately = try FutureVersion.entry(in: pair, by: ana.identity, lamport: 1)
        rig.say([.entries([sendPrivately.bytes])], ana)
        let lines = String(decoding: rig.guests[link]?.received ?? [], as: UTF8.self)
        #expect(
            lines.contains("ana: \(FutureVersion.text)\r\n") && lines.contains("[ana to you] \(FutureVersion.text)\r\n")
        )
        #expect(ana.frames.last == .receipt(room: pair, ids: [sendPrivately.id]))
    }

    @Test("frames of unknown rooms are ignored, and so is a reconciliation with a gathering")
    func unknownRooms() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana", features: .ofThisVersion)
        let strange = RoomID([UInt8](repeating: 9, count: 32))!
        for room in [strange, .lobby, .conversation(ana.id, rig.identity.peerID)] {
            let entry = try FutureVersion.entry(in: room, by: ana.identity, lamport: 1)
            let others = try FutureVersion.entry(in: room, by: Example.authors[3], lamport: 1)
            for _ in 0..<10 { for frame in FutureVersion.frames(of: room, entry: entry) { rig.sayEncoded(frame, ana) } }
            for frame in FutureVersion.frames(of: room, entry: others) { rig.sayEncoded(frame, ana) }
        }
        let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        rig.say([.reconcile(room: room(rig), gathering: GatheringID.least, message: message)], ana)
        #expect(ana.comparison == nil && !ana.isClosed && ana.declined.isEmpty)
        #expect(rig.notes.count { $0.text.contains("ignored") } <= 10)
        rig.say("still here", ana)
        #expect(rig.relay.counters.entriesKept == 1)
    }

    @Test("an unknown act is answered as a bad request, and an unknown goodbye closes the link")
    func acts() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        rig.sayEncoded(
            FutureVersion.frame(.unsigned(20), .unsigned(7), .unsigned(9), .text(""), .text(""), .null, .text("later")),
            ana)
        #expect(ana.answers.map(\.outcome) == [.badRequest] && ana.answers.map(\.number) == [7])
        rig.sayEncoded(FutureVersion.frame(.unsigned(5), .unsigned(9), .null), ana)
        #expect(ana.isClosed && ana.goodbye == nil)
    }

    @Test("a hello that says goodbye, has another version or an unknown kind is a violation, and so is an empty frame")
    func violations() throws {
        let rig = try RelayRig()
        for (version, kind) in [(1, 2), (1, 3), (2, 1)] as [(UInt64, UInt64)] {
            let cem = rig.connect()
            let bytes = FutureVersion.announcement(version: version, kind: kind, of: cem.identity)
            rig.say([.hello(announcement: bytes, gathering: nil, away: nil)], cem)
            #expect(cem.goodbye == .violation && cem.isClosed)
        }
        let ana = rig.join("ana")
        rig.sayEncoded([], ana)
        #expect(ana.goodbye == .violation && ana.isClosed)
    }

    // A relay of a later version.

    @Test("a relay's unknown states, outcomes, reasons and longer lists are handled by defaults")
    func member() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.wait(.seconds(3))
        let ben = RelayMember(peer: Example.authors[1].peerID, state: .here, name: "ben")
        rig.welcome(members: [ben])
        rig.sayEncoded(
            FutureVersion.frame(
                .unsigned(19), .unsigned(0),
                .array([
                    .array([
                        .bytes(ben.peer.bytes), .unsigned(9), .text("ben"), .unsigned(512), .null, .unsigned(32),
                    ])
                ]), .null))
        let left = rig.events.contains {
            if case .peer(let change) = $0 { change.state == .left && change.peer.name == "ben" } else { false }
        }
        #expect(left)
        rig.tell(.commanded(.topic("tea"), token: nil))
        let acts = rig.frames.compactMap { if case .moderate(let act) = $0 { act } else { nil } }
        let act = try #require(acts.last)
        rig.sayEncoded(
            FutureVersion.frame(.unsigned(21), .unsigned(act.number), .unsigned(9), .text(""), .array([]), .null))
        let failures = rig.events.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
        #expect(failures.last?.text.contains("for a reason that this version does not know") == true)
        let strange = RoomID([UInt8](repeating: 9, count: 32))!
        let entry = try FutureVersion.entry(in: strange, by: Example.authors[1], lamport: 1)
        for frame in FutureVersion.frames(of: strange, entry: entry) { rig.sayEncoded(frame) }
        rig.sayEncoded(FutureVersion.frame(.unsigned(27), .bytes(strange.bytes), .array([]), .unsigned(9), .null))
        #expect(rig.link != nil && rig.states == [.connected])
        rig.sayEncoded(FutureVersion.frame(.unsigned(22), .unsigned(9), .text("eva"), .text(""), .null))
        #expect(rig.reasons.last?.contains("for a reason that this version does not know") == true)
        #expect(rig.exit == .refused)
    }

    @Test("a refusal for an unknown reason is temporary if it gives a time to return, and otherwise permanent")
    func refusal() throws {
        for (time, exit) in [(CBORValue.unsigned(60), nil), (.null, .refused)] as [(CBORValue, CoreModel.ExitStatus?)] {
            let rig = try ScriptedRelay(isAlone: exit != nil)
            rig.start()
            rig.sayEncoded(FutureVersion.frame(.unsigned(18), .unsigned(99), .text(""), time, .null))
            #expect(rig.states == [.refused] && rig.exit == exit)
            #expect(rig.reasons.last?.contains("for a reason that this version does not know") == true)
            let dials = rig.dials
            rig.wait(.seconds(40))
            #expect(rig.dials == dials)
            rig.wait(.seconds(60))
            #expect((rig.dials > dials) == (exit == nil))
        }
    }

    @Test("entries of unknown kinds are sent to a relay that has the feature, and not to one without")
    func toRelay() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome()
        let entry = try FutureVersion.entry(in: .relayLobby(of: rig.relay.peerID), by: Example.authors[1], lamport: 1)
        rig.say(.entries([entry.bytes]))
        #expect(rig.texts == [FutureVersion.text])
        rig.say(.want(room: entry.entry.room, ids: [entry.id]))
        #expect(!rig.frames.contains { if case .entries = $0 { true } else { false } })
        rig.breakLink()
        rig.wait(.seconds(3))
        rig.welcome(features: .ofThisVersion)
        rig.say(.want(room: entry.entry.room, ids: [entry.id]))
        #expect(rig.frames.contains(.entries([entry.bytes])))
    }
}
