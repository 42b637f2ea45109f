import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import RoomSync

/// How pruning interacts with entries from other peers.
@Suite struct RetentionTests {
    private let start = Example.instant(milliseconds: 0)

    private func log(_ lamports: ClosedRange<UInt64>, archive: MemoryArchive = MemoryArchive()) throws -> RoomLog {
        var log = Example.log(archive: archive)
        for lamport in lamports {
            try log.insert(Example.entry("line", lamport: lamport), at: start, durability: .normal)
        }
        _ = log.takeShown()
        return log
    }

    @Test("a new entry from its author is kept however little the author knew of the room")
    func newBelowFloor() throws {
        var log = try log(1...20)
        #expect(try log.trim(keeping: 5, newerThan: WallTime(milliseconds: 0)) == 15)
        let old = Example.entry("offered", lamport: 3, author: 1)
        #expect(
            try log.insert(old, at: start, durability: .normal) == .refused(.belowFloor(lamport: 3, floor: 16)))
        let new = Example.entry("said", lamport: 1, author: 1)
        #expect(try log.insert(new, isNew: true, at: start, durability: .normal) == .added)
        #expect(log.takeShown().map(\.entry) == [new])
        // It does not lower the floor, and is pruned with the next entries.
        #expect(try log.trim(keeping: 5, newerThan: WallTime(milliseconds: 0)) == 1)
        #expect(log.floor == 16 && log.count == 5 && log.nextLamport == 21)
    }

    @Test("an entry that is pruned while it waits for its parents is shown before its children")
    func waiting() throws {
        var log = try log(2...20)
        let unheard = Example.entry("unheard", lamport: 1)
        let orphan = Example.entry("orphan", lamport: 3, parents: [unheard.id], author: 1)
        try log.insert(orphan, at: start, durability: .normal)
        try log.trim(keeping: 5, newerThan: WallTime(milliseconds: 0))
        let answer = Example.entry("answer", lamport: log.floor, parents: [orphan.id], author: 2)
        try log.insert(answer, at: start, durability: .normal)
        #expect(log.takeShown() == [Shown(entry: orphan, hasGap: true), Shown(entry: answer, hasGap: false)])
        #expect(log.nextWanted().isEmpty)
        log.deadlineReached(at: start + .seconds(3))
        #expect(log.takeShown().isEmpty)
    }

    @Test("an entry far ahead does not raise the floor so far that new entries are refused")
    func floorWithinReach() throws {
        var log = try log(1...20)
        let lie = Example.entry("lie", lamport: Limits.lamport, wall: Limits.wallTime)
        try log.insert(lie, at: start, durability: .normal)
        #expect(try log.trim(keeping: 100, newerThan: WallTime(milliseconds: 5_000)) == 20)
        #expect(log.floor == 21)
        let next = Example.entry("next", lamport: log.nextLamport)
        #expect(try log.insert(next, at: start, durability: .normal) == .added)
    }

    @Test("an entry that claims to be old does not remove a young one of the same Lamport time")
    func together() throws {
        var log = try log(1...1)
        for number in 1...9 {
            let lie = Example.entry("lie \(number)", lamport: 1, wall: 1)
            try log.insert(lie, at: start, durability: .normal)
        }
        let young = try log.trim(keeping: 100, newerThan: WallTime(milliseconds: 500))
        #expect(young == 0 && log.floor == 0 && log.count == 10)
        let surplus = try log.trim(keeping: 1, newerThan: WallTime(milliseconds: 500))
        #expect(surplus == 10 && log.floor == 2)
    }

    @Test("at most 1,000 entries far ahead are kept, the same ones in any order of arrival")
    func farAhead() throws {
        let lies = (0..<1_010 as Range<UInt64>).map { Example.entry("lie", lamport: Limits.lamport - $0) }
        var (log, other) = (try log(1...20), try self.log(1...20))
        for lie in lies { try log.insert(lie, at: start, durability: .normal) }
        var refused = 0
        for lie in lies.reversed() {
            let insertion = try other.insert(lie, at: start, durability: .normal)
            if insertion == .refused(.tooManyFarAhead) { refused += 1 }
        }
        #expect(refused == 10)
        #expect(log.count == 1_020 && log.index.keys(at: 0..<1_020) == other.index.keys(at: 0..<1_020))
        #expect(try log.archive.keys(of: log.log) == log.index.keys(at: 0..<1_020))
        #expect(try log.insert(Example.entry("true", lamport: 21), at: start, durability: .normal) == .added)
    }

    @Test("an entry that waits for a pruned one is shown as soon as the pruning is known")
    func waitingForOld() throws {
        var log = try log(1...20)
        try log.trim(keeping: 5, newerThan: WallTime(milliseconds: 0))
        let old = Example.entry("let go of", lamport: 10, author: 1)
        let child = Example.entry("child", lamport: 21, parents: [old.id])
        try log.insert(child, at: start, durability: .normal)
        #expect(log.takeShown().isEmpty)
        #expect(log.nextWanted() == [old.id])
        #expect(
            try log.insert(old, at: start, durability: .normal) == .refused(.belowFloor(lamport: 10, floor: 16)))
        #expect(log.takeShown() == [Shown(entry: child, hasGap: false)])
        #expect(log.nextDeadline == nil)
    }

    @Test("two logs that merge have the higher floor, also after a restart")
    func mergedFloors() throws {
        let archive = MemoryArchive()
        var former = Example.log(Example.otherGathering, archive: archive)
        let forgotten = Example.entry("forgotten", lamport: 1)
        try former.insert(forgotten, at: start, durability: .normal)
        try former.forget()
        var log = try log(1...1, archive: archive)
        try log.absorb(former)
        #expect(log.floor == 2)
        #expect(
            try log.insert(forgotten, at: start, durability: .normal)
                == .refused(.belowFloor(lamport: 1, floor: 2)))
        #expect(Example.log(archive: archive).floor == 2)
        #expect(log.nextLamport == 3)
    }

    @Test("a log that begins far into a long room continues from there")
    func beginning() throws {
        var log = Example.log()
        try log.begin(at: 5_000_000)
        for lamport in 5_000_000..<5_001_500 as Range<UInt64> {
            let entry = Example.entry("line", lamport: lamport)
            #expect(try log.insert(entry, at: start, durability: .normal) == .added)
        }
        #expect(log.horizon == 5_001_499 && log.nextLamport == 5_001_500)
    }
}
