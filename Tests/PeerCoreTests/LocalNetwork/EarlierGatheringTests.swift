import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The messages on this network from before the present gathering: their own reader sees them, and other peers learn
/// nothing.
@Suite struct EarlierGatheringTests {
    private static let friday: UInt64 = 1_800_000_000_000
    private static let monday = friday + 60 * 3_600_000

    private func history(_ rig: PeerRig, limit: Int = 20) throws -> [Event.Message] {
        let count = rig.events.count
        rig.command(.history(room: nil, limit: limit))
        let answers = rig.events.dropFirst(count).compactMap {
            if case .history(_, let messages) = $0 { messages } else { nil }
        }
        return try #require(answers.first)
    }

    private func say(_ text: String, _ rig: PeerRig) {
        rig.command(.say(text: text, kind: .text, room: nil))
    }

    /// Returns a peer that said something on Friday and starts again on Monday.
    private func back(recentLineCount: Int = 0) throws -> PeerRig {
        let archive = MemoryArchive()
        let before = try PeerRig(archive: archive, at: Self.friday)
        say("have a good weekend", before)
        say("you too", before)
        let rig = try PeerRig(archive: archive, at: Self.monday, seed: 6) { $0.recentLineCount = recentLineCount }
        #expect(rig.peer.gathering != before.peer.gathering)
        return rig
    }

    @Test("after more than 12 h the earlier messages are shown, marked, before new ones")
    func monday() throws {
        let rig = try back()
        #expect(try history(rig).map(\.text) == ["have a good weekend", "you too"])
        #expect(try history(rig).allSatisfy { $0.isEarlier && $0.isHistory && $0.room == .lobby })
        say("good morning", rig)
        let all = try history(rig)
        #expect(all.map(\.text) == ["have a good weekend", "you too", "good morning"])
        #expect(all.map(\.isEarlier) == [true, true, false])
        #expect(try history(rig, limit: 2).map(\.text) == ["you too", "good morning"])
        #expect(try history(rig, limit: 1).map(\.text) == ["good morning"])
    }

    @Test("earlier messages are shown at the start too, once")
    func recent() throws {
        let rig = try back(recentLineCount: 20)
        #expect(rig.texts == ["have a good weekend", "you too"])
        rig.join("ben", Example.authors[1])
        rig.wait(.seconds(5))
        #expect(rig.texts == ["have a good weekend", "you too"])
    }

    @Test("earlier messages are not offered to other peers")
    func others() throws {
        let rig = try back()
        let other = rig.join("ben", Example.authors[1])
        let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        rig.say([.reconcile(room: .lobby, gathering: rig.peer.gathering, message: message)], other)
        rig.wait(.seconds(60))
        let told = other.frames.contains {
            switch $0 {
            case .entries: true
            case .have(_, let ids): !ids.isEmpty
            default: false
            }
        }
        #expect(!told)
        #expect(try history(rig).count == 2)
    }

    @Test("an earlier message that another peer brings back is shown once, as a present one")
    func broughtBack() throws {
        let rig = try back()
        let entry = try #require(
            try rig.archive.logs().compactMap { try rig.archive.entries(of: $0, before: nil, limit: 1).last }.last)
        let other = rig.join("ben", Example.authors[1])
        rig.say([.entries([entry.bytes])], other)
        rig.wait(.seconds(5))
        let all = try history(rig)
        #expect(all.map(\.text).sorted() == ["have a good weekend", "you too"])
        #expect(all.filter(\.isEarlier).map(\.text) == ["have a good weekend"])
    }

    @Test("forgetting the lobby also forgets its earlier messages")
    func forgotten() throws {
        let rig = try back()
        say("good morning", rig)
        rig.command(.forget(.lobby))
        #expect(try history(rig).isEmpty)
        guard case .notice(let text) = rig.events.last(where: { if case .notice = $0 { true } else { false } }) else {
            Issue.record("nothing was said")
            return
        }
        #expect(text.hasPrefix("forgotten: 3 lines of lobby"))
    }

    @Test("gatherings of other network locations are not shown, and those of long ago are, up to a limit")
    func places() {
        func place(_ number: UInt32) -> NetworkLocation {
            NetworkLocation(prefixes: [.init(address: .v4(number << 8), length: 24)], routers: [[UInt8(number)]])
        }
        func gathering(_ number: Int) -> GatheringID {
            GatheringID([UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 9, count: 30))!
        }
        var known = KnownGatherings()
        let count = EarlierGatherings.capacity + KnownGatherings.capacity + 10
        for number in 0..<count {
            let wall = WallTime(milliseconds: Self.friday + UInt64(number) * 86_400_000)
            known.noteStay(to: gathering(number), in: place(UInt32(number % 2)), at: wall)
        }
        let here = known.before(gathering(count - 2), in: place(0))
        #expect(here.count == (EarlierGatherings.capacity + KnownGatherings.capacity) / 2 - 1)
        #expect(here.last == gathering(count - 4))
        #expect(known.before(nil, in: place(3)).isEmpty)
        let kept = KnownGatherings(decoding: known.encoded(), earlier: known.takeEarlierChange() ?? [])
        #expect(kept.before(gathering(count - 2), in: place(0)) == here)
        #expect(known.takeEarlierChange() == nil)
        known.noteMerge(of: here[0])
        #expect(known.before(gathering(count - 2), in: place(0)).first == here[1])
        #expect(known.takeEarlierChange() != nil)
    }
}
