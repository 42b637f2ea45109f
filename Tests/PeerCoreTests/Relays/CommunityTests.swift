import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("A member and the communities of its relays")
struct CommunityTests {
    private static let hour: Int64 = 3_600_000

    private static func refusals(_ events: [Event]) -> [String] {
        events.compactMap { event in
            guard case .relay(.refused, _, let reason) = event else { return nil }
            return reason
        }
    }

    private static func isIn(_ rig: ScriptedRelay) -> Bool {
        rig.events.contains { if case .relay(.connected, _, _) = $0 { true } else { false } }
    }

    private static func certified(_ relay: Identity, fingerprint: PeerID? = nil, archive: MemoryArchive) throws
        -> ScriptedRelay
    {
        try ScriptedRelay(
            fingerprint: fingerprint, archive: archive, relay: relay,
            certificate: ExampleCommunity.certificate(of: relay.peerID).bytes)
    }

    @Test("the community is pinned at the first relay, and the second is accepted without asking, with the same room")
    func pinned() throws {
        let archive = MemoryArchive()
        let room = RoomID.relayLobby(of: ExampleCommunity.community.peerID)
        let first = try Self.certified(ExampleCommunity.relays[0], archive: archive)
        first.start()
        first.welcome()
        #expect(Self.isIn(first) && Self.refusals(first.events).isEmpty)
        let line = first.entry("said at the first", by: Example.authors[3], in: room)
        first.say(.entries([line.bytes]))
        #expect(
            try archive.setting("relay hub.example:47475") == ExampleCommunity.community.peerID.bytes
                + Array("hub".utf8))

        let second = try Self.certified(ExampleCommunity.relays[1], archive: archive)
        second.start()
        second.welcome()
        #expect(Self.isIn(second) && Self.refusals(second.events).isEmpty)
        #expect(try archive.keys(of: .relayLobby(ExampleCommunity.community.peerID)).count == 1)
        second.say(.entries([second.entry("said at the second", by: Example.authors[3], in: room, lamport: 2).bytes]))
        #expect(try archive.keys(of: .relayLobby(ExampleCommunity.community.peerID)).count == 2)
    }

    @Test("a message that one relay of a community has accepted is still unacknowledged by another that is offline")
    func owedToAnother() throws {
        let away = RelayTarget(
            address: "away.example:47475", endpoints: [], host: .init(name: "away.example", port: 47475),
            fingerprint: ExampleCommunity.community.peerID, password: [])
        let rig = try ScriptedRelay(
            fingerprint: ExampleCommunity.community.peerID, relay: ExampleCommunity.relays[0],
            certificate: ExampleCommunity.certificate(of: ExampleCommunity.relays[0].peerID).bytes, further: [away])
        rig.start()
        rig.welcome()
        rig.wait(.seconds(1))
        #expect(!rig.peer.hasUnsentEntriesForRelays)
        rig.tell(.commanded(.say(text: "to both", kind: .text, room: nil), token: nil))
        #expect(rig.peer.hasUnsentEntriesForRelays)
        guard case .entries(let list)? = rig.frames.last, let bytes = list.first else {
            Issue.record("nothing was said")
            return
        }
        rig.frames = []
        let room = RoomID.relayLobby(of: ExampleCommunity.community.peerID)
        rig.say(.want(room: room, ids: [EntryID(of: bytes)]))
        #expect(rig.frames == [.entries([bytes])])
        #expect(rig.peer.hasUnsentEntriesForRelays)
    }

    @Test("the fingerprint of an address is the community's, and the relay's own key is refused")
    func fingerprint() throws {
        let right = try Self.certified(
            ExampleCommunity.relays[0], fingerprint: ExampleCommunity.community.peerID, archive: MemoryArchive())
        right.start()
        #expect(right.frames.contains { if case .join = $0 { true } else { false } })
        right.welcome()
        #expect(Self.isIn(right))
        let own = try Self.certified(
            ExampleCommunity.relays[0], fingerprint: ExampleCommunity.relays[0].peerID, archive: MemoryArchive())
        own.start()
        let reason = try #require(Self.refusals(own.events).first)
        #expect(reason.contains("now belongs to the community \(ExampleCommunity.community.peerID)"))
        #expect(reason.hasSuffix("use earshot://hub.example:47475#\(ExampleCommunity.community.peerID)"))
        #expect(own.frames.isEmpty && own.exit == .refused)
    }

    @Test("an invalid certificate is refused before anything is sent, and the reason says what to do")
    func refused() throws {
        let relay = ExampleCommunity.relays[0]
        let other = Identity(seed: [UInt8](repeating: 0xD0, count: 32))
        let good = ExampleCommunity.certificate(of: relay.peerID)
        var forged = good.bytes
        forged[forged.count - 1] ^= 1
        let cases: [(certificate: [UInt8], words: [String])] = [
            (
                ExampleCommunity.certificate(of: relay.peerID, from: -9 * Self.hour, until: -2 * Self.hour).bytes,
                ["expired on 2027-01-15 06:00 UTC", "by this machine's clock", "renew"]
            ),
            (
                ExampleCommunity.certificate(of: relay.peerID, from: 2 * Self.hour).bytes,
                ["not valid before 2027-01-15 10:00 UTC", "set the clock"]
            ),
            (
                ExampleCommunity.certificate(of: ExampleCommunity.relays[1].peerID).bytes,
                ["for another relay (\(ExampleCommunity.relays[1].peerID))"]
            ),
            (
                ExampleCommunity.certificate(of: relay.peerID, by: other).bytes,
                ["belongs to the community \(other.peerID), not to the one that its address says"]
            ),
            (forged, ["not signed by the community that it names"]),
            ([1, 2, 3], ["is damaged"]),
        ]
        for (certificate, words) in cases {
            let rig = try ScriptedRelay(
                fingerprint: ExampleCommunity.community.peerID, relay: relay, certificate: certificate)
            rig.start()
            let reason = try #require(Self.refusals(rig.events).first)
            for word in words { #expect(reason.contains(word), "\(reason)") }
            #expect(rig.frames.isEmpty && rig.exit == .refused && rig.link == nil)
        }
    }

    @Test("an invalid certificate does not count as none, whatever key is expected")
    func notAsGoodAsNone() throws {
        let relay = ExampleCommunity.relays[0]
        let expired = ExampleCommunity.certificate(
            of: relay.peerID, by: relay, from: -9 * Self.hour, until: -2 * Self.hour)
        for fingerprint in [nil, relay.peerID] {
            let rig = try ScriptedRelay(fingerprint: fingerprint, relay: relay, certificate: expired.bytes)
            rig.start()
            #expect(Self.refusals(rig.events).count == 1 && rig.frames.isEmpty)
        }
    }

    @Test("clocks may differ by an hour, but no more", arguments: [(59, true), (61, false)])
    func tolerance(minutes: Int64, isTaken: Bool) throws {
        let relay = ExampleCommunity.relays[0]
        for certificate in [
            ExampleCommunity.certificate(of: relay.peerID, from: -9 * Self.hour, until: -minutes * 60_000),
            // The clock of the rig starts one second later.
            ExampleCommunity.certificate(of: relay.peerID, from: minutes * 60_000),
        ] {
            let rig = try ScriptedRelay(relay: relay, certificate: certificate.bytes)
            rig.start()
            #expect(rig.frames.isEmpty != isTaken)
        }
    }

    @Test("a member refused because a certificate expired returns when it is renewed")
    func renewed() throws {
        let relay = ExampleCommunity.relays[0]
        let rig = try ScriptedRelay(
            isAlone: false, relay: relay,
            certificate: ExampleCommunity.certificate(of: relay.peerID, until: Self.hour / 60).bytes)
        rig.start()
        rig.welcome()
        rig.certified.clockOffset = .seconds(7_200)
        rig.breakLink()
        rig.wait(.seconds(60))
        #expect(Self.refusals(rig.events).count == 1)
        rig.wait(.seconds(600))
        #expect(Self.refusals(rig.events).count == 1)
        rig.certified.certificate = ExampleCommunity.certificate(of: relay.peerID).bytes
        rig.events = []
        rig.frames = []
        for _ in 0..<600 where rig.joins.isEmpty { rig.wait(.seconds(1)) }
        rig.welcome()
        #expect(Self.isIn(rig))
    }

    @Test("a relay whose key becomes the community's is the same to its members, with a new key of its own")
    func migrated() throws {
        let archive = MemoryArchive()
        let old = ExampleCommunity.relays[2]
        let before = try ScriptedRelay(archive: archive, relay: old)
        before.start()
        before.welcome()
        before.say(.entries([before.entry("from before", by: Example.authors[3]).bytes]))
        // The stored data of a relay without a community have the form from before communities.
        #expect(try archive.setting("relay hub.example:47475") == old.peerID.bytes + Array("hub".utf8))
        #expect(try archive.keys(of: .relayLobby(old.peerID)).count == 1)

        let certificate = ExampleCommunity.certificate(of: ExampleCommunity.relays[0].peerID, by: old).bytes
        let after = try ScriptedRelay(archive: archive, relay: ExampleCommunity.relays[0], certificate: certificate)
        after.start()
        after.welcome()
        #expect(Self.isIn(after) && Self.refusals(after.events).isEmpty)
        let line = after.entry("from after", by: Example.authors[3], in: .relayLobby(of: old.peerID), lamport: 2)
        after.say(.entries([line.bytes]))
        #expect(try archive.keys(of: .relayLobby(old.peerID)).count == 2)
    }

    @Test("a relay that loses its certificate counts as another relay until its key is given")
    func lost() throws {
        let archive = MemoryArchive()
        let first = try Self.certified(ExampleCommunity.relays[0], archive: archive)
        first.start()
        first.welcome()
        let without = try ScriptedRelay(archive: archive, relay: ExampleCommunity.relays[0])
        without.start()
        let reason = try #require(Self.refusals(without.events).first)
        #expect(reason.contains("without the certificate of its community") && without.frames.isEmpty)
        let given = try ScriptedRelay(
            fingerprint: ExampleCommunity.relays[0].peerID, archive: archive, relay: ExampleCommunity.relays[0])
        given.start()
        given.welcome()
        #expect(Self.isIn(given))
        #expect(
            try archive.setting("relay hub.example:47475")?.prefix(32) == ExampleCommunity.relays[0].peerID.bytes[...])
    }
}
