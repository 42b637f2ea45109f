import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A peer that keeps to the form of frames and to nothing else, and the effect on the rooms of others.
@Suite struct HostilePeerTests {
    private func invented(_ count: Int, _ salt: UInt8) -> [EntryID] {
        (0..<count).map { number in
            EntryID(
                [salt, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
                    + [UInt8](repeating: 9, count: 29))!
        }
    }

    @Test("entries with invented parents do not keep a peer from requesting real ones from others")
    func inventedParents() throws {
        let rig = try PeerRig()
        let liar = rig.join("cem", Example.authors[2])
        let other = rig.join("ben", Example.authors[1])
        for salt in 0..<120 as Range<UInt8> {
            let lie = liar.entry("\(salt)", in: .lobby, lamport: UInt64(salt) + 2, parents: invented(8, salt))
            rig.say([.entries([lie.bytes])], liar)
            rig.wait(.milliseconds(500))
        }
        #expect(other.wanted.count > 250)
        let entry = other.entry("here I am", in: .lobby, lamport: 1)
        rig.say([.have(room: .lobby, ids: [entry.id])], other)
        #expect(other.wanted.last == entry.id)
    }

    @Test("an entry with an invented parent, sent to one peer only, does not delay that peer's next messages")
    func falseParent() throws {
        let rig = try PeerRig()
        let liar = rig.join("cem", Example.authors[2])
        let other = rig.join("ben", Example.authors[1])
        rig.tell(.commanded(.say(text: "first", kind: .text, room: nil), token: nil))
        let lie = liar.entry("lie", in: .lobby, lamport: 9, parents: invented(1, 3))
        rig.say([.entries([lie.bytes])], liar)
        rig.wait(.seconds(3))
        #expect(rig.texts.contains("lie"))
        rig.tell(.commanded(.say(text: "second", kind: .text, room: nil), token: nil))
        let said = other.frames.flatMap { if case .entries(let list) = $0 { list } else { [[UInt8]]() } }
            .compactMap { try? SignedEntry(parsing: $0).entry }
        #expect(said.map(\.body) == ["first", "second"])
        #expect(said.last?.parents.isEmpty == false && said.last?.parents.contains(lie.id) == false)
        #expect(said.last.map { $0.lamport > 9 } == true)
    }

    @Test("one member's claimed retention floor does not change the order of others' messages")
    func falseFloor() throws {
        let rig = try PeerRig()
        let liar = rig.join("cem", Example.authors[2])
        let other = rig.join("ben", Example.authors[1])
        for floor in [1_000, Limits.lamport] {
            let (_, message) = Reconciliation.open(over: LogIndex(), floor: floor)
            rig.say([.reconcile(room: .lobby, gathering: rig.peer.gathering, message: message)], liar)
        }
        let parent = other.entry("first", in: .lobby, lamport: 1)
        let child = other.entry("second", in: .lobby, lamport: 2, parents: [parent.id])
        rig.say([.entries([child.bytes])], other)
        #expect(rig.texts.isEmpty)
        #expect(other.wanted == [parent.id])
        rig.say([.entries([parent.bytes])], other)
        #expect(rig.texts == ["first", "second"])
    }

    @Test("a peer that names ever lower gatherings does not keep others busy moving logs, and they end in the lowest")
    func restlessness() throws {
        let rig = try PeerRig()
        let start = try #require(rig.peer.gathering)
        let liar = rig.join("cem", Example.authors[2])
        let gatherings = (0..<200 as Range<UInt8>).reversed().compactMap { number in
            GatheringID([0, number] + start.bytes[2...])
        }
        for gathering in gatherings { rig.say([.gathering(gathering)], liar) }
        rig.wait(.seconds(5))
        let moves = liar.frames.count { if case .gathering = $0 { true } else { false } }
        #expect((1...20).contains(moves))
        rig.wait(.seconds(30))
        #expect(rig.peer.gathering == gatherings.last)
    }

    @Test("a peer that never acknowledges our messages cannot fill the disk with its own")
    func privateFlood() throws {
        var retention = Retention()
        retention.entryCount = 100
        let rig = try PeerRig(retention: retention)
        let liar = rig.join("cem", Example.authors[2])
        let room = RoomID.conversation(rig.peer.id, liar.id)
        rig.tell(.commanded(.tell(to: "cem", text: "hello", kind: .text), token: nil))
        for lamport in 2..<2_500 as Range<UInt64> {
            rig.say([.entries([liar.entry("x", in: room, lamport: lamport).bytes])], liar)
        }
        let kept = try rig.archive.keys(of: .conversation(liar.id))
        #expect(kept.count <= 1_300 && kept.count >= 100)
        #expect(kept.first?.lamport == 1)
        // When it finally acknowledges, the oldest are dropped and its messages are accepted again.
        rig.say([.receipt(room: room, ids: [try #require(kept.first).id])], liar)
        rig.wait(.seconds(700))
        rig.say([.entries([liar.entry("at last", in: room, lamport: 2_500).bytes])], liar)
        #expect(rig.texts.last == "at last")
        #expect(try rig.archive.keys(of: .conversation(liar.id)).count <= 101)
    }
}
