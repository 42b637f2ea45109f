import CoreModel
import Links
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import TestKit
import Testing
import Wire

@Suite("The virtual network")
struct NetworkTests {
    private func simulation(
        seed: UInt64 = 1, hosts: Int = 2, _ conditions: Conditions = Conditions()
    ) throws -> Simulation<Chatterbox> {
        let simulation = Simulation(seed: seed, conditions: conditions) { _, _, _ in Chatterbox() }
        for _ in 0..<hosts { simulation.addHost() }
        try simulation.run(for: .milliseconds(1))
        return simulation
    }

    private let first = HostID(0)
    private let second = HostID(1)

    private func tell(_ simulation: Simulation<Chatterbox>, _ text: String) throws {
        let endpoint = try #require(simulation.endpoint(of: second))
        simulation.command(first, .tell(to: endpoint.description, text: text, kind: .text))
    }

    private func received(_ simulation: Simulation<Chatterbox>) -> String {
        String(decoding: simulation.node(of: second)?.received ?? [], as: UTF8.self)
    }

    @Test("a multicast reaches every host on the LAN, its sender on each of its interfaces, and no host on another LAN")
    func multicast() throws {
        let simulation = Simulation(seed: 1) { _, _, _ in Chatterbox() }
        let lans = [[LANID(0)], [LANID(0)], [LANID(1)], [LANID(0), LANID(1)]]
        for lan in lans { simulation.addHost(on: lan) }
        try simulation.run(for: .milliseconds(1))
        simulation.command(first, .say(text: "x", kind: .text, room: nil))
        try simulation.run(for: .seconds(1))
        #expect(simulation.hosts.map { simulation.node(of: $0)?.datagrams.count } == [2, 1, 0, 1])
        #expect(simulation.recorder.traffic[0].datagrams == 1)
        #expect(simulation.recorder.total.datagramBytes == 1)
    }

    @Test("datagrams are lost and duplicated about as often as configured")
    func lossAndDuplication() throws {
        var conditions = Conditions(loss: 0.2)
        conditions.duplication = 0.1
        let simulation = try simulation(conditions)
        for _ in 0..<5_000 { simulation.command(first, .say(text: "x", kind: .text, room: nil)) }
        try simulation.run(for: .seconds(1))
        let count = try #require(simulation.node(of: second)?.datagrams.count)
        // 5,000 × 0.8 × 1.1 = 4,400; six standard deviations are about 215.
        #expect((4_185...4_615).contains(count), "\(count)")
    }

    @Test("datagrams overtake earlier ones with reordering, and never without reordering and jitter")
    func reordering() throws {
        func isOrdered(_ share: Double) throws -> Bool {
            var conditions = Conditions()
            conditions.reordering = share
            conditions.jitter = .zero
            let simulation = try simulation(conditions)
            for number in 0..<100 { simulation.command(first, .say(text: "\(number)", kind: .text, room: nil)) }
            try simulation.run(for: .seconds(1))
            let numbers = (simulation.node(of: second)?.datagrams ?? []).map {
                Int(String(decoding: $0, as: UTF8.self))
            }
            #expect(numbers.count == 100)
            return numbers.compactMap(\.self) == Array(0..<100)
        }
        #expect(try isOrdered(0))
        #expect(try !isOrdered(0.3))
    }

    @Test("a link keeps all bytes in order, however lossy and slow the network is")
    func linkOrder() throws {
        var conditions = Conditions(loss: 0.3)
        conditions.jitter = .milliseconds(100)
        conditions.linkBytesPerSecond = 1_000
        let simulation = try simulation(seed: 7, conditions)
        let texts = (0..<200).map { "\($0) " }
        for text in texts { try tell(simulation, text) }
        #expect(try simulation.run(limit: .seconds(60)) { received($0) == texts.joined() } != nil)
        // 690 bytes at 1,000 a second.
        #expect(simulation.now > Instant(nanoseconds: 600_000_000))
        #expect(simulation.node(of: second)?.accepted == 1)
    }

    @Test("an orderly close follows the bytes, a crash resets immediately")
    func closing() throws {
        let simulation = try simulation()
        try tell(simulation, "last words")
        try simulation.run(for: .milliseconds(10))
        try tell(simulation, ", really")
        simulation.command(first, .kick(name: "", reason: ""))
        try simulation.run(for: .milliseconds(10))
        #expect(received(simulation) == "last words, really")
        #expect(simulation.node(of: second)?.ends == [.closedByPeer])
        #expect(simulation.node(of: first)?.ends == [.closedByUs])

        try tell(simulation, "again")
        try simulation.run(for: .milliseconds(10))
        simulation.perform(.crash(first))
        try simulation.run(for: .milliseconds(10))
        #expect(simulation.node(of: second)?.ends.last == .failed("connection reset"))
    }

    @Test("dialling a dead process is refused immediately, and an unused address fails after 3 s")
    func refusal() throws {
        let simulation = try simulation()
        simulation.perform(.crash(second))
        try tell(simulation, "x")
        try simulation.run(for: .milliseconds(5))
        #expect(simulation.node(of: first)?.ends == [.refused])
        simulation.command(first, .tell(to: "10.0.200.1:47474", text: "x", kind: .text))
        try simulation.run(for: .milliseconds(2_900))
        #expect(simulation.node(of: first)?.ends.count == 1)
        try simulation.run(for: .milliseconds(200))
        #expect(simulation.node(of: first)?.ends.last == .failed("no route to host"))
    }

    @Test(
        "data sent into a cut is late but not lost, and the connection fails only after a quarter of an hour")
    func cut() throws {
        let simulation = try simulation()
        try tell(simulation, "a")
        try simulation.run(for: .seconds(1))
        simulation.perform(.cut(from: first, to: second))
        try tell(simulation, "b")
        try simulation.run(for: .seconds(60))
        #expect(received(simulation) == "a")
        #expect(simulation.node(of: first)?.ends == [])
        simulation.perform(.heal(from: first, to: second))
        try simulation.run(for: .seconds(121))
        #expect(received(simulation) == "ab")

        simulation.perform(.partition([first], oneWay: false))
        try tell(simulation, "c")
        try simulation.run(for: .seconds(1_300))
        #expect(simulation.node(of: first)?.ends == [.failed("connection timed out")])
        #expect(received(simulation) == "ab")
    }

    @Test("a machine without power is silent; once back, it resets the connections that it does not know")
    func powerCut() throws {
        let simulation = try simulation()
        try tell(simulation, "a")
        try simulation.run(for: .seconds(1))
        simulation.perform(.powerCut(second))
        try tell(simulation, "b")
        try simulation.run(for: .seconds(30))
        #expect(simulation.node(of: first)?.ends == [])
        simulation.perform(.restart(second))
        try simulation.run(for: .seconds(60))
        #expect(simulation.node(of: first)?.ends == [.failed("connection reset")])
        #expect(received(simulation) == "")
    }

    @Test("an address change notifies only the host; its links carry no more data")
    func addressChange() throws {
        let simulation = try simulation()
        try tell(simulation, "a")
        try simulation.run(for: .seconds(1))
        let before = simulation.endpoint(of: second)
        simulation.perform(.changeAddress(second))
        #expect(simulation.endpoint(of: second) != before)
        #expect(
            simulation.node(of: second)?.interfaces.last?.addresses.first?.address
                == simulation.endpoint(of: second)?.address)
        try tell(simulation, "b")
        try simulation.run(for: .seconds(30))
        #expect(received(simulation) == "a")
    }

    @Test("a pulled cable leaves the loopback interface; the wall clock can jump; sleep ends with a notice")
    func hostFaults() throws {
        let simulation = try simulation()
        simulation.perform(.unplug(first))
        #expect(simulation.node(of: first)?.interfaces.map(\.name) == ["lo"])
        simulation.perform(.plug(first))
        #expect(simulation.node(of: first)?.interfaces.map(\.name) == ["lo", "eth0"])

        simulation.perform(.shiftWall(first, .seconds(-3_600)))
        #expect(simulation.wall(of: first).milliseconds + 3_600_000 == simulation.wall(of: second).milliseconds)

        simulation.command(first, .away(nil))
        simulation.perform(.sleep(first))
        try simulation.run(for: .seconds(7_200))
        #expect(simulation.recorder.events[0].isEmpty)
        simulation.perform(.wake(first))
        try simulation.run(for: .seconds(1))
        #expect(simulation.node(of: first)?.resumptions == 1)
        #expect(simulation.recorder.events[0].map(\.event) == [.notice("deadline")])
    }

    @Test("a process that ends closes its links and is gone")
    func ending() throws {
        let simulation = try simulation()
        try tell(simulation, "a")
        try simulation.run(for: .seconds(1))
        simulation.command(first, .quit(afterReceipts: false))
        try simulation.run(for: .seconds(1))
        #expect(simulation.recorder.exits == [.done, nil])
        #expect(simulation.node(of: first) == nil)
        #expect(simulation.node(of: second)?.ends == [.closedByPeer])
    }

    @Test("the invariant is checked after every step")
    func invariant() throws {
        struct Broken: Error {}
        let simulation = try simulation()
        simulation.invariant = { if $0.node(of: HostID(1))?.datagrams.isEmpty == false { throw Broken() } }
        simulation.command(first, .say(text: "x", kind: .text, room: nil))
        #expect(throws: Broken.self) { try simulation.run(for: .seconds(1)) }
        #expect(simulation.now < Instant(nanoseconds: 10_000_000))
    }

    @Test("equal seeds give equal traces to the byte, and different seeds different ones", arguments: [1, 2, 3])
    func determinism(seed: UInt64) throws {
        func run(_ seed: UInt64) throws -> (trace: [String], fingerprint: UInt64) {
            let simulation = try simulation(seed: seed, hosts: 6, Conditions(loss: 0.1))
            var random = SeededGenerator(seed: seed)
            let plan = FaultPlan(
                swarm: &random, hosts: simulation.hosts, from: simulation.now, for: .seconds(60), count: 20)
            simulation.apply(plan)
            for number in 0..<300 {
                let host = simulation.hosts[number % 6]
                simulation.command(host, .say(text: "\(number)", kind: .text, room: nil))
                let other = simulation.endpoint(of: simulation.hosts[(number * 5 + 1) % 6])!
                simulation.command(host, .tell(to: other.description, text: "\(number)", kind: .text))
                try simulation.run(for: .milliseconds(250))
            }
            return (simulation.recorder.trace.map(\.description), simulation.recorder.fingerprint)
        }
        let (one, again, other) = try (run(seed), run(seed), run(seed + 100))
        #expect(one.trace == again.trace && one.fingerprint == again.fingerprint)
        #expect(one.fingerprint != other.fingerprint)
        #expect(one.trace.count > 500)
    }

    @Test("a swarm's plan switches kinds on and off, and ends with a whole network")
    func plans() {
        var random = SeededGenerator(seed: 1)
        var seen: [Int] = []
        for _ in 0..<50 {
            let end = Instant(nanoseconds: 10_000_000_000)
            let plan = FaultPlan(
                swarm: &random, hosts: (0..<4).map(HostID.init), from: Instant(nanoseconds: 0), for: .seconds(10),
                count: 30)
            seen.append(plan.kinds.count)
            #expect(plan.faults.allSatisfy { $0.at <= end })
            #expect(zip(plan.faults, plan.faults.dropFirst()).allSatisfy { $0.at <= $1.at })
        }
        #expect(Set(seen).count > 3)
    }
}
