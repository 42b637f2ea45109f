import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// Data that settings keep from one start to the next.
@Suite struct KeptAcrossStartsTests {
    private let hour: UInt64 = 3_600_000
    private let office = NetworkLocation(
        prefixes: [.init(address: IPAddress("192.0.2.0")!, length: 24)], routers: [[2, 0, 0, 0, 0, 1]])
    private let home = NetworkLocation(prefixes: [
        .init(address: IPAddress("198.51.100.0")!, length: 24), .init(address: IPAddress("2001:db8::")!, length: 64),
    ])

    private func gathering(_ number: UInt8) -> GatheringID { GatheringID([UInt8](repeating: number, count: 32))! }
    private func wall(_ hours: UInt64) -> WallTime { WallTime(milliseconds: 1_000_000_000_000 + hours * hour) }

    @Test("a gathering is resumed on one of its networks within 12 h, the latest first")
    func gatherings() {
        var known = KnownGatherings()
        let both = NetworkLocation(prefixes: office.prefixes + home.prefixes, routers: office.routers)
        known.noteStay(to: gathering(1), in: office, at: wall(0))
        known.noteStay(to: gathering(2), in: home, at: wall(5))
        #expect(known.gathering(in: office, at: wall(12)) == gathering(1))
        #expect(known.gathering(in: office, at: wall(13)) == nil)
        #expect(known.gathering(in: home, at: wall(13)) == gathering(2))
        // The IPv6 prefix has changed, as happens from time to time.
        let renumbered = NetworkInterface.Prefix(address: IPAddress("2001:db8:1::")!, length: 64)
        #expect(
            known.gathering(in: NetworkLocation(prefixes: [home.prefixes[0], renumbered]), at: wall(13)) == gathering(2)
        )
        #expect(known.gathering(in: NetworkLocation(), at: wall(6)) == nil)
        // The clock was set back.
        #expect(known.gathering(in: home, at: WallTime(milliseconds: 5)) == gathering(2))
        known.noteStay(to: gathering(3), in: NetworkLocation(), at: wall(6))
        #expect(known.gathering(in: NetworkLocation(), at: wall(7)) == gathering(3))
        known.noteStay(to: gathering(4), in: both, at: wall(8))
        #expect(known.gathering(in: both, at: wall(9)) == gathering(4))
        // One of the two cables is out: perhaps this is another network location.
        #expect(known.gathering(in: office, at: wall(9)) == gathering(1))
        known.noteMerge(of: gathering(4))
        #expect(known.gathering(in: home, at: wall(9)) == gathering(2))
        #expect(KnownGatherings(decoding: known.encoded()) == known)
    }

    @Test("the number of known gatherings is bounded, and a malformed setting gives none")
    func gatheringBounds() {
        var known = KnownGatherings()
        for number in 0..<50 as Range<UInt8> {
            known.noteStay(to: gathering(number), in: home, at: wall(UInt64(number)))
        }
        #expect(known.records.count == KnownGatherings.capacity)
        #expect(known.records.last?.gathering == gathering(49))
        let bytes = known.encoded()
        #expect(KnownGatherings(decoding: bytes, earlier: known.takeEarlierChange() ?? []) == known)
        for end in 0..<bytes.count { #expect(KnownGatherings(decoding: Array(bytes[..<end])).records.isEmpty) }
        #expect(KnownGatherings(decoding: [0xFF, 0x00]).records.isEmpty)
    }

    @Test("a private message is unseen from its arrival until the host asks for more after it was shown")
    func unseen() {
        var unseen = UnseenMessages()
        #expect(unseen.takeChange() == nil)
        let peer = Example.authors[1].peerID
        let first = Example.entry("one", lamport: 1).key
        let second = Example.entry("two", lamport: 2).key
        unseen.arrived(first, from: peer)
        unseen.arrived(second, from: peer)
        unseen.shown(first)
        unseen.outputsTaken()
        guard let change = unseen.takeChange(), let bytes = change else {
            Issue.record("there was a change")
            return
        }
        // Messages of this start are shown from their log, also if a hello arrives in the same read: not twice.
        #expect(unseen.leftOver.isEmpty)
        let kept = UnseenMessages(decoding: bytes)
        #expect(kept.messages == [.init(peer: peer, key: second, isLeftOver: true)] && kept.leftOver == kept.messages)
        unseen.shown(second)
        unseen.outputsTaken()
        #expect(unseen.takeChange() == .some(nil))
        #expect(unseen.takeChange() == nil)
        for end in 0..<bytes.count { #expect(UnseenMessages(decoding: Array(bytes[..<end])).messages.isEmpty) }
    }

    @Test("trimming never drops an entry that a peer has yet to receive")
    func owed() throws {
        var log = Example.log()
        var keys: [EntryKey] = []
        for lamport in 1...10 as ClosedRange<UInt64> {
            let entry = Example.entry("line", lamport: lamport)
            try log.insert(entry, at: Example.instant(milliseconds: 0), durability: .normal)
            keys.append(entry.key)
        }
        #expect(try log.trim(keeping: 2, newerThan: WallTime(milliseconds: 0), below: keys[4]) == 4)
        #expect(log.floor == 5 && log.count == 6)
        #expect(try log.trim(keeping: 2, newerThan: WallTime(milliseconds: 0), below: keys[4]) == 0)
        #expect(try log.trim(keeping: 2, newerThan: WallTime(milliseconds: 0)) == 4)
    }

    @Test("a forgotten entry does not return, and the next new one is accepted")
    func forgotten() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        let entries = (1...5 as ClosedRange<UInt64>).map { Example.entry("line \($0)", lamport: $0) }
        for entry in entries { try log.insert(entry, at: Example.instant(milliseconds: 0), durability: .normal) }
        #expect(try log.forget() == 5)
        #expect(log.isEmpty && log.heads.isEmpty && log.takeShown().isEmpty)
        #expect(
            try log.insert(entries[4], at: Example.instant(milliseconds: 1), durability: .normal)
                == .refused(.belowFloor(lamport: 5, floor: 6)))
        let next = Example.entry("next", lamport: log.nextLamport)
        #expect(try log.insert(next, at: Example.instant(milliseconds: 1), durability: .normal) == .added)
        #expect(Example.log(archive: archive).floor == 6)
    }
}
