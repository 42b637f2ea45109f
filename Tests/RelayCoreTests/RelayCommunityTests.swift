import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("A relay and its community")
struct RelayCommunityTests {
    private func warnings(_ rig: RelayRig) -> [String] {
        rig.notes.filter { $0.level == .warning && $0.text.contains("certificate") }.map(\.text)
    }

    @Test("a relay shows its certificate to members, and its lobby is the community's, the same at each of its relays")
    func room() throws {
        var rooms: [RoomID] = []
        for seed in [1, 2] as [UInt64] {
            let rig = try RelayRig(seed: seed, certified: { ExampleCommunity.certificate(of: $0) })
            let ana = rig.join("ana")
            let bea = rig.join("bea")
            #expect(ana.certificate == rig.configuration.certificate?.bytes && ana.relay == rig.identity.peerID)
            ana.relay = ExampleCommunity.community.peerID
            rig.say("hello", ana)
            rig.wait(.seconds(1))
            #expect(bea.texts == ["hello"])
            #expect(try rig.archive.keys(of: .relayLobby(ExampleCommunity.community.peerID)).count == 1)
            rooms.append(rig.relay.lobby.room)
            #expect(rig.relay.community == ExampleCommunity.community.peerID)
        }
        #expect(
            rooms == [
                .relayLobby(of: ExampleCommunity.community.peerID), .relayLobby(of: ExampleCommunity.community.peerID),
            ])
    }

    @Test("a relay without a certificate is its own community, and keeps its log from before communities")
    func alone() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        rig.say("hello", ana)
        let id = rig.identity.peerID
        #expect(ana.certificate == nil && rig.relay.community == id)
        #expect(rig.relay.lobby.room == RoomID(SHA256.hash(Array("earshot relay lobby v1".utf8) + id.bytes)))
        #expect(try rig.archive.keys(of: .relayLobby(id)).count == 1)
        #expect(try rig.archive.setting("community") == nil)
    }

    @Test("a member without communities, which expects the room of the relay's own key, is removed with a reason")
    func before() throws {
        let rig = try RelayRig(certified: { ExampleCommunity.certificate(of: $0) })
        let ana = rig.join("ana")
        let opening = Frame.reconcile(room: .relayLobby(of: rig.identity.peerID), gathering: nil, message: [0x61])
        rig.say([opening], ana)
        #expect(ana.removal?.how == .kick && ana.removal?.reason.contains("take a newer Earshot") == true)
        #expect(ana.goodbye == .refused && ana.isClosed)
    }

    @Test("a renewed certificate is applied while the relay runs, one of another community is not")
    func renewed() throws {
        let rig = try RelayRig(certified: {
            ExampleCommunity.certificate(of: $0, until: Int64(40 * ExampleCommunity.day))
        })
        let renewed = ExampleCommunity.certificate(of: rig.identity.peerID, until: Int64(400 * ExampleCommunity.day))
        rig.configuration.certificate = renewed
        rig.relay.configure(rig.configuration)
        #expect(rig.join("ana").certificate == renewed.bytes)
        rig.configuration.certificate = ExampleCommunity.certificate(
            of: rig.identity.peerID, by: ExampleCommunity.relays[0])
        rig.relay.configure(rig.configuration)
        #expect(
            rig.join("bea").certificate == renewed.bytes && rig.relay.community == ExampleCommunity.community.peerID)
        rig.configuration.certificate = nil
        rig.relay.configure(rig.configuration)
        #expect(rig.join("cem").certificate == renewed.bytes)
    }

    @Test("operators learn at the start how long the certificate is valid, and daily in its last 30 days")
    func warned() throws {
        let rig = try RelayRig(certified: {
            ExampleCommunity.certificate(of: $0, until: Int64(32 * ExampleCommunity.day))
        })
        #expect(rig.notes.contains { $0.level == .info && $0.text.contains("holds for 32 days, until 2027-02-16") })
        rig.run(days: 1)
        #expect(warnings(rig).isEmpty)
        rig.run(days: 3)
        #expect(warnings(rig).count == 3 && warnings(rig)[0].contains("sign KEY-FILE \(rig.identity.peerID)"))
        rig.notes = []
        rig.run(days: 30)
        #expect(warnings(rig).count == 30 && warnings(rig).last?.contains("expired on 2027-02-16") == true)
    }

    @Test("the stored log of a community's relay is named lobby")
    func kept() throws {
        let rig = try RelayRig(certified: { ExampleCommunity.certificate(of: $0) })
        let ana = rig.join("ana")
        ana.relay = ExampleCommunity.community.peerID
        rig.say("hello", ana)
        let rooms = try KeptRooms(archive: rig.archive, own: rig.identity.peerID)
        let logs = try rooms.logs(named: "lobby")
        #expect(try logs.map { try rooms.messages(of: $0).shown.map(\.room) } == [[.lobby]])
    }
}
