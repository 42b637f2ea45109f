import CoreModel
import Links
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Testing
import Wire

@Suite("Firewalls, switches without multicast and neighbours on the virtual network")
struct FirewallTests {
    private let lo = DatagramPath.multicast(interface: 1)
    private let eth0 = DatagramPath.multicast(interface: 2)
    private let eth1 = DatagramPath.multicast(interface: 3)

    // MARK: Multicast

    @Test("a multicast arrives with the receiving interface, and comes back once on each interface of its sender")
    func interfaces() throws {
        let street = try Street(on: [[LANID(0)], [LANID(1), LANID(0)], [LANID(1)]])
        street.say(0, "a")
        street.say(1, "b")
        try street.run()
        #expect(street.texts(0, by: lo) == ["a"])
        #expect(street.texts(0, by: eth0).sorted() == ["a", "b"])
        #expect(street.texts(1, by: lo) == ["b"])
        #expect(street.texts(1, by: eth0) == ["b"])
        #expect(street.texts(1, by: eth1).sorted() == ["a", "b"])
        #expect(street.texts(2, by: eth0) == ["b"])
        #expect([0, 1, 2].map { street[$0].heard.count } == [3, 4, 1])
        let own = try #require(street[0].heard.first { $0.path == lo })
        #expect(own.source.address.isLoopback)
    }

    @Test("with the cable pulled, a multicast comes back only on the loopback interface")
    func unpluggedMulticast() throws {
        let street = try Street()
        street.simulation.perform(.unplug(HostID(0)))
        street.say(0, "a")
        try street.run()
        #expect(street[0].heard.map(\.path) == [lo])
        #expect(street[1].heard.isEmpty)
    }

    @Test(
        "a firewall drops incoming multicast, and one's own except on lo; others receive what its host sends",
        arguments: [
            Firewall.dropping, .rejecting,
        ])
    func firewalledMulticast(firewall: Firewall) throws {
        let street = try Street(hosts: 3)
        street.shield(0, by: firewall)
        street.say(0, "a")
        street.say(1, "b")
        try street.run()
        #expect(street[0].heard.map(\.path) == [lo])
        #expect(street.texts(1, by: eth0).sorted() == ["a", "b"])
        #expect(street.texts(2, by: eth0).sorted() == ["a", "b"])
    }

    @Test("a switch that drops multicast lets its sender receive it, and passes unicast and links")
    func deafSwitch() throws {
        let street = try Street(on: [[LANID(0)], [LANID(0)], [LANID(1)], [LANID(1)]])
        street.simulation.perform(.deafen(LANID(0)))
        street.say(0, "a")
        street.say(2, "b")
        street.tell(0, 1, "c")
        street.tell(0, 1, "dial")
        try street.run()
        #expect(street.texts(0, by: lo) == ["a"] && street.texts(0, by: eth0) == ["a"])
        #expect(street[1].heard.map(\.text) == ["c"])
        #expect(street[3].heard.map(\.text) == ["b"])
        #expect(street[0].opened.count == 1 && street[1].accepted.count == 1)

        street.simulation.perform(.undeafen(LANID(0)))
        street.say(0, "d")
        try street.run()
        #expect(street.texts(1, by: eth0) == ["d"])
    }

    @Test("a multicast that one LAN's switch drops arrives over another common LAN")
    func otherLAN() throws {
        let street = try Street(on: [[LANID(0), LANID(1)], [LANID(0), LANID(1)]])
        street.simulation.perform(.deafen(LANID(0)))
        street.say(0, "a")
        try street.run()
        #expect(street[1].heard.map(\.path) == [eth1])
    }

    // MARK: Unicast datagrams

    @Test("a unicast datagram arrives as unicast, from the discovery port")
    func unicast() throws {
        let street = try Street()
        street.tell(0, 1, "a")
        try street.run()
        #expect(street[1].heard == [Knocker.Heard(text: "a", source: street.endpoint(0), path: .unicast)])
        #expect(street[0].heard.isEmpty)
        #expect(street.simulation.recorder.traffic[0].unicastDatagrams == 1)
    }

    @Test("a firewall passes only replies, for 30 s after the last datagram in either direction")
    func answers() throws {
        let street = try Street(hosts: 3)
        street.shield(0)
        street.tell(1, 0, "unasked")
        try street.run()
        #expect(street[0].heard.isEmpty)

        street.tell(0, 1, "hello")
        try street.run(for: .seconds(29))
        street.tell(1, 0, "late answer")
        street.tell(2, 0, "of another")
        try street.run(for: .seconds(29))
        street.tell(1, 0, "later still")
        try street.run(for: .seconds(31))
        street.tell(1, 0, "too late")
        try street.run()
        #expect(street[0].heard.map(\.text) == ["late answer", "later still"])
        #expect(street[1].heard.map(\.text) == ["hello"])
    }

    @Test("dropped datagrams do not keep a flow open")
    func droppedDoesNotRefresh() throws {
        let street = try Street()
        street.shield(0)
        street.tell(0, 1, "hello")
        try street.run(for: .seconds(31))
        for _ in 0..<3 {
            street.tell(1, 0, "too late")
            try street.run(for: .seconds(1))
        }
        #expect(street[0].heard.isEmpty)
    }

    @Test("two hosts behind firewalls hear each other once both have sent", arguments: [Firewall.dropping, .rejecting])
    func bothFirewalled(firewall: Firewall) throws {
        let street = try Street()
        street.shield(0, 1, by: firewall)
        street.tell(0, 1, "first")
        try street.run()
        #expect(street[1].heard.isEmpty)
        street.tell(1, 0, "second")
        try street.run()
        #expect(street[0].heard.map(\.text) == ["second"])
        street.tell(0, 1, "third")
        try street.run()
        #expect(street[1].heard.map(\.text) == ["third"])
    }

    @Test("an address change of either side, or a power cut, ends the flow")
    func lostFlows() throws {
        for fault in [Fault.changeAddress(HostID(0)), .changeAddress(HostID(1)), .powerCut(HostID(0))] {
            let street = try Street()
            street.shield(0)
            street.tell(0, 1, "hello")
            try street.run()
            street.simulation.perform(fault)
            street.simulation.perform(.restart(HostID(0)))
            street.tell(1, 0, "answer")
            try street.run()
            #expect(street[0].heard.isEmpty, "\(fault)")
        }
    }

    @Test("a host's datagram to its own address passes its firewall")
    func ownAddress() throws {
        let street = try Street()
        street.shield(0)
        street.tell(0, 0, "to myself")
        try street.run()
        #expect(street.texts(0, by: .unicast) == ["to myself"])
        #expect(street[0].neighbours.isEmpty)
    }

    @Test("a datagram to an unused address is counted, and has no other effect")
    func noSuchPeerText() throws {
        let street = try Street()
        street.simulation.command(HostID(0), .tell(to: "10.0.200.1:47474", text: "a", kind: .text))
        // No host listens on another port.
        let other = Endpoint(address: street.address(1), port: 9)
        street.simulation.command(HostID(0), .tell(to: other.description, text: "a", kind: .text))
        try street.run(for: .seconds(5))
        let traffic = street.simulation.recorder.traffic[0]
        #expect(traffic.datagrams == 2 && traffic.datagramBytes == 2)
        #expect(traffic.unicastDatagrams == 2 && traffic.datagramsToNobody == 2)
        #expect(street[0].neighbours.isEmpty && street[0].heard.isEmpty && street[1].heard.isEmpty)
    }

    // MARK: Connections

    @Test("a dial retries at a dropping firewall, and fails immediately at a rejecting one")
    func dialled() throws {
        let street = try Street(hosts: 3)
        street.shield(0)
        street.shield(2, by: .rejecting)
        street.tell(1, 0, "dial")
        street.tell(1, 2, "dial")
        try street.run()
        #expect(street[1].closed == [LinkID(number: 2)] && street[1].ends == [.failed("no route to host")])
        try street.run(for: .seconds(10))
        #expect(street[1].opened.isEmpty && street[0].accepted.isEmpty && street[2].accepted.isEmpty)
        street.simulation.perform(.firewall(HostID(0), nil))
        // The attempts follow after 1, 3, 7 and 15 s.
        try street.run(for: .seconds(6))
        #expect(street[1].opened == [LinkID(number: 1)] && street[0].accepted.count == 1)
    }

    @Test(
        "a host behind a firewall can dial, and the replies pass",
        arguments: [
            Firewall.dropping, .rejecting,
        ])
    func dialling(firewall: Firewall) throws {
        let street = try Street()
        street.shield(0, by: firewall)
        street.tell(0, 1, "dial")
        try street.run()
        street.sayOnLinks(0, "there")
        street.sayOnLinks(1, "back")
        try street.run()
        #expect(street[1].words == "there" && street[0].words == "back")
    }

    @Test("a firewall that is turned on keeps connections and drops new ones")
    func turnedOn() throws {
        let street = try Street()
        street.tell(1, 0, "dial")
        try street.run()
        street.shield(0)
        street.tell(1, 0, "dial")
        street.sayOnLinks(0, "there")
        street.sayOnLinks(1, "back")
        try street.run(for: .seconds(1))
        #expect(street[1].words == "there" && street[0].words == "back")
        #expect(street[0].accepted.count == 1 && street[1].opened.count == 1)
    }

    // MARK: Neighbours

    @Test("a first datagram or dial makes both sides neighbours, once, even if a firewall drops it")
    func neighbours() throws {
        for text in ["datagram", "dial", "link"] {
            let street = try Street(hosts: 3)
            street.shield(1)
            for _ in 0..<2 {
                street.tell(0, 1, text)
                street.say(2, "to all")
                try street.run(for: .seconds(5))
            }
            #expect(street[0].neighbours == [street.address(1)], "\(text)")
            #expect(street[1].neighbours == [street.address(0)], "\(text)")
            #expect(street[2].neighbours.isEmpty, "\(text)")
        }
    }

    @Test(
        "a neighbour is reported again after a pulled cable, an address change, a power cut, and to the next process")
    func newNeighbours() throws {
        let (host, other) = (HostID(0), 1)
        for (faults, count) in [
            ([Fault.unplug(host), .plug(host)], 2), ([.changeAddress(host)], 2),
            ([.powerCut(host), .restart(host)], 1),
            ([.crash(host), .restart(host)], 1),
        ] {
            let street = try Street()
            street.tell(other, 0, "a")
            try street.run()
            for fault in faults { street.simulation.perform(fault) }
            street.tell(other, 0, "b")
            try street.run()
            // A process that was started again counts from zero.
            #expect(street[0].neighbours == Array(repeating: street.address(other), count: count), "\(faults)")
        }
    }

    @Test("machines that sleep, have no power or are cut off are not neighbours")
    func absentNeighbours() throws {
        for fault in [Fault.sleep(HostID(1)), .powerCut(HostID(1)), .cut(from: HostID(0), to: HostID(1))] {
            let street = try Street()
            street.simulation.perform(fault)
            street.tell(0, 1, "a")
            street.tell(0, 1, "dial")
            try street.run(for: .seconds(5))
            #expect(street[0].neighbours.isEmpty, "\(fault)")
            #expect(street.simulation.node(of: HostID(1))?.neighbours.isEmpty != false, "\(fault)")
        }
    }
}
