import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("The tunnel queue of a relay")
struct TunnelQueueTests {
    @Test("a new frame does not cause an iteration over all waiting frames", .timeLimit(.minutes(1)))
    func tunnelSpam() throws {
        var queue = TunnelQueue(bucket: TokenBucket(capacity: 1e6, perSecond: 1e6))
        let now = Instant(nanoseconds: 1)
        let (ben, cem) = (PeerID([UInt8](repeating: 1, count: 32))!, PeerID([UInt8](repeating: 2, count: 32))!)
        func item(_ peer: PeerID, _ number: UInt64) -> TunnelQueue.Item {
            .init(tunnel: RelayTunnel(peer: peer, number: number, isFromOpener: true), bytes: [1])
        }
        for number in 0..<100_000 as Range<UInt64> {
            let new = item(ben, number)
            let mayPass = queue.mayPass(new, room: 0, at: now)
            #expect(!mayPass)
            queue.append(new)
        }
        // The room is queried once for each member, not for each frame.
        var questions = 0
        let taken = queue.take(at: now) { _ in
            questions += 1
            return 0
        }
        #expect(taken.isEmpty && questions == 1)
        let mayPass = queue.mayPass(item(cem, 1), room: 1, at: now)
        #expect(mayPass)
        #expect(queue.dropLongestQueue().count == 100_000)
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test("members take turns, and a frame that is long for the rate gets its turn")
    func tunnelTurns() {
        var queue = TunnelQueue(bucket: TokenBucket(capacity: 1_000, perSecond: 1_000))
        var now = Instant(nanoseconds: 1)
        let peers = (1...3).map { PeerID([UInt8](repeating: $0, count: 32))! }
        func item(_ place: Int, _ count: Int) -> TunnelQueue.Item {
            .init(
                tunnel: RelayTunnel(peer: peers[place], number: 1, isFromOpener: true),
                bytes: [UInt8](repeating: UInt8(place), count: count))
        }
        for _ in 0..<20 { queue.append(item(0, 36)) }
        for _ in 0..<20 { queue.append(item(1, 36)) }
        queue.append(item(2, 900))
        var taken: [UInt8] = []
        for _ in 0..<60 {
            taken += queue.take(at: now) { _ in 1 << 20 }.compactMap { $0.bytes?.first }
            now = now + .milliseconds(100)
        }
        #expect(queue.isEmpty && taken.count == 41)
        #expect(taken.prefix(2) == [0, 1] && taken.firstIndex(of: 2)! < 10)
    }
}
