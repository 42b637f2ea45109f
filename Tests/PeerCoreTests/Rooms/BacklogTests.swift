import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The backlog: messages sent before a peer joined, on their way to a person.
@Suite struct BacklogTests {
    /// Returns the texts and notices that a peer with this limit shows for this number of old lines.
    private func shown(
        _ count: Int, limit: Int?, then: (PeerRig, TestMember) -> Void = { rig, _ in rig.wait(.seconds(2)) }
    )
        throws -> (texts: [String], notices: [String])
    {
        let rig = try PeerRig { $0.lateLineCount = limit }
        let other = rig.join("ben", Example.authors[1])
        var parents: [EntryID] = []
        var entries: [SignedEntry] = []
        for number in 0..<count {
            // Well before the link.
            let entry = other.entry(
                "old \(number)", in: .lobby, lamport: UInt64(number + 1), parents: parents, age: 1_000_000)
            parents = [entry.id]
            entries.append(entry)
        }
        for start in stride(from: 0, to: count, by: 100) {
            let some = entries[start..<min(start + 100, count)]
            rig.say([.have(room: .lobby, ids: some.map(\.id))], other)
            rig.say(some.map { .entries([$0.bytes]) }, other)
        }
        then(rig, other)
        let notices = rig.events.compactMap { if case .notice(let text) = $0 { text } else { nil } }
        return (rig.texts, notices)
    }

    @Test("of thousands of old lines a person sees the last fifty, and learns how to see more")
    func many() throws {
        let (texts, notices) = try shown(3_000, limit: 50)
        #expect(texts == (2_950..<3_000).map { "old \($0)" })
        #expect(
            notices.count == 1 && notices[0].hasPrefix("2950 earlier lines arrived and are not shown: /history 1000"))
    }

    @Test("a few old lines are all shown in order, and a program gets all of any number")
    func few() throws {
        let (texts, notices) = try shown(50, limit: 50)
        #expect(texts == (0..<50).map { "old \($0)" } && notices.isEmpty)
        #expect(try shown(51, limit: 50).notices[0].hasPrefix("1 earlier line arrived"))
        let all = try shown(300, limit: nil) { _, _ in }
        #expect(all.texts.count == 300 && all.notices.isEmpty)
    }

    @Test("a new message is shown immediately, after the old lines", arguments: [0, 1])
    func new(way: Int) throws {
        let (texts, _) = try shown(60, limit: 50) { rig, other in
            if way == 0 {
                rig.tell(.commanded(.say(text: "new", kind: .text, room: nil), token: nil))
            } else {
                rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
            }
        }
        #expect(texts == (10..<60).map { "old \($0)" } + (way == 0 ? ["new"] : []))
    }

    @Test("old lines that arrive slowly are shown after a while")
    func trickle() throws {
        let rig = try PeerRig { $0.lateLineCount = 50 }
        let other = rig.join("ben", Example.authors[1])
        for number in 0..<100 {
            let entry = other.entry("old \(number)", in: .lobby, lamport: UInt64(number + 1), age: 1_000_000)
            rig.say([.have(room: .lobby, ids: [entry.id]), .entries([entry.bytes])], other)
            rig.wait(.milliseconds(200))
        }
        rig.wait(.seconds(1))
        #expect(rig.texts.count == 100)
    }

    @Test("private messages are never held back")
    func conversation() throws {
        let rig = try PeerRig { $0.lateLineCount = 1 }
        let other = rig.join("ben", Example.authors[1])
        let room = RoomID.conversation(rig.peer.id, other.id)
        for number in 0..<5 {
            let entry = other.entry("psst \(number)", in: room, lamport: UInt64(number + 1), age: 1_000_000)
            rig.say([.have(room: room, ids: [entry.id]), .entries([entry.bytes])], other)
        }
        #expect(rig.texts == (0..<5).map { "psst \($0)" })
    }
}
