import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import RoomSync

@Suite("A log with entries of unknown kinds")
struct UnknownKindLogTests {
    private let start = Example.instant(milliseconds: 0)

    private func later(_ lamport: UInt64, parents: [EntryID] = []) throws -> SignedEntry {
        try FutureVersion.entry(in: Example.room, by: Example.authors[1], lamport: lamport, parents: parents)
    }

    /// Adds known and unknown kinds in turn, 600 in total: more than one page of reading.
    private func fill(_ log: inout RoomLog) throws -> (known: [EntryKey], unknown: [EntryKey]) {
        var keys: (known: [EntryKey], unknown: [EntryKey]) = ([], [])
        for lamport in stride(from: 1, to: 600, by: 2) as StrideTo<UInt64> {
            let known = Example.entry("\(lamport)", lamport: lamport, parents: log.heads)
            #expect(try log.insert(known, at: start, durability: .normal) == .added)
            let unknown = try later(lamport + 1, parents: [known.id])
            #expect(try log.insert(unknown, at: start, durability: .normal) == .added)
            keys.known.append(known.key)
            keys.unknown.append(unknown.key)
        }
        return keys
    }

    private func check(
        _ log: RoomLog, known: some Sequence<EntryKey>, unknown: some Sequence<EntryKey>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(log.index(for: []).keys == known.sorted(), sourceLocation: sourceLocation)
        #expect(
            log.index(for: .ofThisVersion).keys == (Array(known) + Array(unknown)).sorted(),
            sourceLocation: sourceLocation)
        #expect(log.unknownKindIDs.count == Array(unknown).count, sourceLocation: sourceLocation)
    }

    @Test("peers that do not support unknown kinds see none, also after the log is read again")
    func readAgain() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        #expect(log.unknownKinds == nil)
        let keys = try fill(&log)
        check(log, known: keys.known, unknown: keys.unknown)
        let again = Example.log(archive: archive)
        check(again, known: keys.known, unknown: keys.unknown)
        #expect(again.heads == log.heads && log.heads == [keys.unknown.last!.id])
        let ids = [keys.known[0].id, keys.unknown[0].id]
        #expect(again.ids(ids, for: []) == [keys.known[0].id] && again.ids(ids, for: .ofThisVersion) == ids)
    }

    @Test("dropped or withdrawn entries leave both indexes, and the setting goes with the last of them")
    func dropping() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        let keys = try fill(&log)
        try log.trim(keeping: 100, newerThan: WallTime(milliseconds: 0))
        check(log, known: keys.known.suffix(50), unknown: keys.unknown.suffix(50))
        try log.withdraw([keys.unknown.last!.id, keys.known.last!.id])
        check(log, known: keys.known.suffix(50).dropLast(), unknown: keys.unknown.suffix(50).dropLast())
        let setting = "unknown kinds of \(Example.gathering.order)"
        #expect(try archive.setting(setting) != nil)
        try log.forget()
        check(log, known: [], unknown: [])
        #expect(try archive.setting(setting) == nil)
    }

    @Test("a log that is merged into another moves its unknown kinds there")
    func absorbing() throws {
        let archive = MemoryArchive()
        var log = Example.log(archive: archive)
        let keys = try fill(&log)
        var other = Example.log(Example.otherGathering, archive: archive)
        #expect(other.unknownKinds == nil)
        try other.absorb(log)
        check(other, known: keys.known, unknown: keys.unknown)
        check(
            Example.log(Example.otherGathering, archive: archive), known: keys.known, unknown: keys.unknown)
        #expect(try archive.setting("unknown kinds of \(Example.gathering.order)") == nil)
    }

    @Test("an entry of an unknown kind above the horizon is evicted from both indexes")
    func farAhead() throws {
        var log = Example.log()
        let first = Example.entry("one", lamport: 1)
        try log.insert(first, at: start, durability: .normal)
        let far = RoomLog.lamportStep + 10
        for number in 0..<UInt64(RoomLog.farAheadCount) {
            try log.insert(try later(far + number), at: start, durability: .normal)
        }
        let last = log.index.last
        try log.insert(try later(far - 1), at: start, durability: .normal)
        #expect(log.index.last != last && log.unknownKindIDs.count == RoomLog.farAheadCount)
        #expect(log.index(for: []).keys == [first.key])
    }

    @Test("an entry of an unknown kind waits for its parents and is waited for, like all others")
    func order() throws {
        var log = Example.log()
        let first = Example.entry("one", lamport: 1)
        let second = try later(2, parents: [first.id])
        let third = Example.entry("three", lamport: 3, parents: [second.id])
        try log.insert(third, at: start, durability: .normal)
        #expect(log.nextWanted() == [second.id])
        try log.insert(second, at: start, durability: .normal)
        #expect(log.takeShown().isEmpty)
        try log.insert(first, at: start, durability: .normal)
        #expect(log.takeShown().map(\.entry.id) == [first.id, second.id, third.id])
    }
}
