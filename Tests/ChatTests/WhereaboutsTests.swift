import Testing
import Wire

@testable import Chat

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
}
