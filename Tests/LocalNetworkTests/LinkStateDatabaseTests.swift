import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork

@Suite("Presence by link-state advertisements")
struct LinkStateDatabaseTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private static let identities = (0..<80).map { Identity(seed: Array(repeating: UInt8($0 + 1), count: 32)) }

    private func peer(_ number: Int) -> PeerID { Self.identities[number].peerID }

    private func tag(_ number: Int, instance: UInt64 = 9) -> ProcessTag {
        ProcessTag(peer: peer(number), instance: instance)
    }

    private func advertisement(
        of number: Int, sequence: UInt64, links: [ProcessTag], instance: UInt64 = 9,
        kind: Announcement.Kind = .announce
    ) -> SignedAdvertisement {
        let identity = Self.identities[number]
        let announcement = SignedAnnouncement(
            signing: Announcement(
                kind: kind, peer: identity.peerID, instance: instance, sequence: sequence, name: "p\(number)",
                claimTime: 1, linkPort: 47474), by: identity)
        let advertisement = LinkStateAdvertisement(
            sequence: sequence, announcement: announcement.bytes, away: nil, links: links.sorted())
        return SignedAdvertisement(signing: advertisement, announcement: announcement, by: identity)
    }

    /// We have a link with 0, which has one with 1, which has one with 2.
    private func chain() -> LinkStateDatabase {
        var table = LinkStateDatabase()
        table.linkUp(tag(0))
        _ = table.accept(advertisement(of: 2, sequence: 1, links: [tag(1)]), at: start)
        _ = table.accept(advertisement(of: 1, sequence: 1, links: [tag(0), tag(2)]), at: start)
        table.settle(at: start)
        #expect(table.takeChanges().isEmpty)
        _ = table.accept(advertisement(of: 0, sequence: 1, links: [tag(1)]), at: start)
        table.settle(at: start)
        return table
    }

    @Test("a peer that has a link with a present peer, as both advertise, is present")
    func chained() {
        var table = chain()
        #expect(Set([0, 1, 2].filter { table.reaches(peer($0)) }) == [0, 1, 2])
        #expect(table.takeChanges().count == 3)
        #expect(table.reachedCount == 3)
    }

    @Test("a link that only one of its ends advertises counts for nothing, however often it is advertised")
    func liar() {
        var table = chain()
        // 3 advertises links with all; 4 one with 3.
        _ = table.accept(advertisement(of: 3, sequence: 1, links: [tag(0), tag(1), tag(2), tag(4)]), at: start)
        _ = table.accept(advertisement(of: 4, sequence: 1, links: [tag(3)]), at: start)
        table.settle(at: start)
        #expect(!table.reaches(peer(3)) && !table.reaches(peer(4)))
        // Withdrawing the false links removes no peer either.
        _ = table.accept(advertisement(of: 3, sequence: 2, links: []), at: start)
        table.settle(at: start)
        #expect(table.reachedCount == 3)
    }

    @Test("a peer that loses its last link with us is gone, and all behind it; one that says goodbye has left")
    func gone() {
        var table = chain()
        _ = table.takeChanges()
        _ = table.accept(advertisement(of: 0, sequence: 2, links: []), at: start)
        table.settle(at: start)
        #expect(
            Set(table.takeChanges().map { "\($0)" })
                == Set(
                    [
                        LinkStateDatabase.Change.stated(peer(0)), .vanished(peer(1), left: false),
                        .vanished(peer(2), left: false),
                    ].map { "\($0)" }))
        table = chain()
        _ = table.takeChanges()
        _ = table.accept(advertisement(of: 2, sequence: 2, links: [], kind: .goodbye), at: start)
        table.settle(at: start)
        #expect(table.takeChanges() == [.vanished(peer(2), left: true)])
        // A repeat, or a replay of an earlier advertisement, changes nothing.
        #expect(table.accept(advertisement(of: 2, sequence: 1, links: [tag(1)]), at: start) == .known)
        #expect(table.accept(advertisement(of: 2, sequence: 2, links: [], kind: .goodbye), at: start) == .known)
        table.settle(at: start)
        #expect(table.takeChanges().isEmpty && !table.reaches(peer(2)))
    }

    @Test("the advertisement of an earlier process counts for nothing once its neighbours have dropped it")
    func restart() {
        var table = chain()
        _ = table.takeChanges()
        // 2 restarts with a clock that was set back; 1 is linked with the new process.
        let fresh = advertisement(of: 2, sequence: 0, links: [tag(1)], instance: 10)
        #expect(table.accept(fresh, at: start) == .known)
        _ = table.accept(advertisement(of: 1, sequence: 2, links: [tag(0), tag(2, instance: 10)]), at: start)
        table.settle(at: start)
        #expect(!table.reaches(peer(2)))
        #expect(table.accept(fresh, at: start) == .taken)
        table.settle(at: start)
        #expect(table.reaches(peer(2)) && table.advertisement(of: peer(2))?.process == tag(2, instance: 10))
    }

    @Test("the present peers are always those that can be reached, and the sums are theirs", arguments: 1...20)
    func agreesWithSearch(seed: UInt64) {
        var random = RandomStream(simulationSeed: seed)
        var table = LinkStateDatabase()
        let count = 12
        var stated = [Set<Int>](repeating: [], count: count)
        var linked: Set<Int> = []
        var here: Set<PeerID> = []
        for step in 1...300 as ClosedRange<UInt64> {
            let now = start + .seconds(Int64(step))
            let (one, other) = (Int(random.uniform(below: 12)), Int(random.uniform(below: 12)))
            if random.unit() < 0.1 {
                if linked.remove(one) != nil {
                    table.linkDown(tag(one))
                } else {
                    linked.insert(one)
                    table.linkUp(tag(one))
                }
            } else if one != other {
                if stated[one].remove(other) == nil { stated[one].insert(other) }
                let links = stated[one].map { tag($0) }.sorted()
                #expect(table.accept(advertisement(of: one, sequence: step, links: links), at: now) == .taken)
            }
            table.settle(at: now)
            for change in table.takeChanges() {
                switch change {
                case .appeared(let peer): #expect(here.insert(peer).inserted)
                case .stated(let peer): #expect(here.contains(peer))
                case .vanished(let peer, _): #expect(here.remove(peer) != nil)
                }
            }
            let reachable = search(from: linked, stated, in: table)
            #expect(here == Set(reachable.map { peer($0) }), "seed \(seed), step \(step)")
            #expect(table.reachedCount == reachable.count)
            var sums = [UInt64](repeating: 0, count: Limits.digestSumCount)
            for number in reachable {
                guard let key = table.advertisement(of: peer(number))?.key else { continue }
                sums[key.sumIndex] &+= key.weight
            }
            #expect(table.sums == sums)
        }
    }

    @Test("each node is visited once, however many ways lead to it", .timeLimit(.minutes(1)))
    func manyWays() {
        var table = LinkStateDatabase()
        // Layers of three, each linked with all of the next: 3^25 ways lead to the last.
        for number in 3..<78 {
            let layer = number / 3
            let neighbours = [layer - 1, layer + 1].flatMap { [3 * $0, 3 * $0 + 1, 3 * $0 + 2] }
            let links = neighbours.filter { $0 < 78 }.map { tag($0) }
            _ = table.accept(advertisement(of: number, sequence: 1, links: links), at: start)
        }
        for number in 0..<3 {
            table.linkUp(tag(number))
            _ = table.accept(advertisement(of: number, sequence: 1, links: (3..<6).map { tag($0) }), at: start)
        }
        table.settle(at: start)
        #expect(table.reachedCount == 78 && table.takeChanges().count == 78)
    }

    private func search(from linked: Set<Int>, _ stated: [Set<Int>], in table: LinkStateDatabase) -> Set<Int> {
        var found = linked.filter { table.advertisement(of: peer($0)) != nil }
        var queue = Array(found)
        while let one = queue.popLast() {
            for other in stated[one] where stated[other].contains(one) && found.insert(other).inserted {
                queue.append(other)
            }
        }
        return found
    }

    @Test("the advertisements of one peer are rate-limited, and those of absent peers expire without the present ones")
    func bounds() {
        var table = chain()
        let accepted = (2...200).filter { sequence in
            table.accept(advertisement(of: 2, sequence: sequence, links: [tag(1)]), at: start) == .taken
        }
        #expect(accepted.count == Int(LinkStateDatabase.burst))
        #expect(table.lacks(AdvertisementKey(process: tag(2), sequence: 1_000)))
        table.expire(at: start + .seconds(3_600))
        #expect(table.count == 3)
        _ = table.accept(advertisement(of: 5, sequence: 1, links: []), at: start + .seconds(3_600))
        table.expire(at: start + .seconds(3_900))
        #expect(table.count == 3)
    }
}
