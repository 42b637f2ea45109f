import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork

@Suite("Introduction by unicast") struct ReachTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func address(_ text: String) -> IPAddress { IPAddress(text)! }

    private func interface(
        _ index: UInt32, _ prefix: String, _ length: UInt8, kind: NetworkInterface.Kind = .lan
    ) -> NetworkInterface {
        NetworkInterface(
            index: index, name: "eth\(index)", isLoopback: false,
            addresses: [.init(address: address(prefix), length: length)], kind: kind)
    }

    private var loopback: NetworkInterface {
        NetworkInterface(
            index: 1, name: "lo", isLoopback: true, addresses: [.init(address: .v4(0x7F00_0001), length: 8)])
    }

    private func reach(_ interfaces: [NetworkInterface], usesSweep: Bool = true) -> Reach {
        var reach = Reach(usesSweep: usesSweep, random: RandomStream(simulationSeed: 1))
        reach.interfacesChanged(interfaces, at: start)
        return reach
    }

    private struct Done: Equatable {
        var after: Duration
        var act: Reach.Act
    }

    /// Advances time, deadline by deadline, up to this long after the start.
    private func run(_ reach: inout Reach, until end: Duration) -> [Done] {
        var done: [Done] = []
        while let next = reach.nextDeadline, next.at <= start + end {
            let now = max(next.at, start)
            reach.deadlineReached(at: now)
            while let act = reach.nextAct() { done.append(Done(after: now - start, act: act)) }
        }
        return done
    }

    private func addresses(_ done: [Done]) -> [IPAddress] {
        done.flatMap { if case .introduce(let addresses) = $0.act { addresses } else { [IPAddress]() } }
    }

    @Test("a peer that finds another within a second introduces itself to no address")
    func healthy() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)])
        reach.neighbourSeen(address("10.0.0.2"), at: start)
        _ = run(&reach, until: .milliseconds(900))
        reach.linksChanged(to: [address("10.0.0.2")], at: start + .milliseconds(900))
        reach.neighbourSeen(address("10.0.0.3"), at: start + .seconds(1))
        // Beacons arrive, except for lost ones.
        for second in stride(from: 1, to: 1_000, by: 15) {
            reach.othersHeard(on: 2, at: start + .seconds(second))
            #expect(run(&reach, until: .seconds(second + 15)).isEmpty && !reach.isSearching)
        }
    }

    @Test("a link over one interface is enough, unless our own multicast does not come back on the other")
    func twoInterfaces() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24), interface(3, "10.1.0.1", 24)])
        reach.linksChanged(to: [address("10.0.0.2")], at: start)
        #expect(run(&reach, until: .seconds(19)).isEmpty)
        let later = start + .seconds(19)
        for index in [2, 3] as [UInt32] { reach.othersHeard(on: index, at: later) }
        for _ in 0..<2 { reach.multicastSent(at: later) }
        reach.multicastReturned(on: 2, at: later)
        #expect(!run(&reach, until: .seconds(29)).isEmpty)
    }

    @Test("a linked peer that receives no multicast searches for others now and then, because there may be islands")
    func islands() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        for last in [5, 6] as [UInt32] { reach.neighbourSeen(.v4(0xC0A8_0700 | last), at: start) }
        reach.linksChanged(to: [address("192.168.7.5")], at: start)
        #expect(addresses(run(&reach, until: .seconds(20))).isEmpty)
        // Only those without a link.
        let asked = addresses(run(&reach, until: .seconds(22)))
        #expect(asked == [address("192.168.7.6")] && !reach.isSearching)
        #expect(addresses(run(&reach, until: .milliseconds(24_900))).count == 251)
        reach.othersHeard(on: 2, at: start + .seconds(25))
        #expect(addresses(run(&reach, until: .seconds(44))).isEmpty)
    }

    @Test("a machine whose firewall lets dials in needs no introductions once it has links")
    func reachable() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        for _ in 0..<2 { reach.multicastSent(at: start) }
        reach.multicastReturned(on: 1, at: start)
        reach.unsolicitedLinkAccepted(from: address("192.168.7.5"))
        reach.linksChanged(to: [address("192.168.7.5")], at: start)
        #expect(run(&reach, until: .seconds(10_000)).isEmpty)
    }

    @Test("a peer linked only with processes of its own machine still counts as alone")
    func ownMachine() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)])
        reach.linksChanged(to: [address("127.0.0.1"), address("10.0.0.1")], at: start)
        #expect(reach.isAlone && reach.isSearching)
    }

    @Test("neighbours and known addresses receive the first introductions, after a second")
    func rounds() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        _ = reach.known.note(address("192.168.7.30"))
        _ = reach.known.note(address("10.9.9.9"))
        reach.neighbourSeen(address("192.168.7.40"), at: start)
        reach.neighbourSeen(address("172.16.0.1"), at: start)
        let first = run(&reach, until: .milliseconds(2_900))
        #expect(addresses(first) == [address("192.168.7.40"), address("192.168.7.30")])
        #expect(first.first?.after == .seconds(1))
    }

    @Test("a sweep tries each address of the prefix once, in random order, five every 25 ms")
    func sweep() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        let done = run(&reach, until: .seconds(5))
        #expect(done.first == Done(after: .seconds(3), act: .sweepBegan(interface: "eth2", addressCount: 253)))
        let asked = addresses(done)
        let all = (1...254).map { IPAddress.v4(0xC0A8_0700 | UInt32($0)) }.filter { $0 != address("192.168.7.20") }
        #expect(asked.count == 253 && Set(asked) == Set(all) && asked != all)
        let times = done.dropFirst().map(\.after)
        #expect(times.last == .seconds(3) + .milliseconds(25) * 50)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == .milliseconds(25) })
        // Again after a minute, after five more, and then every half hour.
        let later = run(&reach, until: .seconds(6_000)).filter { if case .sweepBegan = $0.act { true } else { false } }
        #expect(later.map(\.after) == [63, 363, 2_163, 3_963, 5_763].map { .seconds($0) })
    }

    @Test("a sweep ends when a peer is found")
    func sweepEnds() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        let before = addresses(run(&reach, until: .milliseconds(3_100)))
        reach.othersHeard(on: 2, at: start + .milliseconds(3_100))
        reach.linksChanged(to: [address("192.168.7.99")], at: start + .milliseconds(3_110))
        #expect(before.count == 25 && addresses(run(&reach, until: .seconds(20))).isEmpty)
    }

    @Test("a sweep continues where no multicast was ever received, because there may be more peers")
    func sweepGoesOn() {
        var reach = reach([loopback, interface(2, "192.168.7.20", 24)])
        let before = addresses(run(&reach, until: .milliseconds(3_100)))
        reach.linksChanged(to: [address("192.168.7.99")], at: start + .milliseconds(3_110))
        #expect(before.count + addresses(run(&reach, until: .seconds(10))).count == 253)
    }

    @Test(
        "the swept part of a prefix depends on its length",
        arguments: [
            ("10.0.4.9", 22, 1_021, "10.0.4.1", "10.0.7.254"), ("10.0.4.9", 16, 253, "10.0.4.1", "10.0.4.254"),
            ("10.0.4.9", 28, 13, "10.0.4.1", "10.0.4.14"), ("10.0.4.9", 30, 1, "10.0.4.10", "10.0.4.10"),
            ("10.0.4.9", 8, 253, "10.0.4.1", "10.0.4.254"),
        ])
    func prefixes(own: String, length: UInt8, count: Int, first: String, last: String) {
        let swept = SearchedNetwork(interface(2, own, length), since: start).sweptAddresses
        #expect(swept.count == count && swept.first == address(first) && swept.last == address(last))
    }

    @Test("no sweep is made on an interface that leads to no LAN, or when sweeps are disabled")
    func unswept() {
        for kind in [NetworkInterface.Kind.pointToPoint, .containers, .vpn] {
            var other = reach([loopback, interface(2, "10.0.0.1", 24, kind: kind)])
            #expect(run(&other, until: .seconds(5_000)).isEmpty)
        }
        for length in [31, 32] as [UInt8] {
            #expect(SearchedNetwork(interface(2, "10.0.0.1", length), since: start).sweptAddresses.isEmpty)
        }
        var unwanted = reach([loopback, interface(2, "10.0.0.1", 24)], usesSweep: false)
        unwanted.neighbourSeen(address("10.0.0.7"), at: start)
        let asked = addresses(run(&unwanted, until: .seconds(5_000)))
        #expect(Set(asked) == [address("10.0.0.7")])
    }

    @Test("a peer whose own multicast does not come back introduces itself to a new neighbour immediately")
    func sendOnly() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)])
        reach.multicastSent(at: start)
        reach.multicastReturned(on: 1, at: start)
        _ = run(&reach, until: .milliseconds(249))
        reach.multicastSent(at: start + .milliseconds(250))
        reach.multicastReturned(on: 1, at: start + .milliseconds(250))
        _ = run(&reach, until: .milliseconds(400))
        #expect(reach.deafInterfaces(at: start + .milliseconds(400)) == ["eth2"])
        reach.neighbourSeen(address("10.0.0.2"), at: start + .milliseconds(400))
        #expect(
            run(&reach, until: .milliseconds(500))
                == [Done(after: .milliseconds(400), act: .introduce([address("10.0.0.2")]))])
    }

    @Test("no firewall is reported on a machine without multicast on lo")
    func noLoopback() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)])
        for _ in 0..<5 { reach.multicastSent(at: start) }
        #expect(reach.deafInterfaces(at: start + .seconds(1)).isEmpty)
    }

    @Test("an introduction accompanies a dial that hangs or fails unanswered, but not one answered or refused")
    func hangingDials() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)])
        reach.linksChanged(to: [address("10.0.0.9")], at: start)
        for number in 1...3 as ClosedRange<UInt32> {
            reach.dialBegan(LinkID(number: UInt64(number)), to: .v4(0x0A00_0001 + number), at: start)
        }
        reach.dialEnded(LinkID(number: 1), isUnanswered: false, at: start + .milliseconds(5))
        reach.dialEnded(LinkID(number: 3), isUnanswered: true, at: start + .milliseconds(5))
        #expect(
            run(&reach, until: .seconds(10)) == [
                Done(after: .milliseconds(5), act: .introduce([address("10.0.0.4")])),
                Done(after: .milliseconds(300), act: .introduce([address("10.0.0.3")])),
            ])
    }

    @Test("after an exchange both dial from the link port, four times in three seconds, until there is a link")
    func crossing() {
        var reach = reach([loopback, interface(2, "10.0.0.1", 24)], usesSweep: false)
        let peers = [1, 2].map { Identity(seed: Array(repeating: $0, count: 32)).peerID }.sorted()
        let endpoint = Endpoint(address: address("10.0.0.5"), port: 47474)
        for peer in peers { reach.announcementReceived(from: peer, at: endpoint, now: start) }
        // A repeated datagram changes nothing.
        reach.announcementReceived(from: peers[0], at: endpoint, now: start)
        let first = run(&reach, until: .milliseconds(900)).filter { if case .dial = $0.act { true } else { false } }
        #expect(first.map(\.after) == [.zero, .zero, .milliseconds(300), .milliseconds(300)])
        #expect(first.map(\.act).prefix(2) == [.dial(peers[0], endpoint), .dial(peers[1], endpoint)])
        reach.linkUp(peers[0])
        let rest = run(&reach, until: .seconds(60)).filter { if case .dial = $0.act { true } else { false } }
        #expect(
            rest.map(\.after) == [.seconds(1), .seconds(3)] && rest.allSatisfy { $0.act == .dial(peers[1], endpoint) })
    }

    @Test("answers are limited to one a second for each address, and in total")
    func replies() {
        var replies = ReplyLimit()
        let bea = address("10.0.0.2")
        let taken = [Duration.zero, .milliseconds(999), .seconds(1)].map { replies.take(to: bea, at: start + $0) }
        #expect(taken == [true, false, true])
        var count = 0
        for number in 0..<10_000 as Range<UInt32> {
            if replies.take(to: .v4(0x0B00_0000 + number), at: start + .seconds(2)) { count += 1 }
        }
        #expect(count == 200)
    }

    @Test("known addresses are stored, the latest last, and a malformed setting decodes to none")
    func knownAddresses() {
        var known = KnownAddresses()
        let linkLocal = IPAddress.v6(high: 0xFE80 << 48, low: 1, scope: 3)
        let news = [address("10.0.0.1"), linkLocal, address("10.0.0.1")].map { known.note($0) }
        #expect(news == [true, true, false])
        #expect(known.addresses == [.v6(high: 0xFE80 << 48, low: 1, scope: 0), address("10.0.0.1")])
        #expect(KnownAddresses(decoding: known.encoded()) == known)
        for number in 0..<200 { _ = known.note(.v4(UInt32(number))) }
        #expect(known.addresses.count == KnownAddresses.capacity && known.addresses.last == .v4(199))
        #expect(
            KnownAddresses(decoding: [0x9F, 1]).addresses.isEmpty && KnownAddresses(decoding: []).addresses.isEmpty)
    }
}
