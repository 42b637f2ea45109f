import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A laptop that moves between networks, some of which move with it.
@Suite struct NetworkLocationTests {
    private func interface(_ index: UInt32, _ address: String, _ length: UInt8 = 24) -> NetworkInterface {
        NetworkInterface(
            index: index, name: "if\(index)", isLoopback: false,
            addresses: [.init(address: IPAddress(address)!, length: length)])
    }

    private var bridge: NetworkInterface { interface(9, "172.17.0.1", 16) }
    private var office: NetworkInterface { interface(2, "192.0.2.7") }
    private var home: NetworkInterface { interface(2, "198.51.100.7") }

    /// The same prefix behind some router; 0 is an unknown one.
    private func router(_ last: UInt8, _ address: String = "192.168.1.7") -> NetworkInterface {
        var interface = interface(2, address)
        interface.router = last == 0 ? [] : [2, 0, 0, 0, 0, last]
        return interface
    }

    /// Returns whether the gathering in the first network location is still that in the last.
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

    @Test("office and home are different locations, even with a container bridge in both, or no network in between")
    func moving() throws {
        #expect(try !staysTogether([office], [home]))
        #expect(try !staysTogether([office, bridge], [home, bridge]))
        #expect(try !staysTogether([office, bridge], [bridge], [home, bridge]))
        #expect(try !staysTogether([office], [], [home]))
    }

    @Test("an interrupted cable, an additional network and the way back keep the gathering")
    func staying() throws {
        #expect(try staysTogether([office, bridge], [bridge], [office, bridge]))
        #expect(try staysTogether([office], [office, bridge]))
        #expect(try staysTogether([office], [], [office]))
        #expect(try staysTogether([bridge], [office, bridge]))
        #expect(try staysTogether([office, bridge], [home, bridge], [office, bridge]))
    }

    @Test("two locations with the same prefix differ by their routers, and an unknown router proves nothing")
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

    @Test("a link from behind another router proves nothing and is closed")
    func deadLinks() throws {
        let rig = try PeerRig()
        rig.tell(.interfacesChanged([router(1, "10.0.0.7")]))
        let gathering = rig.peer.gathering
        let bea = rig.join("bea", Example.authors[1])
        rig.tell(.interfacesChanged([router(2, "10.0.0.7")]))
        #expect(rig.peer.gathering != gathering)
        #expect(rig.peer.links.direct(with: bea.identity.peerID) == nil)
    }

    @Test("a restart resumes the gathering of the same router only, and without a router that of no router only")
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

    @Test("a peer that is still linked with another of the gathering over a present network has not moved")
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

    @Test("a link from an earlier stay proves nothing about a network that is back")
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

    /// Seed 108 of real faults: the other peer left too, and was back before us in a gathering from elsewhere.
    @Test("an entry shown in one location is not shown again when it arrives in the lobby of another")
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

    /// Returns a peer that said something in the office, then lost its network, and can reach a peer of another
    /// gathering.
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

    @Test("between two networks no gathering is named or merged until the next network is up")
    func betweenNetworks() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(5))
        #expect(rig.peer.gathering == gathering && toldGatherings(to: eve).isEmpty)
        rig.tell(.interfacesChanged([home]))
        #expect(rig.peer.gathering == evesGathering && toldGatherings(to: eve) == [evesGathering])
        rig.wait(.seconds(60))
        #expect(eve.texts.isEmpty)
    }

    @Test("back on the same network, gatherings learned of in between are merged")
    func backAgain() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(5))
        rig.tell(.interfacesChanged([office]))
        #expect(rig.peer.gathering == evesGathering)
        #expect(toldGatherings(to: eve) == [gathering, evesGathering])
    }

    @Test(
        "without a network, peers nearby mean another location, unless one of them names our gathering")
    func noNetwork() throws {
        let (rig, gathering, eve, evesGathering) = try adrift()
        rig.wait(.seconds(11))
        #expect(rig.peer.gathering == evesGathering && toldGatherings(to: eve) == [evesGathering])
        #expect(eve.texts.isEmpty)
        let (again, office, _, _) = try adrift()
        let bea = again.join("bea", Example.authors[2], in: office)
        // Both are merged now.
        #expect(toldGatherings(to: bea).first == office && again.peer.gathering == evesGathering)
        #expect(gathering != evesGathering)
    }
}
