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

@Suite("Requesting missing entries")
struct RequestTests {
    /// A seed in which links were flushed in another order delayed a message for half a minute: it was requested while
    /// the other side was in another gathering, which does not answer, and not requested again when that side offered
    /// it again.
    @Test("an entry requested from a peer in another gathering is requested again once both are in the same one")
    func askedAgain() throws {
        let rig = try PeerRig()
        let gathering = try #require(rig.peer.gathering)
        let member = rig.join("ben", Example.authors[1])
        let missing = try #require(EntryID([UInt8](repeating: 7, count: EntryID.byteCount)))
        let want = Frame.want(room: .lobby, ids: [missing])
        rig.say([.have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 1)
        rig.say([.gathering(gathering), .have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 2)
        // Requested just now, with both in the gathering since: it is not requested again.
        rig.say([.have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 2)
    }

    /// Returns the maximum of bytes and of entries that were requested and not answered, while a peer that lacks a
    /// whole log of entries of this length receives them one frame at a time.
    private func mostAskedFor(of count: Int, textBytes: Int) throws -> (bytes: Int, entries: Int) {
        let rig = try PeerRig()
        let member = rig.join("ben", Example.authors[1])
        let text = String(repeating: "x", count: textBytes)
        var entries: [EntryID: [UInt8]] = [:]
        var ids: [EntryID] = []
        for number in 0..<count {
            let entry = member.entry(
                text, in: .lobby, lamport: UInt64(number + 1), parents: ids.last.map { [$0] } ?? [])
            entries[entry.id] = entry.bytes
            ids.append(entry.id)
        }
        for start in stride(from: 0, to: count, by: 1_000) {
            rig.say([.have(room: .lobby, ids: Array(ids[start..<min(start + 1_000, count)]))], member)
        }
        var waiting: [[UInt8]] = []
        var asked = 0
        var most = (bytes: 0, entries: 0)
        var answered = 0
        while answered < count {
            for frame in member.frames.dropFirst(asked) {
                if case .want(_, let ids) = frame { waiting += ids.compactMap { entries[$0] } }
            }
            asked = member.frames.count
            most = (max(most.bytes, waiting.reduce(0) { $0 + $1.count }), max(most.entries, waiting.count))
            try #require(!waiting.isEmpty, "\(answered) of \(count) were asked for")
            rig.say([.entries([waiting.removeFirst()])], member)
            answered += 1
        }
        #expect(rig.texts.count == count)
        return most
    }

    @Test("no more is requested than fills a window of bytes, and short entries are requested many at a time")
    func window() throws {
        #expect(try mostAskedFor(of: 100, textBytes: 16 << 10).bytes <= Bounds.requestedBytes)
        let short = try mostAskedFor(of: 1_000, textBytes: 20)
        #expect(short.bytes <= Bounds.requestedBytes && short.entries == Bounds.requestedEntryCount)
    }

    @Test("a late entry still counts as requested, and stays open until it arrives")
    func late() {
        var window = RequestWindow()
        var now = Instant(nanoseconds: 1)
        var asked: [EntryID] = []
        for _ in 0..<1_000 {
            let ids = (0..<window.space(at: now)).map { EntryID(of: [UInt8($0)] + "\(asked.count)".utf8) }
            window.asked(for: ids, at: now)
            asked += ids
            now = now + Bounds.requestTimeout
        }
        #expect(asked.count == Bounds.openRequestCount)
        #expect(!window.contains(asked[0]))
        let wasAskedFor = window.arrived(asked[0], ofBytes: 300, at: now)
        #expect(wasAskedFor && window.space(at: now) == 1)
        window.forget()
        #expect(window.space(at: now) == window.limit)
    }

    @Test("offered entries are requested in order, one room at a time")
    func planned() {
        var planned = PlannedEntries()
        let (lobby, other) = (RoomID.lobby, RoomID.greatest)
        func id(_ number: UInt8) -> EntryID { EntryID(of: [number]) }
        planned.append([id(1), id(2)], of: lobby)
        planned.append([], of: lobby)
        planned.append([id(3)], of: lobby)
        planned.append([id(4)], of: other)
        planned.append([id(5)], of: lobby)
        #expect(planned.count == 5 && planned.room == lobby)
        let wrong = planned.next(of: other)
        #expect(wrong == nil)
        let first = (0..<4).map { _ in planned.next(of: lobby) }
        #expect(first == [id(1), id(2), id(3), nil] && planned.room == other && planned.count == 2)
        planned.removeAll(of: lobby)
        #expect(planned.count == 1 && planned.room == other)
        let last = planned.next(of: other)
        #expect(last == id(4) && planned.isEmpty && planned.room == nil)
    }

    @Test("the window adapts to the largest recent entry, and never closes")
    func sizes() {
        var window = RequestWindow()
        let now = Instant(nanoseconds: 1)
        func id(_ number: Int) -> EntryID {
            EntryID((0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * min($0, 3))) })!
        }
        #expect(window.limit == Bounds.requestedBytes / Limits.entryBytes)
        for number in 0..<100 {
            window.asked(for: [id(number)], at: now)
            let isAskedFor = window.arrived(id(number), ofBytes: 300, at: now)
            #expect(isAskedFor)
        }
        #expect(window.limit == Bounds.requestedEntryCount)
        window.asked(for: [id(1)], at: now)
        _ = window.arrived(id(1), ofBytes: Limits.entryBytes, at: now)
        #expect(window.limit == Bounds.requestedBytes / Limits.entryBytes && window.space(at: now) == window.limit)
    }

    @Test("reconciliation opens once: on a hello with our gathering, or when the peer later changes to it")
    func once() throws {
        let rig = try PeerRig()
        let lower = Example.authors[1...].filter { rig.peer.id < $0.peerID }
        let higher = Example.authors[1...].filter { $0.peerID < rig.peer.id }
        func opened(_ member: TestMember) -> Int {
            member.frames.filter { if case .reconcile(.lobby, _, _) = $0 { true } else { false } }.count
        }
        for identity in lower { #expect(opened(rig.join("ben", identity)) == 1) }
        // These peers open the reconciliation themselves.
        for identity in higher { #expect(opened(rig.join("cem", identity)) == 0) }
        let (next, gathering) = (try PeerRig(), try #require(GatheringID([UInt8](repeating: 255, count: 32))))
        let other = next.join("dora", try #require(lower.last), in: gathering)
        #expect(opened(other) == 0)
        next.say([.gathering(try #require(next.peer.gathering))], other)
        #expect(opened(other) == 1)
    }
}
