import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork

@Suite struct DiscoveryTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func identity(_ number: UInt8) -> Identity { Identity(seed: Array(repeating: number, count: 32)) }

    private func discovery() -> Discovery {
        Discovery(peer: identity(1).peerID, instance: 7, random: RandomStream(simulationSeed: 1))
    }

    private func announcement(
        of number: UInt8, sequence: UInt64, kind: Announcement.Kind = .announce, instance: UInt64 = 9
    ) -> SignedAnnouncement {
        let identity = identity(number)
        let content = Announcement(
            kind: kind, peer: identity.peerID, instance: instance, sequence: sequence, name: "p\(number)",
            claimTime: 1, linkPort: 47474)
        return SignedAnnouncement(signing: content, by: identity)
    }

    private func endpoint(_ last: UInt32, port: UInt16 = 47474) -> Endpoint {
        Endpoint(address: .v4(0x0A00_0000 | last), port: port)
    }

    private func acts(_ discovery: inout Discovery) -> [Discovery.Act] {
        var acts: [Discovery.Act] = []
        while let act = discovery.nextAct() { acts.append(act) }
        return acts
    }

    /// Advances time, deadline by deadline.
    private func run(_ discovery: inout Discovery, from: Instant, for duration: Duration) -> [Discovery.Act] {
        var found: [Discovery.Act] = []
        while let next = discovery.nextDeadline, next.at <= from + duration {
            discovery.deadlineReached(at: max(next.at, from))
            found += acts(&discovery)
        }
        return found
    }

    @Test("an announced peer is dialled at the source address of the datagram and the announced port")
    func dials() {
        var discovery = discovery()
        discovery.datagramReceived(announcement(of: 2, sequence: 5).bytes, from: endpoint(2, port: 999), at: start)
        let found = run(&discovery, from: start, for: .seconds(1))
        #expect(found == [.dial(.peer(identity(2).peerID), [endpoint(2)])])
    }

    @Test("a forged introduction, old or new, changes no endpoint")
    func forgedIntroduction() {
        var discovery = discovery()
        let genuine = announcement(of: 2, sequence: 5)
        discovery.datagramReceived(genuine.bytes, from: endpoint(2), at: start)
        for sequence in [4, 5, 6] as [UInt64] {
            var forged = announcement(of: 2, sequence: sequence).bytes
            forged[forged.count - 1] ^= 1
            discovery.introduced(
                Introduction(announcement: forged, endpoints: [endpoint(66)]), by: identity(3).peerID, at: start)
        }
        #expect(discovery.sightings[identity(2).peerID]?.endpoints == [endpoint(2)])
        // A genuine one adds an endpoint behind the one received directly.
        discovery.introduced(
            Introduction(announcement: genuine.bytes, endpoints: [endpoint(4)]), by: identity(3).peerID, at: start)
        #expect(discovery.sightings[identity(2).peerID]?.endpoints == [endpoint(2), endpoint(4)])
    }

    @Test("loopback addresses in introductions are ignored unless other processes run on this machine")
    func foreignLoopback() {
        var discovery = discovery()
        let loopback = Endpoint(address: .v4(0x7F00_0001), port: 47474)
        discovery.introduced(
            Introduction(announcement: announcement(of: 2, sequence: 5).bytes, endpoints: [loopback]),
            by: identity(3).peerID, at: start)
        #expect(run(&discovery, from: start, for: .seconds(1)).isEmpty)
        // A multicast arrives from this machine: from now on they may be ours.
        discovery.datagramReceived(announcement(of: 4, sequence: 5).bytes, from: loopback, at: start)
        _ = run(&discovery, from: start, for: .seconds(1))
        discovery.introduced(
            Introduction(announcement: announcement(of: 2, sequence: 5).bytes, endpoints: [loopback]),
            by: identity(3).peerID, at: start)
        let found = run(&discovery, from: start, for: .seconds(1))
        #expect(found.contains(.dial(.peer(identity(2).peerID), [loopback])))
    }

    @Test("a replayed announcement from before a goodbye does not bring the peer back")
    func replayAfterGoodbye() {
        var discovery = discovery()
        discovery.datagramReceived(announcement(of: 2, sequence: 1).bytes, from: endpoint(2), at: start)
        discovery.datagramReceived(
            announcement(of: 2, sequence: 3, kind: .goodbye).bytes, from: endpoint(2), at: start)
        discovery.datagramReceived(announcement(of: 2, sequence: 2).bytes, from: endpoint(2), at: start)
        #expect(run(&discovery, from: start, for: .seconds(5)).isEmpty)
    }

    /// Announces this many peers within a tenth of a second, each from its own address; returns the acts.
    private func crowd(of count: Int, _ discovery: inout Discovery) -> [Discovery.Act] {
        discovery.started(on: [], at: start)
        var found: [Discovery.Act] = []
        for number in 0..<count {
            let now = start + .milliseconds(100) / count * number
            let bytes = announcement(of: UInt8(number + 2), sequence: 5).bytes
            discovery.datagramReceived(bytes, from: endpoint(UInt32(number + 2)), at: now)
            found += run(&discovery, from: now, for: .zero)
        }
        return found
    }

    private func dialCount(_ acts: [Discovery.Act]) -> Int {
        acts.count { if case .dial = $0 { true } else { false } }
    }

    @Test("a newcomer in a crowd dials few peers immediately, and all in the end if none of them is advertised")
    func crowd() {
        var discovery = discovery()
        let first = dialCount(crowd(of: 120, &discovery) + run(&discovery, from: start, for: .milliseconds(400)))
        #expect((6...30).contains(first), "\(first) dials at once")
        // The limit of dials in progress is reached; these are cancelled, because no link is made here.
        for number in 2...121 as ClosedRange<UInt8> where discovery.dials.isUnderWay(.peer(identity(number).peerID)) {
            discovery.dials.cancel(.peer(identity(number).peerID))
        }
        var later = 0
        while let next = discovery.nextDeadline, next.at < start + .seconds(60) {
            discovery.deadlineReached(at: max(next.at, start + .milliseconds(400)))
            for act in acts(&discovery) {
                guard case .dial(let target, _) = act else { continue }
                later += 1
                discovery.dials.cancel(target)
            }
        }
        #expect(first + later == 120, "\(first) and \(later)")
    }

    @Test("twenty peers that start together dial each other immediately")
    func few() {
        var discovery = discovery()
        let first = dialCount(crowd(of: 20, &discovery) + run(&discovery, from: start, for: .milliseconds(1)))
        #expect(first == 20)
    }

    @Test("a process whose clock was set back is found by its advertisement, although an earlier one said goodbye")
    func clockPutBack() {
        var discovery = discovery()
        let peer = identity(2).peerID
        discovery.datagramReceived(announcement(of: 2, sequence: 900).bytes, from: endpoint(2), at: start)
        discovery.datagramReceived(
            announcement(of: 2, sequence: 1_000, kind: .goodbye).bytes, from: endpoint(2), at: start)
        let fresh = announcement(of: 2, sequence: 5, instance: 10)
        let advertisement = LinkStateAdvertisement(sequence: 5, announcement: fresh.bytes, away: nil, links: [])
        discovery.appeared(SignedAdvertisement(signing: advertisement, announcement: fresh, by: identity(2)), at: start)
        let repeated = announcement(of: 2, sequence: 6, instance: 10).bytes
        discovery.datagramReceived(repeated, from: endpoint(3), at: start + .seconds(1))
        let isKnown = discovery.want(peer, at: start + .seconds(1))
        #expect(isKnown && discovery.sightings[peer]?.endpoints == [endpoint(3)])
    }

    @Test("a goodbye by datagram does not remove a peer whose link is alive")
    func goodbyeOfLinked() {
        var discovery = discovery()
        let peer = identity(2).peerID
        discovery.announcementAuthenticated(announcement(of: 2, sequence: 1), at: endpoint(2), at: start)
        discovery.linkUp(peer, instance: 9, endpoint: endpoint(2), dialled: false, at: start)
        discovery.datagramReceived(
            announcement(of: 2, sequence: 3, kind: .goodbye).bytes, from: endpoint(2), at: start)
        #expect(discovery.isLinked(peer))
        #expect(discovery.introductions(of: [peer], limit: 9).count == 1)
    }

    @Test("beacons of an unreachable peer do not shorten the backoff")
    func backOffStands() {
        var discovery = discovery()
        var now = start
        var dials = 0
        for sequence in 1...60 as ClosedRange<UInt64> {
            discovery.datagramReceived(announcement(of: 2, sequence: sequence).bytes, from: endpoint(2), at: now)
            for act in run(&discovery, from: now, for: .seconds(2)) {
                guard case .dial(let target, let endpoints) = act else { continue }
                dials += 1
                discovery.dialFailed(target, endpoint: endpoints.first, at: now)
            }
            now = now + .seconds(2)
        }
        #expect((8...22).contains(dials), "\(dials) dials in 120 s")
    }

    @Test("a flood of invented peers from one address delays an honest one by at most a few seconds")
    func flood() {
        var discovery = discovery()
        var random = SeededGenerator(seed: 1)
        for _ in 0..<400 {
            let liar = Identity(seed: random.bytes(32))
            let content = Announcement(
                kind: .announce, peer: liar.peerID, instance: 1, sequence: 1, name: "x", claimTime: 1, linkPort: 9)
            discovery.datagramReceived(
                SignedAnnouncement(signing: content, by: liar).bytes, from: endpoint(66), at: start)
        }
        discovery.datagramReceived(announcement(of: 2, sequence: 1).bytes, from: endpoint(2), at: start)
        var isDialled = false
        var now = start
        while !isDialled, now < start + .seconds(5) {
            discovery.deadlineReached(at: now)
            for act in acts(&discovery) {
                guard case .dial(let target, let endpoints) = act else { continue }
                if target == .peer(identity(2).peerID) { isDialled = true }
                discovery.dialFailed(target, endpoint: endpoints.first, at: now)
            }
            now = now + .milliseconds(20)
        }
        #expect(isDialled)
    }

    @Test("random, changed and repeated datagrams cause no act and take no memory", arguments: [1, 2] as [UInt64])
    func fuzz(seed: UInt64) {
        var discovery = discovery()
        var random = SeededGenerator(seed: seed)
        let genuine = announcement(of: 2, sequence: 5).bytes
        discovery.datagramReceived(genuine, from: endpoint(2), at: start)
        _ = run(&discovery, from: start, for: .seconds(1))
        var now = start + .seconds(1)
        for round in 0..<10_000 {
            var bytes = genuine
            switch round % 3 {
            case 0: bytes = random.bytes(Int(random.next() % 300))
            case 1: bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
            default: break
            }
            discovery.datagramReceived(bytes, from: endpoint(UInt32(round % 200)), at: now)
            now = now + .milliseconds(1)
        }
        #expect(acts(&discovery).isEmpty)
        #expect(discovery.sightings.count == 1)
        #expect(discovery.sightings[identity(2).peerID]?.endpoints == [endpoint(2)])
    }

    @Test("steady announcements of all peers together stay within 2 kB/s", arguments: [2, 50, 1000])
    func budget(population: Int) {
        var random = SeededGenerator(seed: UInt64(population))
        var beacon = Beacon()
        for _ in 0..<200 { beacon.heard(bytes: 190) }
        beacon.burst(at: start)
        let steadyFrom = start + .seconds(2)
        var sent = 0
        while let next = beacon.nextDeadline, next.at < steadyFrom + .seconds(3_600) {
            let unit = Double(random.next() >> 11) * 0x1p-53
            if beacon.isDue(at: next.at, population: population, unit: unit), next.at >= steadyFrom { sent += 1 }
        }
        // By IPv4 and IPv6, with headers.
        let bytesPerSecond = Double(sent * population * 2 * (190 + 38)) / 3_600
        #expect(bytesPerSecond < 2_100, "\(bytesPerSecond) B/s")
        #expect(bytesPerSecond > 100)
    }
}
