import CoreModel
import CoreTestKit
import RoomSync
import Secure
import TestKit
import Testing
import Wire

@Suite struct RoomLogTests {
    private let start = Example.instant(milliseconds: 0)

    @Test("an entry whose parents are here is shown immediately, and only once")
    func inOrder() throws {
        var log = Example.log()
        let first = Example.entry("one", lamport: log.nextLamport, parents: log.heads)
        #expect(try log.insert(first, at: start, durability: .normal) == .added)
        #expect(log.takeShown() == [Shown(entry: first, hasGap: false)])
        #expect(try log.insert(first, at: start, durability: .normal) == .duplicate)
        #expect(log.takeShown().isEmpty)
        let second = Example.entry("two", lamport: log.nextLamport, parents: log.heads)
        #expect(second.entry.lamport == 2)
        #expect(second.entry.parents == [first.id])
        #expect(try log.insert(second, at: start, durability: .full) == .added)
        #expect(log.takeShown().map(\.entry) == [second])
        #expect(log.nextDeadline == nil)
        #expect(log.nextWanted().isEmpty)
    }

    @Test("in any order of arrival each entry is shown once, after its parents, without a gap", arguments: 0..<60)
    func permutations(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let said = Example.conversation(count: 80, using: &random)
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        var shown: [EntryID] = []
        for entry in said.shuffled(using: &random) {
            #expect(try log.insert(entry, at: start, durability: .normal) == .added)
            if Bool.random(using: &random) {
                #expect(try log.insert(entry, at: start, durability: .normal) == .duplicate)
            }
            for next in log.takeShown() {
                #expect(!next.hasGap)
                #expect(next.entry.entry.parents.allSatisfy { shown.contains($0) })
                shown.append(next.entry.id)
            }
        }
        #expect(shown.count == said.count)
        #expect(Set(shown) == Set(said.map(\.id)))
        #expect(log.nextDeadline == nil)
        #expect(log.index.keys == said.map(\.key).sorted())
        // Reading the log from the archive yields the same heads.
        #expect(Example.log(archive: archive).heads == log.heads)
    }

    @Test("a missing parent is requested immediately and every 0.5 s, and after 2 s its child is shown with a gap")
    func gap() throws {
        var log = Example.log()
        let parent = Example.entry("parent", lamport: 1)
        let child = Example.entry("child", lamport: 2, parents: [parent.id])
        let grandchild = Example.entry("grandchild", lamport: 3, parents: [child.id])
        try log.insert(child, at: start, durability: .normal)
        try log.insert(grandchild, at: start + .seconds(1), durability: .normal)
        #expect(log.takeShown().isEmpty)
        #expect(log.nextWanted() == [parent.id])
        #expect(log.nextWanted().isEmpty)
        var asked = 0
        while let deadline = log.nextDeadline {
            #expect(deadline.at <= start + .seconds(2))
            log.deadlineReached(at: deadline.at)
            asked += log.nextWanted().count
            if deadline.at < start + .seconds(2) { #expect(log.takeShown().isEmpty) }
        }
        #expect(asked == 3)
        #expect(log.takeShown() == [Shown(entry: child, hasGap: true), Shown(entry: grandchild, hasGap: false)])
        // It arrives in the end: late, but without a mark, and the others are not shown again.
        #expect(try log.insert(parent, at: start + .seconds(9), durability: .normal) == .added)
        #expect(log.takeShown() == [Shown(entry: parent, hasGap: false)])
        #expect(log.nextDeadline == nil)
    }

    @Test("when a waiting entry times out, waiting parents are shown before it")
    func chainGivesUp() throws {
        var log = Example.log()
        let lost = Example.entry("lost", lamport: 1)
        let parent = Example.entry("parent", lamport: 2, parents: [lost.id])
        let child = Example.entry("child", lamport: 3, parents: [parent.id])
        // The child first, so that it times out first.
        try log.insert(child, at: start, durability: .normal)
        try log.insert(parent, at: start + .seconds(1), durability: .normal)
        log.deadlineReached(at: start + .seconds(2))
        #expect(log.takeShown() == [Shown(entry: parent, hasGap: true), Shown(entry: child, hasGap: false)])
        #expect(log.nextDeadline == nil)
    }

    @Test("a new entry names the heads that were shown, at most eight, ascending")
    func heads() throws {
        var log = Example.log()
        let entries = (0..<12).map { Example.entry("head \($0)", lamport: 1) }
        for entry in entries { try log.insert(entry, at: start, durability: .normal) }
        let greatest = entries.map(\.key).sorted().suffix(8).map(\.id)
        #expect(log.heads == greatest.sorted())
        let waiting = Example.entry(
            "waiting", lamport: 5, parents: [Example.entry("unheard", lamport: 4).id])
        try log.insert(waiting, at: start, durability: .normal)
        #expect(log.heads == greatest.sorted())
        #expect(log.nextLamport == 6)
    }

    @Test("no entry continues from a Lamport time far ahead, and logs are equal in any order of arrival")
    func farAhead() throws {
        let entries = [
            Example.entry("one", lamport: 5), Example.entry("two", lamport: 1_000_005),
            Example.entry("lie", lamport: 2_000_006), Example.entry("end", lamport: Limits.lamport),
        ]
        for turn in entries.indices {
            let archive = MemoryArchive()
            var log = Example.log(archive: archive)
            for entry in entries[turn...] + entries[..<turn] {
                #expect(try log.insert(entry, at: start, durability: .normal) == .added)
            }
            #expect(log.horizon == 1_000_005 && log.nextLamport == 1_000_006 && log.heads.contains(entries[1].id))
            // An entry in between makes it reachable.
            try log.insert(Example.entry("bridge", lamport: 1_000_007), at: start, durability: .normal)
            #expect(log.horizon == 2_000_006)
            #expect(try RoomLog(log: log.log, room: log.room, archive: archive).horizon == log.horizon)
        }
    }

    @Test("a log that has only the last Lamport time continues from the first")
    func lastOfAllTimes() throws {
        var log = Example.log()
        try log.insert(Example.entry("lie", lamport: Limits.lamport), at: start, durability: .normal)
        #expect(log.nextLamport == 1 && log.heads.isEmpty)
        try log.insert(Example.entry("one", lamport: 1), at: start, durability: .normal)
        #expect(log.nextLamport == 2 && log.heads.count == 1)

        log = Example.log()
        try log.insert(Example.entry("lie", lamport: 5_000_000), at: start, durability: .normal)
        #expect(log.nextLamport == 5_000_001 && log.heads.count == 1)
        try log.insert(Example.entry("one", lamport: 1), at: start, durability: .normal)
        #expect(log.nextLamport == 2 && log.heads == [Example.entry("one", lamport: 1).id])
    }

    @Test("an entry of another room is refused and leaves no trace")
    func refusals() throws {
        var log = Example.log()
        try log.insert(Example.entry("one", lamport: 5), at: start, durability: .normal)
        #expect(
            try log.insert(
                Example.entry("other", lamport: 6, room: RoomID.least), at: start, durability: .normal)
                == .refused(.otherRoom))
        #expect(log.count == 1)
        #expect(try log.history(limit: 10).map(\.entry.body) == ["one"])
    }

    @Test("an entry that cannot be stored is not shown and may arrive again")
    func failingArchive() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        archive.failure = ArchiveError(.full, "the disk is full")
        let entry = Example.entry("one", lamport: 1)
        #expect(throws: ArchiveError.self) { try log.insert(entry, at: start, durability: .full) }
        #expect(log.isEmpty)
        #expect(log.takeShown().isEmpty)
        archive.failure = nil
        #expect(try log.insert(entry, at: start, durability: .full) == .added)
        #expect(log.takeShown().count == 1)
    }

    @Test("waiting entries are limited to 4,096, and those beyond the limit are shown immediately")
    func boundedWaiting() throws {
        var log = Example.log()
        let unheard = EntryID.greatest
        var shown = 0
        for number in 0..<4_200 {
            let entry = Example.entry("\(number)", lamport: 2, parents: [unheard])
            try log.insert(entry, at: start, durability: .normal)
            shown += log.takeShown().count
        }
        #expect(shown == 4_200 - 4_096)
        log.deadlineReached(at: start + .seconds(2))
        #expect(log.takeShown().count == 4_096)
    }

    @Test("ten thousand entries are loaded with their heads")
    func load() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        for _ in 0..<10_000 {
            try log.insert(
                Example.entry("x", lamport: log.nextLamport, parents: log.heads), at: start, durability: .normal)
            _ = log.nextShown(at: start)
        }
        let loaded = Example.log(archive: archive)
        #expect(loaded.count == 10_000)
        #expect(loaded.heads == log.heads)
        #expect(loaded.nextLamport == 10_001)
        #expect(loaded.index.fingerprint(at: 0..<10_000) == log.index.fingerprint(at: 0..<10_000))
    }

    @Test("the log of a gathering that ends is merged, and entries that waited for it are shown")
    func absorb() throws {
        let archive = MemoryArchive()
        var kept = Example.log(archive: archive)
        let first = Example.entry("known in the lower gathering", lamport: 1)
        try kept.insert(first, at: start, durability: .normal)
        var former = Example.log(Example.otherGathering, archive: archive)
        let second = Example.entry("answer", lamport: 2, parents: [first.id])
        let missing = Example.entry("comes later", lamport: 1)
        let third = Example.entry("answer to what comes later", lamport: 2, parents: [missing.id])
        try former.insert(second, at: start, durability: .normal)
        try former.insert(third, at: start, durability: .normal)
        #expect(former.takeShown().isEmpty)
        var log = Example.log(archive: archive)
        try log.absorb(former)
        #expect(log.takeShown() == [Shown(entry: second, hasGap: false)])
        try log.insert(missing, at: start, durability: .normal)
        #expect(Set(log.takeShown().map(\.entry.id)) == [missing.id, third.id])
        #expect(log.count == 4)
        #expect(try archive.logs() == [Example.gathering])
        #expect(log.nextDeadline == nil)
    }

    @Test("pruned entries are below the floor, are refused, and remain so after a restart")
    func retention() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        var said: [SignedEntry] = []
        for number in 1...100 {
            let entry = Example.entry(
                "x", lamport: log.nextLamport, parents: log.heads, wall: UInt64(number) * 1_000)
            try log.insert(entry, at: start, durability: .normal)
            said.append(entry)
        }
        #expect(try log.trim(keeping: 90, newerThan: WallTime(milliseconds: 0)) == 10)
        #expect(log.floor == 11)
        #expect(try log.trim(keeping: 90, newerThan: WallTime(milliseconds: 51_000)) == 40)
        #expect(log.floor == 51)
        #expect(log.index.keys == said[50...].map(\.key))
        #expect(
            try log.insert(said[0], at: start, durability: .normal)
                == .refused(.belowFloor(lamport: 1, floor: 51)))
        var loaded = Example.log(archive: archive)
        #expect(loaded.floor == 51)
        #expect(try loaded.trim(keeping: 0, newerThan: WallTime(milliseconds: 0)) == 50)
        #expect(loaded.isEmpty)
        #expect(loaded.nextLamport == 102)
    }

    @Test("a request is answered with the entries that are here, up to the size of one frame")
    func answersWant() throws {
        var log = Example.log()
        var ids: [EntryID] = []
        for number in 1...10 {
            let entry = Example.entry(String(repeating: "x", count: 16_000), lamport: UInt64(number))
            try log.insert(entry, at: start, durability: .normal)
            ids.append(entry.id)
        }
        #expect(log.missing(from: [.greatest, ids[0]]) == [.greatest])
        var rest = ([EntryID.greatest] + ids)[...]
        var sizes: [Int] = []
        while !rest.isEmpty {
            let answer = try log.entries(rest)
            rest = answer.rest
            sizes.append(answer.found.count)
            #expect(Frame.entries(answer.found.map(\.bytes)).encoded().count <= Limits.frameBytes)
        }
        #expect(sizes == [3, 3, 3, 1])
    }
}
