import CoreTestKit
import Foundation
import Secure
import Store
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// Keys cost nothing: everything that is bounded for one key, room or name is bounded for all of them together.
@Suite("Bounds of the archive")
struct DiskBoundTests {
    private let own = Example.authors[0].peerID
    private let eve = Example.authors[1]
    private let bea = Example.authors[2]
    private static let big = String(repeating: "x", count: 16_000)

    private func room(_ member: TestMember) -> RoomID { .conversation(own, member.id) }

    private func stranger(_ number: Int) -> Identity {
        Identity(
            seed: [UInt8](repeating: 0xAA, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }

    /// Sends private texts one after the other.
    private func send(_ texts: [String], from member: TestMember, to rig: PeerRig) -> [EntryID] {
        var sent: [EntryID] = []
        for text in texts {
            member.lamport += 1
            let entry = member.entry(text, in: room(member), lamport: member.lamport)
            rig.say([.entries([entry.bytes])], member)
            sent.append(entry.id)
        }
        return sent
    }

    private func receipts(_ member: TestMember) -> Set<EntryID> {
        Set(member.frames.flatMap { if case .receipt(_, let ids) = $0 { ids } else { [EntryID]() } })
    }

    private func retention(_ change: (inout Retention) -> Void) -> Retention {
        var retention = Retention()
        change(&retention)
        return retention
    }

    // Senders that the person never wrote to.

    @Test("three throwaway keys that send a thousand texts of 16 KB each leave 1 MiB each, with one notice each")
    func flood() throws {
        let rig = try PeerRig()
        for number in 0..<3 {
            let member = rig.join("eve\(number)", stranger(number))
            let sent = send((0..<1_000).map { "\($0) \(Self.big)" }, from: member, to: rig)
            let kept = try rig.archive.keys(of: .conversation(member.id)).map(\.id)
            #expect(kept == Array(sent.prefix(kept.count)) && (60...64).contains(kept.count))
            #expect(receipts(member) == Set(kept))
            #expect(try rig.archive.bytes(of: .conversation(member.id)) <= 1 << 20)
        }
        #expect(
            rig.notices
                == (0..<3).map {
                    "not kept: more than 1 MiB of messages from eve\($0), to whom you have never written (/msg eve\($0) TEXT "
                        + "accepts the rest, /block eve\($0) refuses it)"
                })
    }

    @Test("the same flood leaves a small file when the archive is on disk")
    func floodOnDisk() throws {
        let place = try TemporaryDirectory()
        let path = place.path(of: "earshot.db")
        let disk = try SQLiteArchive(at: path)
        let rig = try PeerRig(disk: disk)
        for number in 0..<3 {
            let member = rig.join("eve\(number)", stranger(number))
            _ = send((0..<300).map { "\($0) \(Self.big)" }, from: member, to: rig)
        }
        disk.checkpoint()
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(size < 8 << 20, "\(size)")
        #expect(try disk.logs().count == 3)
    }

    @Test("many keys that send one big text each are held to the total bound, with one notice")
    func manyKeys() throws {
        let rig = try PeerRig(retention: retention { $0.unsolicitedBytes = 100_000 })
        var receipted = 0
        for number in 0..<20 {
            let member = rig.join("eve\(number)", stranger(number))
            _ = send([Self.big], from: member, to: rig)
            receipted += receipts(member).count
        }
        #expect(receipted == 6 && rig.texts.count == 6)
        #expect(try rig.archive.logs().reduce(0) { try $0 + rig.archive.bytes(of: $1) } <= 100_000)
        #expect(rig.notices.count == 1 && rig.notices[0].contains("messages from eve6, because people"))
    }

    @Test("many keys that send a word each get no more than a thousand logs")
    func manyLogs() throws {
        let archive = MemoryArchive()
        for number in 0..<Bounds.unsolicitedKeyCount {
            let entry = ArchivedEntry(key: EntryKey(lamport: 1, id: .least), bytes: [1])
            _ = try archive.append(entry, body: "", to: .conversation(peer(number)), durability: .full)
        }
        try archive.setSetting("written to", to: [1])
        let rig = try PeerRig(archive: archive)
        let member = rig.join("eve", eve)
        _ = send(["hi"], from: member, to: rig)
        #expect(try receipts(member).isEmpty && archive.logs().count == Bounds.unsolicitedKeyCount)
    }

    @Test("a conversation that a key only opened is closed when its link is gone")
    func opened() throws {
        let rig = try PeerRig()
        for number in 0..<3 {
            let member = rig.join("eve", stranger(number))
            rig.say([.have(room: room(member), ids: [.least])], member)
            if number == 1 { _ = send(["hi"], from: member, to: rig) }
            rig.say([.goodbye(.leaving)], member)
        }
        #expect(rig.peer.rooms.keys == [.lobby, .conversation(stranger(1).peerID)])
    }

    @Test("an honest sender's text beyond the bound is acknowledged once the person has written to it")
    func answered() throws {
        let rig = try PeerRig(retention: retention { $0.unsolicitedBytesPerKey = 2_000 })
        let member = rig.join("bea", bea)
        let sent = send((0..<10).map { "\($0) \(String(repeating: "y", count: 500))" }, from: member, to: rig)
        #expect(receipts(member) == Set(sent.prefix(2)))
        // Offered again, it is not requested again.
        rig.say([.have(room: room(member), ids: sent)], member)
        #expect(member.wanted.isEmpty && receipts(member) == Set(sent.prefix(2)))
        rig.command(.tell(to: "bea", text: "yes?", kind: .text))
        #expect(Set(member.wanted) == Set(sent.dropFirst(2)))
        member.lamport = 0
        #expect(send((0..<10).map { "\($0) \(String(repeating: "y", count: 500))" }, from: member, to: rig) == sent)
        #expect(receipts(member) == Set(sent))
        let more = send([Self.big, Self.big], from: member, to: rig)
        #expect(receipts(member).isSuperset(of: more))
    }

    @Test(
        "a peer that was written to is remembered across restarts, even if no message is left, and in an old archive"
    )
    func remembered() throws {
        let rig = try PeerRig(retention: retention { $0.unsolicitedBytesPerKey = 2_000 })
        rig.join("bea", bea)
        rig.command(.tell(to: "bea", text: "yes?", kind: .text))
        let (forgetful, old) = (rig.archive.copy(), rig.archive.copy())
        try forgetful.forget(.conversation(bea.peerID))
        for name in ["written to", "written to \(bea.peerID)"] { try old.setSetting(name, to: nil) }
        for key in try old.awaitingReceipt(in: .conversation(bea.peerID)) {
            _ = try old.receiptArrived(for: key.id, in: .conversation(bea.peerID))
        }
        for archive in [rig.archive, forgetful, old] {
            let rig = try PeerRig(retention: retention { $0.unsolicitedBytesPerKey = 2_000 }, archive: archive)
            let member = rig.join("bea", bea)
            let sent = send([Self.big], from: member, to: rig)
            #expect(receipts(member) == Set(sent))
            let other = rig.join("eve", eve)
            #expect(send([Self.big], from: other, to: rig).count == 1 && receipts(other).isEmpty)
        }
    }

    @Test("a key's messages still count after a restart, but not once they are forgotten")
    func counted() throws {
        let limits = retention { $0.unsolicitedBytesPerKey = 2_000 }
        let first = try PeerRig(retention: limits)
        _ = send([String(repeating: "y", count: 1_200)], from: first.join("eve", eve), to: first)
        let rig = try PeerRig(retention: limits, archive: first.archive)
        let member = rig.join("eve", eve)
        member.lamport = 10
        let refused = send([String(repeating: "z", count: 1_200)], from: member, to: rig)
        #expect(receipts(member).isEmpty)
        rig.command(.forget(.conversation(with: "eve")))
        rig.say([.have(room: room(member), ids: refused)], member)
        #expect(member.wanted == refused)
    }

    // All that is stored.

    @Test("the oldest entries of all rooms are dropped, in the order in which they were stored")
    func oldestFirst() throws {
        let rig = try PeerRig(retention: retention { $0.bytes = 300_000 })
        let (one, other) = (rig.join("eve", eve), rig.join("bea", bea))
        let first = send((0..<5).map { "\($0) \(Self.big)" }, from: one, to: rig)
        for lamport in 1...5 as ClosedRange<UInt64> {
            let entry = one.entry("\(lamport) \(Self.big)", in: .lobby, lamport: lamport)
            rig.say([.entries([entry.bytes])], one)
        }
        // A time or a Lamport time that an author invents protects nothing.
        other.lamport = 500_000
        let last = send((0..<14).map { "\($0) \(Self.big)" }, from: other, to: rig)
        #expect(try rig.archive.bytes() <= 300_000 + 300_000 / 16)
        #expect(try rig.archive.keys(of: .conversation(one.id)).isEmpty, "\(first.count)")
        let gathering = try #require(rig.peer.gathering)
        #expect(try (1...4).contains(rig.archive.keys(of: .lobby(gathering)).count))
        #expect(try rig.archive.keys(of: .conversation(other.id)).map(\.id) == last)
        // Dropped entries do not count against their author.
        let again = send([Self.big], from: one, to: rig)
        #expect(receipts(one).isSuperset(of: again))
    }

    @Test("an unacknowledged message is never dropped; if nothing else can be, no more private messages are kept")
    func owed() throws {
        let rig = try PeerRig(retention: retention { $0.bytes = 200_000 })
        let member = rig.join("bea", bea)
        rig.command(.tell(to: "bea", text: "are you there?", kind: .text))
        member.lamport = 1
        let sent = send((0..<40).map { "\($0) \(Self.big)" }, from: member, to: rig)
        let kept = try rig.archive.keys(of: .conversation(member.id))
        #expect(try rig.archive.awaitingReceipt(in: .conversation(member.id)) == [kept[0]])
        #expect(try rig.archive.bytes() <= 200_000 + 2 * 17_000)
        #expect(receipts(member) == Set(sent.prefix(kept.count - 1)))
        #expect(rig.notices.count == 1 && rig.notices[0].hasPrefix("no more private messages are kept"))
        rig.say([.receipt(room: room(member), ids: [kept[0].id])], member)
        rig.wait(.seconds(2))
        let last = send(["last"], from: member, to: rig)
        #expect(receipts(member).isSuperset(of: last))
    }

    @Test("on disk the file stops growing, however much is sent")
    func fileSize() throws {
        let place = try TemporaryDirectory()
        let path = place.path(of: "earshot.db")
        let disk = try SQLiteArchive(at: path)
        let rig = try PeerRig(retention: retention { $0.bytes = 2 << 20 }, disk: disk)
        let member = rig.join("eve", eve)
        var sizes: [Int] = []
        for lamport in 1...1_200 as ClosedRange<UInt64> {
            let words = (0..<300).map { String((lamport &* 7_919 &+ $0 &* 104_729) % 1_000_003, radix: 36) }
            let entry = member.entry(words.joined(separator: " "), in: .lobby, lamport: lamport)
            rig.say([.entries([entry.bytes])], member)
            if lamport % 400 == 0 {
                disk.checkpoint()
                sizes.append(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
            }
        }
        #expect(sizes.allSatisfy { $0 < 4 << 20 }, "\(sizes)")
        #expect(try disk.bytes() <= 5 << 19)
        let gathering = try #require(rig.peer.gathering)
        let kept = try disk.keys(of: .lobby(gathering)).count
        #expect((200..<1_000).contains(kept), "\(kept)")
        #expect(try disk.search(words: String((1_200 * 7_919) % 1_000_003, radix: 36), limit: 9).count == 1)
    }

    @Test("a relay's log stays within its bound in bytes")
    func relay() throws {
        let rig = try RelayRig { $0.keptBytes = 100_000 }
        let member = rig.join("ana")
        for number in 0..<40 { rig.say("\(number) \(Self.big)", member) }
        #expect(try rig.archive.bytes() <= 100_000 + 17_000)
        #expect((3...6).contains(rig.relay.lobby.count))
        #expect(rig.relay.lobby.floor > 30)
        #expect(rig.relay.lobby.contains(member.entry("39 \(Self.big)", lamport: 40).id))
    }

    // Other traces of keys and names.

    private func peer(_ number: Int) -> PeerID {
        PeerID((0..<32).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> (8 * $0)) : 9 })!
    }

    @Test(
        "of too many known peers those met in passing are evicted; blocked, present and written-to ones are not"
    )
    func people() throws {
        let archive = MemoryArchive()
        let day: UInt64 = 24 * 3600 * 1000
        let now: UInt64 = 1_800_000_000_000
        for number in 0..<10_500 {
            let first = WallTime(milliseconds: now - (number == 600 ? 30 : 10) * day)
            let last = WallTime(milliseconds: now - 10 * day + UInt64(number))
            try archive.remember(
                KnownPeer(
                    id: peer(number), name: "p\(number)", firstSeen: first, lastSeen: last, isBlocked: number == 3))
        }
        try archive.setSetting("written to \(peer(601))", to: [1])
        let log = LogID.conversation(peer(601))
        _ = try archive.append(
            .init(key: EntryKey(lamport: 1, id: .least), bytes: [1]), body: "", to: log, durability: .full)
        try archive.setSetting("written to", to: [1])
        let rig = try PeerRig(archive: archive)
        #expect(try archive.knownPeers().count == 10_000)
        let member = rig.join("bea", bea)
        let kept = try archive.knownPeers()
        #expect(kept.count == 9_001)
        for id in [peer(3), peer(600), peer(601), peer(10_499), member.id] { #expect(kept.contains { $0.id == id }) }
        for number in [0, 499, 500, 602, 1_400] { #expect(!kept.contains { $0.id == peer(number) }) }
        rig.command(.unblock("p3"))
        #expect(rig.failures.isEmpty)
    }

    @Test("of too many keys at a relay those that said nothing are evicted first, then those not seen for longest")
    func authors() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        rig.say("hello", ana)
        for number in 0..<Bounds.relayAuthorCount { rig.relay.state.retentionState.authors[peer(number)] = .some(nil) }
        let bea = rig.join("bea")
        rig.say("hello", bea)
        #expect(rig.relay.state.retentionState.authors == [ana.id: try Nickname("ana"), bea.id: try Nickname("bea")])
        #expect(try rig.archive.knownPeers().count == 2)
        let name = try Nickname("p")
        for number in 0..<Bounds.relayAuthorCount {
            rig.relay.state.retentionState.authors[peer(number)] = name
            let long = WallTime(milliseconds: UInt64(number))
            try rig.archive.remember(
                KnownPeer(id: peer(number), name: "p", firstSeen: long, lastSeen: long, isBlocked: false))
        }
        rig.say("hello", rig.join("cy"))
        #expect(rig.relay.state.retentionState.authors.count <= Bounds.relayAuthorCount)
        let kept = try rig.archive.knownPeers()
        #expect(kept.count == Bounds.relayAuthorCount * 9 / 10 + 3)
        #expect(kept.contains { $0.id == ana.id } && !kept.contains { $0.id == peer(1) })
    }

    @Test("of a relay that changes its name each time, only a few names are remembered")
    func relayNames() throws {
        let rig = try ScriptedRelay()
        rig.start()
        for number in 0..<20 {
            rig.welcome(relayName: "hub\(number)")
            #expect(rig.states.last == .connected)
            rig.breakLink()
            rig.wait(.seconds(2))
        }
        let kept = try (0..<20).filter { number in
            let name = try Nickname("hub\(number)")
            return try rig.archive.setting(RelayTarget.placeSetting(ofRelayNamed: name)) != nil
        }
        #expect(kept == Array(0..<Bounds.relayNameCount))
    }

    @Test("an abandoned gathering leaves nothing, not even the floor of its log")
    func gatherings() throws {
        let archive = MemoryArchive()
        var former = Example.log(Example.otherGathering, archive: archive)
        try former.insert(Example.entry("old", lamport: 1), at: Example.instant(milliseconds: 0), durability: .normal)
        try former.forget()
        var log = Example.log(archive: archive)
        try log.absorb(former)
        #expect(try archive.setting("floor of \(Example.otherGathering.order)") == nil)
        #expect(try archive.setting("floor of \(Example.gathering.order)") != nil)
    }
}
