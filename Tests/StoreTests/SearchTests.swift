import CoreModel
import Foundation
import RoomSync
import Secure
import TestKit
import Testing
import Wire

@testable import Store

@Suite struct SearchTests {
    private let place: TemporaryDirectory
    private var path: String { place.path(of: "earshot.db") }

    init() throws { place = try TemporaryDirectory() }

    @Test("every archive finds the same entries")
    func examples() throws {
        for example in SearchExample.all {
            for archive in [MemoryArchive(), try SQLiteArchive(at: place.path(of: UUID().uuidString))] as [any Archive]
            {
                try archive.keep(example.said, lamport: 1)
                let found = try archive.search(words: example.wanted, limit: 9)
                #expect(found.isEmpty != example.isFound, "\(example.wanted) in \(example.said): \(type(of: archive))")
            }
        }
    }

    @Test("an entry of an unknown kind is stored as it was signed, and no search finds it")
    func unknownKinds() throws {
        let later = SignedEntry(
            signing: Entry(
                room: RoomID([UInt8](repeating: 7, count: 32))!, author: Said.author.peerID, lamport: 1,
                wallTime: 1_000, parents: [], kind: .unknown(5), body: "", item: CBORValue.text("secret").encoded()),
            by: Said.author)
        let kept = ArchivedEntry(key: later.key, bytes: later.bytes)
        do {
            let archive = try SQLiteArchive(at: path)
            _ = try archive.append(kept, body: later.entry.body, to: Said.office, durability: .normal)
            try archive.keep("no secret", lamport: 2)
            try archive.commit()
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.entry(later.key, in: Said.office) == kept)
        #expect(try archive.search(words: "secret", limit: 9).map(\.entry.key.lamport) == [2])
        var log = try RoomLog(log: Said.office, room: later.entry.room, archive: archive)
        #expect(log.heads.count == 2 && log.contains(later.id))
        #expect(try log.insert(later, at: Instant(nanoseconds: 0), durability: .normal) == .duplicate)
    }

    @Test("a long search is answered, whatever it contains")
    func long() throws {
        let archive = try SQLiteArchive(at: path)
        try archive.keep((1...200).map { "word\($0)" }.joined(separator: " "), lamport: 1)
        for words in [(1...200).map { "word\($0)" }, ["x\u{0}y"], ["\"'*()^:{}-+"], Array(repeating: "京", count: 100)] {
            #expect(throws: Never.self) { try archive.search(words: words.joined(separator: " "), limit: 9) }
        }
        #expect(try archive.search(words: (1...200).map { "word\($0)" }.joined(separator: " "), limit: 9).count == 1)
        #expect(try archive.search(words: "word1\u{0}word2", limit: 9).count == 1)
    }

    /// Creates a file as versions before 0.2 left it: with an index of words that SQLite tokenized.
    private func makeFormer(_ texts: [String]) throws {
        let archive = try SQLiteArchive(at: path)
        for (index, text) in texts.enumerated() { try archive.keep(text, lamport: UInt64(index + 1)) }
        try archive.commit()
        try archive.database.execute(
            """
            DROP TABLE search;
            CREATE VIRTUAL TABLE words USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')
            """)
        for (index, text) in texts.enumerated() {
            try archive.database.run(
                "INSERT INTO words (rowid, body) VALUES (?, ?)", .integer(Int64(index + 1)), .text(text))
        }
    }

    private func tables() throws -> [String] {
        try Database(path, for: .reading).rows("SELECT name FROM sqlite_schema WHERE name LIKE 'words%'") { row in
            row.text(0)
        }
    }

    @Test("an index of an earlier version is rebuilt at the first search")
    func former() throws {
        try makeFormer(["我今天去北京大学", "Straße", "tea"])
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.search(words: "北京", limit: 9).count == 1)
        #expect(try archive.search(words: "STRASSE", limit: 9).count == 1)
        #expect(try tables().isEmpty)
    }

    @Test("a search does not wait for a long rebuild of the index, which continues without searches")
    func timeout() throws {
        try makeFormer((1...9_000).map { "tea \($0)" })
        let archive = try SQLiteArchive(at: path)
        archive.awaitedStepCount = 2
        #expect(archive.isBehind)
        #expect {
            try archive.search(words: "tea", limit: 9_999)
        } throws: {
            ($0 as? ArchiveError)?.text.hasPrefix("search is not available yet") == true
        }
        for _ in 0..<1_000 where archive.isBehind { try archive.commit() }
        #expect(!archive.isBehind)
        #expect(try archive.search(words: "tea", limit: 9_999).count == 9_000)
    }

    @Test("without a search the index is rebuilt in small steps per round, across restarts, and never at the start")
    func gradual() throws {
        let count = 3_000
        try makeFormer((1...count).map { "Straße \($0)" })
        var indexed: Int64 = 0
        var rounds = 0
        while indexed < count, rounds < 1_000 {
            let archive = try SQLiteArchive(at: path)
            #expect(try archive.database.number("SELECT count(*) FROM search") == indexed)
            for _ in 0..<3 {
                try archive.commit()
                rounds += 1
                let now = try archive.database.number("SELECT count(*) FROM search") ?? 0
                #expect(now - indexed <= 256)
                indexed = now
            }
        }
        #expect(indexed == count)
        #expect(try tables().isEmpty)
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.search(words: "STRASSE", limit: 9_999).count == count)
    }

    @Test("after a run of the earlier version in between, no wrong entry is found")
    func downgrade() throws {
        try makeFormer(["one", "two"])
        do {
            let archive = try SQLiteArchive(at: path)
            #expect(try archive.search(words: "two", limit: 9).count == 1)
            // The earlier version creates its table again, and removes and adds entries without updating ours.
            try archive.database.execute(
                "CREATE VIRTUAL TABLE words USING fts5(body); DELETE FROM entry WHERE number = 2")
            try archive.keep("three", lamport: 3)
            try archive.commit()
        }
        let archive = try SQLiteArchive(at: path)
        #expect(try archive.search(words: "two", limit: 9).isEmpty)
        #expect(try archive.search(words: "three", limit: 9).count == 1)
    }

    @Test("an earlier version's index contains no trace of a forgotten word either")
    func forgotten() throws {
        try makeFormer((1...50).map { "mandrake \($0)" })
        let archive = try SQLiteArchive(at: path)
        try archive.forget(Said.office)
        try archive.commit()
        for file in [path, path + "-wal"] {
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data()
            #expect(bytes.range(of: Data("mandrake".utf8)) == nil, "\(file)")
        }
    }

    @Test("with a full disk the index waits, and nothing is lost")
    func full() throws {
        let disk = FragileDisk("search full")
        let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
        for lamport in 1...600 { try archive.keep("tea \(lamport)", lamport: UInt64(lamport)) }
        disk.isFull = true
        #expect(throws: ArchiveError.self) { try archive.commit() }
        disk.isFull = false
        try archive.commit()
        #expect(try archive.search(words: "tea", limit: 999).count == 600)
    }
}
