import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The rules of Protocol.md for a program that joins for the first time, as far as only a test can check them.
@Suite("A newcomer, as Protocol.md describes it")
struct NewcomerTests {
    /// Returns an identity whose peer ID is on the given side of another.
    private func identity(isLower: Bool, than peer: PeerID) -> Identity {
        (1...255 as ClosedRange<UInt8>).lazy.map { Identity(seed: [UInt8](repeating: $0, count: 32)) }
            .first { ($0.peerID < peer) == isLower && $0.peerID != peer }!
    }

    private func hello(of member: TestMember, in gathering: GatheringID?) -> Frame {
        guard case .hello(let announcement, _, let away) = member.hello(as: "ben") else { preconditionFailure() }
        return .hello(announcement: announcement, gathering: gathering, away: away)
    }

    private func reconciliations(with member: TestMember) -> [RoomID] {
        member.frames.compactMap { if case .reconcile(let room, _, _) = $0 { room } else { nil } }
    }

    @Test("a newcomer without a gathering gets nothing of the lobby, and all of it once it names the gathering")
    func gatheringTaken() throws {
        let rig = try PeerRig()
        rig.tell(.commanded(.say(text: "from before", kind: .text, room: .lobby), token: nil))
        let ben = rig.connect(identity(isLower: false, than: rig.peer.id))
        rig.say([hello(of: ben, in: nil)], ben)
        rig.tell(.commanded(.say(text: "meanwhile", kind: .text, room: .lobby), token: nil))
        let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        rig.say(
            [
                .entries([ben.entry("too early", in: .lobby, lamport: 1).bytes]),
                .reconcile(room: .lobby, gathering: rig.peer.gathering, message: message),
            ], ben)
        #expect(ben.receivedEntries.isEmpty && reconciliations(with: ben).isEmpty && !ben.isClosed)
        #expect(!rig.texts.contains("too early"))

        rig.say([.gathering(try #require(rig.peer.gathering))], ben)
        #expect(reconciliations(with: ben) == [.lobby])
        rig.tell(.commanded(.say(text: "now", kind: .text, room: .lobby), token: nil))
        #expect(ben.receivedEntries.count == 1)
        rig.say([.entries([ben.entry("heard", in: .lobby, lamport: 9).bytes])], ben)
        #expect(rig.texts.contains("heard"))
    }

    @Test("the peer with the lower ID reconciles a private room if it has entries, and the other always answers")
    func pairsRoom() throws {
        for isLower in [true, false] {
            let rig = try PeerRig()
            let other = identity(isLower: !isLower, than: rig.peer.id)
            let first = rig.join("ben", other)
            let room = RoomID.conversation(rig.peer.id, other.peerID)
            #expect(!reconciliations(with: first).contains(room))
            rig.tell(.commanded(.tell(to: "ben", text: "hello", kind: .text), token: nil))
            rig.breakLink(first)
            let again = rig.join("ben", other)
            #expect(reconciliations(with: again).contains(room) == isLower)
            guard !isLower else { continue }
            let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
            rig.say([.reconcile(room: room, gathering: nil, message: message)], again)
            #expect(reconciliations(with: again).contains(room))
        }
    }

    @Test("empty lists are no violation and have no effect")
    func emptyLists() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1])
        let count = ben.frames.count
        let pair = RoomID.conversation(rig.peer.id, ben.id)
        rig.say(
            [
                .peers([]), .entries([]), .authors(room: .lobby, names: []), .advertise([]), .request([]),
                .advertisements([]),
            ]
                + [RoomID.lobby, pair].flatMap { room -> [Frame] in
                    [.want(room: room, ids: []), .have(room: room, ids: []), .receipt(room: room, ids: [])]
                }, ben)
        #expect(!ben.isClosed && ben.frames.count == count)

        let relay = try RelayRig()
        let cem = relay.join("cem")
        let told = cem.frames.count
        let lobby = relay.relay.lobby.room
        relay.say(
            [
                .entries([]), .want(room: lobby, ids: []), .have(room: lobby, ids: []),
                .receipt(room: lobby, ids: []), .peers([]), .authors(room: lobby, names: []),
            ], cem)
        #expect(!cem.isClosed && cem.frames.count == told)
    }

    @Test("a member sends a relay its announcement of the LAN, and a relay sends its own name and port")
    func announcementsAtRelays() throws {
        let scripted = try ScriptedRelay()
        scripted.start()
        guard case .hello(let own, nil, nil)? = scripted.frames.first else {
            Issue.record("no hello")
            return
        }
        let told = try SignedAnnouncement(verifying: own, with: .ed25519).announcement
        #expect(told.kind == .probe && told.name == "ana" && told.linkPort == 47474)

        let rig = try RelayRig()
        let ana = rig.join("ana")
        guard case .hello(let bytes, nil, nil)? = ana.frames.first else {
            Issue.record("no hello")
            return
        }
        let relay = try SignedAnnouncement(verifying: bytes, with: .ed25519).announcement
        #expect(relay.kind == .announce && relay.name == "hub" && relay.linkPort == 47475)
    }

    @Test("of the announcement in a member's hello a relay checks only the key, the form and the features")
    func announcementUnread() throws {
        let rig = try RelayRig()
        let ana = rig.connect()
        let odd = Announcement(
            kind: .probe, peer: ana.id, instance: 1, sequence: 1, name: "no name / at all", claimTime: 1, linkPort: 1)
        var bytes = SignedAnnouncement(signing: odd, by: ana.identity).bytes
        bytes[bytes.count - 1] ^= 1
        rig.say(
            [
                .hello(announcement: bytes, gathering: nil, away: nil),
                .join(RelayJoin(name: "ana", isStrict: false, password: nil, program: "test 1")),
            ], ana)
        #expect(ana.welcome?.name == "ana")
    }

    @Test("a relay acknowledges messages to a guest, and ignores acknowledgements of a guest's messages")
    func guestsReceipts() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let link = LinkID(number: LinkID.firstGuest)
        rig.guests[link] = ([], false)
        rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0A00_0009), port: 40_000)))
        rig.tell(.linkBytesReceived(link, Array("gil\n".utf8)))
        let guest = try #require(ana.roster.values.first { $0.name == "gil" }?.peer)
        let room = RoomID.conversation(ana.id, guest)
        let entry = ana.entry("psst", in: room, lamport: 7)
        rig.say([.entries([entry.bytes]), .receipt(room: room, ids: [entry.id])], ana)
        let receipts = ana.frames.flatMap { frame -> [EntryID] in
            if case .receipt(room, let ids) = frame { ids } else { [] }
        }
        #expect(receipts == [entry.id] && !ana.isClosed)
        // The room is not reconciled, and nothing can be requested.
        let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        let count = ana.frames.count
        rig.say(
            [
                .reconcile(room: room, gathering: nil, message: message), .want(room: room, ids: [entry.id]),
                .have(room: room, ids: [entry.id]),
            ], ana)
        #expect(ana.frames.count == count && !ana.isClosed)
        // Messages to a guest that has left are not acknowledged.
        rig.tell(.linkClosed(link, .closedByPeer))
        rig.say([.entries([ana.entry("too late", in: room, lamport: 8).bytes])], ana)
        #expect(ana.frames.count { if case .receipt = $0 { true } else { false } } == 1)
    }
}
