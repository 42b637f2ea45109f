import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Sending: priorities, the window below the core, and peers that do not read")
struct SendingTests {
    private func say(_ text: String, _ rig: PeerRig) {
        rig.tell(.commanded(.say(text: text, kind: .text, room: nil), token: nil))
    }

    private func entries(_ frames: [Frame]) -> [[UInt8]] {
        frames.flatMap { if case .entries(let list) = $0 { list } else { [[UInt8]]() } }
    }

    /// Returns a peer that has sent this many messages of the maximum length, and their IDs.
    private func talker(_ count: Int) throws -> (rig: PeerRig, other: TestMember, ids: [EntryID]) {
        let rig = try PeerRig()
        let other = rig.join("ben", Example.authors[1])
        for _ in 0..<count { say(String(repeating: "x", count: Limits.textBytes), rig) }
        let ids = entries(other.frames).map { EntryID(of: $0) }
        try #require(ids.count == count)
        other.frames = []
        return (rig, other, ids)
    }

    @Test("a peer that reads gets all entries that it requests, however many")
    func answer() throws {
        let (rig, other, ids) = try talker(600)
        rig.say([.want(room: .lobby, ids: ids)], other)
        let isAll = entries(other.frames).map { EntryID(of: $0) } == ids
        #expect(isAll)
        #expect(rig.longestOutput <= Bounds.outstandingBytes)
    }

    @Test("at most a window of bytes is below the core, and sending continues when they have drained")
    func window() throws {
        let (rig, other, ids) = try talker(60)
        rig.isRead = false
        rig.say([.want(room: .lobby, ids: ids)], other)
        let sent = entries(other.frames)
        #expect(!sent.isEmpty && sent.reduce(0) { $0 + $1.count } <= Bounds.outstandingBytes)
        // An entry that is requested twice is sent once.
        rig.say([.want(room: .lobby, ids: ids.suffix(40))], other)
        rig.isRead = true
        rig.tell(.linkDrained(other.link))
        let isAll = entries(other.frames).map { EntryID(of: $0) } == ids
        #expect(isAll)
    }

    @Test("a new line and a pong are sent before the rest of a long answer")
    func lanes() throws {
        let (rig, other, ids) = try talker(60)
        rig.isRead = false
        rig.say([.want(room: .lobby, ids: ids)], other)
        let answered = other.frames.count
        say("hello", rig)
        rig.say([.ping(7)], other)
        let next = other.frames.dropFirst(answered)
        #expect(try entries(Array(next)).map { try SignedEntry(parsing: $0).entry.body } == ["hello"])
        #expect(next.last == .pong(7))
        // When the window is full, the latest frames still leave before the rest of the answer.
        for _ in 0..<20 { say(String(repeating: "y", count: 4_000), rig) }
        rig.say([.ping(8)], other)
        #expect(other.frames.last == .pong(8))
        other.frames = []
        rig.isRead = true
        rig.tell(.linkDrained(other.link))
        let bodies = try entries(other.frames).map { try SignedEntry(parsing: $0).entry.body.first }
        let (firstOld, lastNew) = (bodies.firstIndex(of: "x"), bodies.lastIndex(of: "y"))
        #expect(try #require(firstOld) > #require(lastNew))
    }

    /// Found over a link with a long delay: the host was not asked to report the drain when a frame did not fit behind
    /// a short one, and sending stopped until the next keep-alive.
    @Test("a frame that does not fit behind earlier bytes is sent when they have drained")
    func longFrame() throws {
        let (rig, other, ids) = try talker(3)
        rig.tell(.linkDrained(other.link))
        rig.isRead = false
        for _ in 0..<2 { say(String(repeating: "y", count: 12_000), rig) }
        other.frames = []
        rig.say([.want(room: .lobby, ids: ids)], other)
        #expect(entries(other.frames).isEmpty)
        #expect(rig.awaited.contains(other.link))
        rig.tell(.linkDrained(other.link))
        #expect(entries(other.frames).count == 3)
    }

    @Test("a peer that requests on and on without reading is sent a goodbye")
    func greed() throws {
        let (rig, other, ids) = try talker(20)
        rig.isRead = false
        var others: [EntryID] = []
        for number in 0..<30 {
            guard !other.isClosed else { break }
            let batch = (0..<192).map { EntryID(of: [UInt8(number), UInt8($0)]) }
            others += batch
            rig.say([.want(room: .lobby, ids: ids + batch)], other)
        }
        #expect(other.isClosed && others.count > Limits.wantedEntryCount - 192)
        #expect(other.frames.last == .goodbye(.violation))
    }

    @Test("a peer that does not read is cut when its queue exceeds the bound")
    func slowReader() throws {
        let rig = try PeerRig()
        let slow = rig.join("ben", Example.authors[1])
        rig.isRead = false
        let text = String(repeating: "x", count: Limits.textBytes)
        let most = Bounds.linkQueueBytes / Limits.textBytes
        for count in 1...most + 8 {
            say(text, rig)
            rig.wait(.milliseconds(1))
            if slow.isClosed {
                #expect(count > most - 8)
                break
            }
        }
        #expect(slow.isClosed)
        #expect(rig.notes.contains { $0.text.contains("does not read") })
    }

    @Test("a peer that keeps up is not cut for the traffic of one round")
    func burst() throws {
        let rig = try PeerRig()
        let other = rig.join("ben", Example.authors[1])
        let text = String(repeating: "x", count: Limits.textBytes)
        let most = Bounds.linkQueueBytes / Limits.textBytes
        rig.isRead = false
        for _ in 0..<most + 50 { say(text, rig) }
        #expect(!other.isClosed)
        rig.isRead = true
        rig.tell(.linkDrained(other.link))
        #expect(!other.isClosed && entries(other.frames).count == most + 50)
    }

    @Test("frames that did not fit wait in order, and the storage of sent ones is released")
    func queue() {
        var queue = FrameQueue()
        var taken: [[UInt8]] = []
        func take(_ room: Int) {
            var room = room
            queue.take(within: &room) { taken.append($0) }
        }
        for number in 0..<100 as Range<UInt8> { queue.append([number, number]) }
        #expect(queue.bytes == 400)
        take(3)
        #expect(taken.isEmpty)
        take(41)
        #expect(taken.count == 10 && queue.bytes == 360)
        queue.append([100, 100])
        take(300)
        take(4_000)
        #expect(taken == (0...100).map { [$0, $0] } && queue.bytes == 0)
    }
}
