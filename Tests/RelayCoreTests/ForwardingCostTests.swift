import CMeasure
import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The cost of passing on messages, as counts: unlike times, counts do not vary.
@Suite struct ForwardingCostTests {
    /// A relay with members that only listen, and one that speaks.
    private struct Room {
        let rig: RelayRig
        let speaker: TestMember

        init(listeners: Int) throws {
            rig = try RelayRig { $0.limits.connectionsPerAddress = 1_000 }
            for number in 0..<listeners { rig.join("listener\(number)") }
            speaker = rig.join("speaker")
        }

        /// Returns the bytes that the speaker's link carries for these texts.
        func bytes(saying texts: [String]) -> [UInt8] {
            for text in texts { speaker.channel.queue(Frame.entries([speaker.entry(text).bytes]).encoded()) }
            var bytes: [UInt8] = []
            speaker.channel.flush(into: &bytes, most: .max)
            return bytes
        }

        /// Runs one round.
        /// - Returns: The sizes that were sent on each link, and the number of allocations.
        func round(_ bytes: [UInt8]) -> (sizes: [LinkID: [Int]], allocations: UInt64) {
            var sent: [(link: LinkID, size: Int)] = []
            sent.reserveCapacity(1_000)
            let input = Input.linkBytesReceived(speaker.link, bytes)
            let before = measure_allocation_count()
            rig.relay.handle(input, at: rig.now, wall: WallTime(milliseconds: rig.wall))
            while let output = rig.relay.nextOutput() {
                if case .sendOnLink(let link, let bytes) = output { sent.append((link, bytes.count)) }
            }
            let allocations = measure_allocation_count() - before
            var sizes: [LinkID: [Int]] = [:]
            for (link, size) in sent { sizes[link, default: []].append(size) }
            return (sizes, allocations)
        }
    }

    private static let text = String(repeating: "how now, brown cow? ", count: 5)

    @Test("passing a message on to forty members allocates as often as to ten")
    func allocations() throws {
        func least(_ listeners: Int) throws -> UInt64 {
            let room = try Room(listeners: listeners)
            var least = UInt64.max
            // The first rounds allocate the buffers; now and then a table grows.
            for _ in 0..<8 {
                let (sizes, allocations) = room.round(room.bytes(saying: [Self.text]))
                #expect(sizes.count == listeners)
                least = min(least, allocations)
            }
            return least
        }
        #expect(try least(40) == least(10))
    }

    @Test("entries are encoded into a buffer of the right size: it did not grow and has no room to spare")
    func encoding() {
        let entries = Array(repeating: [UInt8](repeating: 7, count: 290), count: 80)
        let encoded = Frame.entries(entries).encoded()
        #expect(encoded.count > 80 * 290)
        #expect(encoded.capacity <= encoded.count + 80 * 4 + 64)
    }

    @Test("however many entries a round has, each link is written to once")
    func sends() throws {
        let room = try Room(listeners: 5)
        let (sizes, _) = room.round(room.bytes(saying: (0..<50).map { "\(Self.text) \($0)" }))
        #expect(sizes.count == 5)
        #expect(sizes.values.allSatisfy { $0.count == 1 })
    }

    @Test("a message of 100 bytes takes at most 280 bytes on a link, in a batch at most 260")
    func sizes() throws {
        let room = try Room(listeners: 3)
        let (single, _) = room.round(room.bytes(saying: [Self.text]))
        #expect(single.values.joined().allSatisfy { $0 <= 280 })
        let (batch, _) = room.round(room.bytes(saying: Array(repeating: Self.text, count: 40)))
        #expect(batch.values.joined().allSatisfy { $0 <= 40 * 260 })
    }
}
