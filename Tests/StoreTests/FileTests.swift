import CoreModel
import Foundation
import RoomSync
import TestKit
import Testing
import Wire

@testable import Store

/// One database file, opened several times.
@Suite struct FileTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private var path: String { place.path(of: "earshot.db") }

    @Test("committed changes are present at the next start, uncommitted ones are not")
    func reopening() throws {
        do {
            let archive = try SQLiteArchive(at: path)
            try archive.keep("kept", lamport: 1, .full)
            try archive.setSetting("name", to: [7])
            try archive.commit()
            try archive.keep("not kept", lamport: 2)
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.texts(of: Said.office) == ["kept"])
        #expect(try archive.setting("name") == [7])
        #expect(try archive.search(words: "kept", limit: 9).count == 1)
    }

    @Test("a file that is damaged, of another program or of a later version is rejected and left unchanged")
    func refusal() throws {
        _ = try SQLiteArchive(at: path)
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        func refused(_ content: Data, _ kind: ArchiveError.Kind) throws {
            let file = place.path(of: "\(kind)-\(content.count).db")
            try content.write(to: URL(fileURLWithPath: file))
            #expect { try SQLiteArchive(at: file) } throws: { ($0 as? ArchiveError)?.kind == kind }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == content, "\(kind)")
        }
        try refused(Data("these are somebody's notes, and no database at all".utf8), .damaged)
        var torn = good
        torn.replaceSubrange(0..<100, with: Data(repeating: 0x55, count: 100))
        try refused(torn, .damaged)
        // The tables themselves: everything after the header.
        torn = good
        torn.replaceSubrange(100..<torn.count, with: Data(repeating: 0x55, count: torn.count - 100))
        try refused(torn, .damaged)

        let foreign = try Database(place.path(of: "foreign"), for: .readingAndWriting)
        try foreign.execute("CREATE TABLE notes (text)")
        try refused(Data(contentsOf: URL(fileURLWithPath: foreign.path)), .damaged)
        let later = try Database(place.path(of: "later"), for: .readingAndWriting)
        try later.execute(
            "CREATE TABLE entry (x); PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = 99")
        try refused(Data(contentsOf: URL(fileURLWithPath: later.path)), .newer)
    }

    @Test("a change that fails half-way is undone completely, and all other changes of its round are stored")
    func halfAChange() throws {
        do {
            let archive = try SQLiteArchive(at: path)
            try archive.database.execute(
                """
                CREATE TEMP TRIGGER stubborn BEFORE DELETE ON main.awaited_receipt
                BEGIN SELECT RAISE(ABORT, 'not this one'); END
                """)
            let first = try archive.keep("first", lamport: 1)
            let second = try archive.keep("second", lamport: 2)
            try archive.awaitReceipt(of: second.key, in: Said.office)
            #expect(throws: ArchiveError.self) { try archive.remove([first.key, second.key], from: Said.office) }
            #expect(try archive.texts(of: Said.office) == ["first", "second"])
            try archive.keep("third", lamport: 3)
            try archive.commit()
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.texts(of: Said.office) == ["first", "second", "third"])
        #expect(try archive.search(words: "first", limit: 9).count == 1)
        #expect(try archive.awaitingReceipt(in: Said.office).count == 1)
    }

    @Test("words left behind by a library without full-text search do not keep new entries out of the index")
    func wordsLeftBehind() throws {
        let archive = try SQLiteArchive(at: path)
        try archive.keep("first", lamport: 1)
        try archive.database.execute("INSERT INTO search (rowid, words) VALUES (2, 'gone')")
        try archive.keep("second", lamport: 2)
        try archive.commit()
        #expect(try archive.search(words: "second", limit: 9).count == 1)
        #expect(try archive.search(words: "gone", limit: 9).isEmpty)
    }

    @Test("a path that cannot be written to is reported as unwritable")
    func unwritable() throws {
        #expect {
            try SQLiteArchive(at: place.path(of: "no/such/directory/earshot.db"))
        } throws: {
            ($0 as? ArchiveError)?.kind == .unwritable
        }
    }

    @Test("a round that could not be stored is stored by a later commit, completely and in order")
    func retry() throws {
        let disk = FragileDisk("retry")
        let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
        try archive.keep("before", lamport: 1)
        try archive.commit()
        disk.isFull = true
        try archive.keep("own", lamport: 2, .full)
        try archive.awaitReceipt(of: Said.entry("own", lamport: 2).key, in: Said.office)
        #expect { try archive.commit() } throws: { ($0 as? ArchiveError)?.kind == .full }
        // Changes made while nothing can be stored wait with the others.
        let late = try archive.keep("while full", lamport: 3)
        #expect(throws: ArchiveError.self) { try archive.commit() }
        disk.isFull = false
        try archive.commit()
        try archive.commit()
        #expect(try archive.texts(of: Said.office) == ["before", "own", "while full"])
        #expect(try archive.entry(late.key, in: Said.office) == late)
        #expect(try archive.awaitingReceipt(in: Said.office).count == 1)
        #expect(try archive.search(words: "while", limit: 9).count == 1)
    }

    @Test("a durable change also makes earlier ones durable, and a round without one does not wait for the disk")
    func durabilities() throws {
        let disk = FragileDisk("durabilities")
        let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
        // After a checkpoint the log starts over, which is synchronized once.
        try archive.setSetting("first", to: [1])
        try archive.commit()
        let atStart = disk.syncCount
        try archive.keep("theirs", lamport: 1)
        try archive.commit()
        #expect(disk.syncCount == atStart)
        try archive.keep("theirs too", lamport: 2)
        try archive.keep("mine", lamport: 3, .full)
        try archive.keep("and theirs", lamport: 4)
        try archive.commit()
        #expect(disk.syncCount == atStart + 1)
        var random = SeededGenerator(seed: 0)
        disk.losePower(using: &random)
        let after = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
        #expect(try after.texts(of: Said.office) == ["theirs", "theirs too", "mine", "and theirs"])
    }

    @Test("storing a private message costs one sync of three pages, and does not lengthen the file")
    func cost() throws {
        let disk = FragileDisk("cost")
        let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
        func keep(_ lamport: UInt64) throws {
            let entry = try archive.keep("good morning", lamport: lamport, in: Said.withAna, .full)
            try archive.awaitReceipt(of: entry.key, in: Said.withAna)
            try archive.commit()
        }
        // The first messages create the tables' pages.
        for lamport in 1...5 as ClosedRange<UInt64> { try keep(lamport) }
        let (writes, syncs, growths) = (disk.writeCount, disk.syncCount, disk.growthCount)
        for lamport in 6...15 as ClosedRange<UInt64> { try keep(lamport) }
        #expect(disk.syncCount - syncs == 10)
        // Each page of the log is two writes; occasionally a page is full and splits into two.
        #expect(disk.writeCount - writes <= 10 * 2 * 3 + 8)
        #expect(disk.growthCount == growths)
    }

    @Test("thousands of entries that are not indexed yet are found at the first search")
    func index() throws {
        do {
            let archive = try SQLiteArchive(at: path)
            for lamport in 1...300 as ClosedRange<UInt64> {
                try archive.keep("one \(lamport)", lamport: lamport)
                try archive.commit()
            }
            for lamport in 301...5_000 as ClosedRange<UInt64> { try archive.keep("two \(lamport)", lamport: lamport) }
            #expect(try archive.search(words: "two 5000", limit: 9).count == 1)
            try archive.commit()
            #expect(try archive.search(words: "one", limit: 9_000).count == 300)
            let last = Said.entry("two 5000", lamport: 5_000)
            try archive.remove([last.key], from: Said.office)
            try archive.keep("three", lamport: 5_001)
            try archive.commit()
            #expect(try archive.search(words: "three", limit: 9).count == 1)
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.search(words: "two", limit: 9_000).count == 4_699)
    }

    @Test("after a power cut at any moment the file can be opened and has all durable changes, in whole rounds")
    func powerCuts() throws {
        for seed in 0..<200 as Range<UInt64> {
            let disk = FragileDisk("power \(seed)")
            var random = SeededGenerator(seed: seed)
            var firm: UInt64 = 0
            var lamport: UInt64 = 0
            for start in 0..<3 {
                let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
                let texts = try archive.texts(of: Said.office)
                // There are no gaps, and no more entries than were stored.
                #expect(texts == (0..<texts.count).map { "\($0 + 1)" }, "seed \(seed), start \(start)")
                #expect(texts.count >= firm, "seed \(seed), start \(start)")
                #expect(try archive.search(words: "1", limit: 1).isEmpty == texts.isEmpty)
                lamport = UInt64(texts.count)
                for _ in 0..<Int.random(in: 1...60, using: &random) {
                    let isFirm = Int.random(in: 0..<4, using: &random) == 0
                    for _ in 0..<Int.random(in: 1...5, using: &random) {
                        lamport += 1
                        try archive.keep("\(lamport)", lamport: lamport, isFirm ? .full : .normal)
                    }
                    // Sometimes power is lost in the middle of a round.
                    if Int.random(in: 0..<30, using: &random) == 0 { break }
                    try archive.commit()
                    if isFirm { firm = lamport }
                    if Int.random(in: 0..<20, using: &random) == 0 {
                        try archive.database.execute("PRAGMA wal_checkpoint(PASSIVE)")
                    }
                }
                disk.losePower(using: &random)
            }
        }
    }

    @Test("a reader sees what another process has committed, and does not block it")
    func reader() throws {
        let writer = try SQLiteArchive(at: path)
        try writer.keep("one", lamport: 1)
        try writer.commit()
        let reader = try SQLiteArchive(reading: path)
        #expect(try reader.texts(of: Said.office) == ["one"])
        try writer.keep("two", lamport: 2, .full)
        #expect(try reader.texts(of: Said.office) == ["one"])
        try writer.commit()
        #expect(try reader.texts(of: Said.office) == ["one", "two"])
        #expect(throws: ArchiveError.self) { try reader.keep("three", lamport: 3) }
    }

    @Test("entries stored without a full-text index are found once there is one")
    func lateIndex() throws {
        do {
            let archive = try SQLiteArchive(at: path, for: .relay)
            try archive.keep("tea at four", lamport: 1)
            try archive.commit()
            #expect(throws: ArchiveError.self) { try archive.search(words: "tea", limit: 9) }
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.search(words: "tea", limit: 9).count == 1)
    }

    @Test("the files contain no trace of a forgotten word")
    func nothingLeft() throws {
        let archive = try SQLiteArchive(at: path)
        for lamport in 1...50 { try archive.keep("mandrake \(lamport)", lamport: UInt64(lamport)) }
        try archive.keep("stays", lamport: 60, in: Said.home)
        try archive.commit()
        #expect(try archive.search(words: "mandrake", limit: 99).count == 50)
        try archive.forget(Said.office)
        try archive.commit()
        for file in [path, path + "-wal"] {
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data()
            #expect(bytes.range(of: Data("mandrake".utf8)) == nil, "\(file)")
        }
        #expect(try archive.texts(of: Said.home) == ["stays"])
    }
}
