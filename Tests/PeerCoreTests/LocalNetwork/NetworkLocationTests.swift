import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A laptop that is carried about, with networks that go along.
@Suite struct WhereaboutsTests {
    private func interface(_ index: UInt32, _ address: String, _ length: UInt8 = 24) -> NetworkInterface {
        NetworkInterface(
            index: index, name: "if\(index)", isLoopback: false,
            addresses: [.init(address: IPAddress(address)!, length: length)])
    }

    private var bridge: NetworkInterface { interface(9, "172.17.0.1", 16) }
    private var office: NetworkInterface { interface(2, "192.0.2.7") }
    private var home: NetworkInterface { interface(2, "198.51.100.7") }

    /// The same prefix behind some router; 0 is one that is not known.
    private func router(_ last: UInt8, _ address: String = "192.168.1.7") -> NetworkInterface {
        var interface = interface(2, address)
        interface.router = last == 0 ? [] : [2, 0, 0, 0, 0, last]
        return interface
    }

    /// Whether the gathering of the first place is that of the last.
    private func staysTogether(_ places: [NetworkInterface]...) throws -> Bool {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged(places[0]))
        let first = try #require(rig.peer.gathering)
        for place in places.dropFirst() {
            rig.wait(.seconds(60))
            rig.tell(.interfacesChanged(place))
        }
        return rig.peer.gathering == first
    }

    @Test("from the office home is another place, though a container bridge goes along, also by way of no network")
    func moving() throws {
        #expect(try !staysTogether([office], [home]))
        #expect(try !staysTogether([office, bridge], [home, bridge]))
        #expect(try !staysTogether([office, bridge], [bridge], [home, bridge]))
        #expect(try !staysTogether([office], [], [home]))
    }

    @Test("a cable out and in again, one network more, and the way back, all stay with their gathering")
    func staying() throws {
        #expect(try staysTogether([office, bridge], [bridge], [office, bridge]))
        #expect(try staysTogether([office], [office, bridge]))
        #expect(try staysTogether([office], [], [office]))
        #expect(try staysTogether([bridge], [office, bridge]))
        #expect(try staysTogether([office, bridge], [home, bridge], [office, bridge]))
    }

    @Test("two places with the same prefix are told apart by their routers; one that is not known tells nothing")
    func routers() throws {
        #expect(try !staysTogether([router(1)], [router(2)]))
        #expect(try !staysTogether([router(1), bridge], [router(2), bridge]))
        #expect(try !staysTogether([router(1)], [], [router(2)]))
        #expect(try !staysTogether([router(1)], [router(0)], [router(2)]))
        #expect(try staysTogether([router(1)], [router(0)], [router(1)]))
        #expect(try staysTogether([router(0)], [router(1)]))
        #expect(try staysTogether([router(1)], [router(2)], [router(1)]))
        #expect(try staysTogether([router(1)], [router(1, "192.168.1.9")]))
    }

    @Test("a link from behind another router proves nothing and is given up")
    func deadLinks() throws {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged([router(1, "10.0.0.7")]))
        let gathering = rig.peer.gathering
        let bea = rig.join("bea", Example.authors[1])
        rig.tell(.interfacesChanged([router(2, "10.0.0.7")]))
        #expect(rig.peer.gathering != gathering)
        #expect(rig.peer.links.direct(with: bea.identity.peerID) == nil)
    }

    @Test("who starts again resumes the gathering of this router only, and that of no router without one only")
    func resuming() {
        var known = KnownGatherings()
        let wall = WallTime(milliseconds: 1_000_000_000_000)
        let first = GatheringID([UInt8](repeating: 8, count: 32))!
        let second = GatheringID([UInt8](repeating: 9, count: 32))!
        known.noteStay(to: first, in: NetworkLocation([router(1)]), at: wall)
        known.noteStay(to: second, in: NetworkLocation([router(0)]), at: wall)
        #expect(known.gathering(in: NetworkLocation([router(1)]), at: wall) == first)
        #expect(known.gathering(in: NetworkLocation([router(1), bridge]), at: wall) == first)
        #expect(known.gathering(in: NetworkLocation([router(0)]), at: wall) == second)
        #expect(known.gathering(in: NetworkLocation([router(2)]), at: wall) == nil)
        #expect(KnownGatherings(decoding: known.encoded()) == known)
    }

    @Test("who is still linked with somebody of the gathering on a network that is there has not moved")
    func evidence() throws {
        let rig = try PeerRig()
        let lan = interface(2, "10.0.0.7", 8)
        rig.tell(.interfacesChanged([lan, home]))
        let gathering = rig.peer.gathering
        // Its address is in 10.0.0.0/8.
        _ = rig.join("bea", Example.authors[1])
        rig.tell(.interfacesChanged([lan, office]))
        #expect(rig.peer.gathering == gathering)
        rig.tell(.interfacesChanged([home]))
        #expect(rig.peer.gathering != gathering)
    }

    @Test("a link from an earlier stay proves nothing of a network that is back")
    func leftOver() throws {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged([interface(2, "10.0.0.7", 8)]))
        // Its address is in 10.0.0.0/8, and it moves along with us.
        let member = rig.join("bea", Example.authors[1])
        rig.tell(.interfacesChanged([office]))
        let away = try #require(GatheringID([UInt8](repeating: 0, count: 32)))
        rig.say([.gathering(away)], member)
        #expect(rig.peer.gathering == away)
        rig.tell(.interfacesChanged([interface(2, "10.0.0.7", 8)]))
        #expect(rig.peer.gathering != away)
    }

    /// Seed 108 of real faults: whoever was there has left, too, and is back before us in a gathering of elsewhere.
    @Test("what was shown in one place is not shown again when it comes to a lobby of another")
    func notShownAgain() throws {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged([office]))
        let first = try #require(rig.peer.gathering)
        let ben = rig.join("ben", Example.authors[1])
        let entry = ben.entry("once", in: .lobby, lamport: 1)
        rig.say([.entries([entry.bytes])], ben)
        ben.isClosed = true
        rig.tell(.linkClosed(ben.link, .closedByPeer))
        rig.wait(.seconds(2))
        rig.tell(.interfacesChanged([home]))
        let second = try #require(GatheringID([UInt8](repeating: 5, count: 32)))
        let bea = rig.join("bea", Example.authors[2], in: second)
        try #require(second != first && rig.peer.gathering == second && rig.peer.lobbyCount == 0)
        rig.say([.have(room: .lobby, ids: [entry.id])], bea)
        rig.say([.entries([entry.bytes])], bea)
        #expect(rig.peer.lobbyCount == 1)
        #expect(rig.texts == ["once"])
    }

    /// In the office something was said; then no network is left, and somebody of another gathering is within earshot.
    private func adrift() throws -> (rig: PeerRig, office: GatheringID, eve: TestMember, evesGathering: GatheringID) {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged([office]))
        let gathering = try #require(rig.peer.gathering)
        rig.tell(.commanded(.say(text: "only in the office", kind: .text, room: nil), token: nil))
        rig.tell(.interfacesChanged([]))
        let other = try #require(GatheringID([UInt8](repeating: 0, count: 32)))
        return (rig, gathering, rig.join("eve", Example.authors[1], in: other), other)
    }

    private func toldGatherings(to member: TestMember) -> [GatheringID] {
        member.frames.compactMap { frame in
            switch frame {
            case .hello(_, let gathering, _): gathering
            case .gathering(let gathering): gathering
            default: nil
            }
        }
    }

    @Test("between two networks no gathering is told and none is met, until the next network is there")
    func betweenNetworks() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(5))
        #expect(rig.peer.gathering == gathering && toldGatherings(to: eve).isEmpty)
        rig.tell(.interfacesChanged([home]))
        #expect(rig.peer.gathering == evesGathering && toldGatherings(to: eve) == [evesGathering])
        rig.wait(.seconds(60))
        #expect(eve.texts.isEmpty)
    }

    @Test("back on the same network, gatherings that were told of meanwhile are met")
    func backAgain() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(5))
        rig.tell(.interfacesChanged([office]))
        #expect(rig.peer.gathering == evesGathering)
        #expect(toldGatherings(to: eve) == [gathering, evesGathering])
    }

    @Test(
        "where no network comes but others are, that is another place; where somebody tells our gathering, it is ours")
    func noNetwork() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(11))
        #expect(rig.peer.gathering == evesGathering && toldGatherings(to: eve) == [evesGathering])
        #expect(eve.texts.isEmpty)
        let (again, office, _, _) = try adrift()
        let bea = again.join("bea", Example.authors[2], in: office)
        // And both are met now.
        #expect(toldGatherings(to: bea).first == office && again.peer.gathering == evesGathering)
        #expect(gathering != evesGathering)
    }
}
