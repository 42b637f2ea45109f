import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Neighbour selection")
struct MeshTests {
    private let start = Instant(nanoseconds: 0)

    private func peers(_ count: Int, _ random: inout RandomStream) -> [PeerID] {
        (0..<count).map { _ in PeerID(random.bytes(32))! }
    }

    private func mesh(of number: Int, among peers: [PeerID], limit: Int) -> Mesh {
        var mesh = Mesh(fullMeshCount: limit, secretFrom: [UInt8(number & 255), UInt8(number >> 8)])
        for (other, peer) in peers.enumerated() where other != number { mesh.enter(peer) }
        return mesh
    }

    @Test("below the limit every peer is wanted, at the limit only some are, and a third below it all are again")
    func gate() {
        var random = RandomStream(simulationSeed: 1)
        let peers = peers(60, &random)
        var mesh = Mesh(fullMeshCount: 48)
        for peer in peers.prefix(47) { mesh.enter(peer) }
        #expect(!mesh.isSparse && mesh.wanted(at: start).count == 47)
        mesh.enter(peers[47])
        #expect(mesh.isSparse && mesh.wanted(at: start).count == Mesh.neighbourCount(among: 48))
        for peer in peers[32..<48] { mesh.leave(peer) }
        #expect(mesh.isSparse)
        mesh.leave(peers[31])
        #expect(!mesh.isSparse && mesh.wanted(at: start).count == 31)
    }

    @Test("all wanted links form a connected graph, through joins and leaves", arguments: [10, 50, 300])
    func connected(count: Int) {
        for seed in 1...10 as ClosedRange<UInt64> {
            var random = RandomStream(simulationSeed: seed)
            var peers = peers(count, &random)
            for round in 0..<3 {
                let wanted = peers.indices.map { mesh(of: $0, among: peers, limit: 1).wanted(at: start) }
                #expect(reached(peers, wanted) == peers.count, "seed \(seed), round \(round)")
                // A third of them leave, and as many join.
                peers.removeFirst(count / 3)
                peers += self.peers(count / 3, &random)
            }
        }
    }

    private func reached(_ peers: [PeerID], _ wanted: [[PeerID]]) -> Int {
        var neighbours: [PeerID: [PeerID]] = [:]
        for (peer, others) in zip(peers, wanted) {
            for other in others {
                neighbours[peer, default: []].append(other)
                neighbours[other, default: []].append(peer)
            }
        }
        var found: Set<PeerID> = [peers[0]]
        var queue = [peers[0]]
        while let peer = queue.popLast() {
            for other in neighbours[peer] ?? [] where found.insert(other).inserted { queue.append(other) }
        }
        return found.count
    }

    @Test("a newcomer changes few choices")
    func stable() {
        var random = RandomStream(simulationSeed: 3)
        let peers = peers(300, &random)
        var changed = 0
        for number in 0..<100 {
            var mesh = mesh(of: number, among: Array(peers.dropLast()), limit: 48)
            let before = mesh.wanted(at: start)
            mesh.enter(peers[299])
            if mesh.wanted(at: start) != before { changed += 1 }
        }
        #expect(changed < 10)
    }

    @Test("while many peers join, links are not chosen again for each")
    func growing() {
        var random = RandomStream(simulationSeed: 5)
        let peers = peers(300, &random)
        var mesh = Mesh(fullMeshCount: 48)
        for peer in peers.prefix(200) { mesh.enter(peer) }
        let first = mesh.isGrowing()
        let second = mesh.isGrowing()
        #expect(first && !second)
        for peer in peers[200..<220] { mesh.enter(peer) }
        let few = mesh.isGrowing()
        for peer in peers[220..<300] { mesh.enter(peer) }
        let many = mesh.isGrowing()
        #expect(!few && many)
    }

    @Test("gossip is held back while received advertisements are read at 1,000 a second, but not indefinitely")
    func reading() {
        var reading = AdvertisementBacklog()
        let start = start + .seconds(100)
        #expect(reading.mayTell(at: start) == nil)
        for _ in 0..<2_000 { reading.taken(at: start) }
        #expect(reading.end == start + .seconds(2))
        #expect(reading.mayTell(at: start) == start + .seconds(2))
        #expect(reading.mayTell(at: start + .seconds(3)) == nil)
        var now = start
        while now < start + .seconds(29) {
            for _ in 0..<2_000 { reading.taken(at: now) }
            now = now + .seconds(1)
            #expect(reading.mayTell(at: now) != nil && reading.end <= now + AdvertisementBacklog.longest)
        }
        #expect(reading.mayTell(at: start + .seconds(30)) == nil)
    }

    @Test("a peer that cannot be dialled is replaced by another for a while")
    func undiallable() throws {
        var random = RandomStream(simulationSeed: 4)
        var mesh = mesh(of: 0, among: peers(100, &random), limit: 48)
        let wanted = mesh.wanted(at: start)
        let first = try #require(wanted.first)
        mesh.dialFailed(first, at: start)
        let instead = mesh.wanted(at: start + .seconds(1))
        #expect(!instead.contains(first) && instead.count == wanted.count)
        #expect(mesh.wanted(at: start + .seconds(120)) == wanted)
    }

    @Test("a peer that sends no gossip gets one digest only, and one that does gets the first advertisement")
    func firstStatement() throws {
        let rig = try PeerRig { $0.fullMeshCount = 2 }
        let members = (1...3).map { rig.join("member\($0)", Example.authors[$0]) }
        rig.wait(.seconds(3))
        func said(_ member: TestMember) -> [Int] {
            member.frames.compactMap { frame in
                switch frame {
                case .digest: 28
                case .advertise: 29
                case .request: 30
                case .advertisements: 31
                default: nil
                }
            }
        }
        for member in members { #expect(said(member) == [28]) }
        rig.say([.digest([UInt64](repeating: 0, count: Limits.digestSumCount))], members[0])
        #expect(said(members[0]) == [28, 29])
        guard case .advertise(let keys)? = members[0].frames.last else { return }
        rig.say([.request(keys.map(\.process))], members[0])
        guard case .advertisements(let list)? = members[0].frames.last else {
            Issue.record("nothing was advertised")
            return
        }
        let own = try list.map { try SignedAdvertisement(parsing: $0.advertisement) }.first { $0.peer == rig.peer.id }
        #expect(own?.advertisement.links.count == 3)
        for member in members[1...] { #expect(said(member) == [28]) }
    }
}
