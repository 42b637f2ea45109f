import CoreModel
import Foundation
import RoomSync
import TestKit
import Testing
import Wire

@testable import Store

/// The sizes of logs, and the order in which entries were stored.
@Suite struct LogSizeTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private var path: String { place.path(of: "earshot.db") }

    /// Returns the size as counted over all entries.
    private func counted(_ archive: any Archive, _ log: LogID) throws -> Int {
        try archive.entries(of: log, before: nil, limit: .max / 2).reduce(0) { $0 + $1.keptBytes }
    }

    private func check(_ archive: any Archive, _ comment: Comment) throws {
        for log in [Said.office, Said.home, Said.withAna] {
            #expect(try archive.bytes(of: log) == counted(archive, log), comment)
        }
    }

    @Test(
        "the running sums are correct after any changes, lost transactions and restarts",
        arguments: 0..<20 as Range<UInt64>)
    func sums(seed: UInt64) throws {
        let disk = FragileDisk("sums \(seed)")
        var random = SeededGenerator(seed: seed)
        let logs = [Said.office, Said.home, Said.withAna]
        var lamport: UInt64 = 0
        for start in 0..<3 {
            let archive = try SQLiteArchive(at: "earshot.db", vfs: disk.name)
            try check(archive, "seed \(seed), start \(start)")
            for _ in 0..<60 {
                let log = logs[Int.random(in: 0..<3, using: &random)]
                switch Int.random(in: 0..<20, using: &random) {
                case 0: try archive.merge(log, into: logs[Int.random(in: 0..<3, using: &random)])
                case 1: try archive.forget(log)
                case 2...4:
                    let keys = try archive.keys(of: log)
                    try archive.remove(Array(keys.prefix(Int.random(in: 0...5, using: &random))), from: log)
                case 5:
                    disk.isFull = true
                    try archive.keep("lost", lamport: lamport + 1, in: log)
                    try? archive.commit()
                    disk.isFull = false
                    lamport += 1
                case 6:
                    for _ in 0..<300 {
                        lamport += 1
                        try archive.keep("many", lamport: lamport, in: log)
                    }
                default:
                    lamport += 1
                    let entry = try archive.keep(
                        String(repeating: "x", count: 1 + Int(lamport % 999)), lamport: lamport, in: log)
                    // The same entry in another log, as after a merge of two that had it.
                    let other = logs[Int.random(in: 0..<3, using: &random)]
                    _ = try archive.append(entry, body: "", to: other, durability: .normal)
                }
                if Int.random(in: 0..<3, using: &random) == 0 { try archive.commit() }
            }
            try archive.commit()
            try check(archive, "seed \(seed), end \(start)")
            disk.losePower(using: &random)
        }
    }

    @Test("a log without entries leaves no row in the file")
    func emptyLogs() throws {
        let archive = try SQLiteArchive(at: path)
        let entry = try archive.keep("one", lamport: 1, in: Said.withAna)
        try archive.keep("two", lamport: 2)
        try archive.remove([entry.key], from: Said.withAna)
        try archive.commit()
        #expect(try archive.database.number("SELECT count(*) FROM log") == 1)
        try archive.keep("again", lamport: 3, in: Said.withAna)
        #expect(try archive.texts(of: Said.withAna) == ["again"])
        #expect(try archive.texts(of: Said.office) == ["two"])
    }

    @Test("entries of all logs are listed in the order in which they were stored", arguments: [false, true])
    func arrivals(isOnDisk: Bool) throws {
        let archive: any Archive = isOnDisk ? try SQLiteArchive(at: path) : MemoryArchive()
        let lamports: [(UInt64, LogID)] = [(9, Said.office), (1, Said.withAna), (5, Said.office), (2, Said.home)]
        let kept = try lamports.map { try archive.keep("text", lamport: $0.0, in: $0.1) }
        let all = try archive.arrivals(after: 0, limit: 9)
        #expect(all.map(\.log) == lamports.map(\.1) && all.map(\.bytes) == kept.map(\.keptBytes))
        #expect(try archive.arrivals(after: all[1].place, limit: 1) == [all[2]])
        try archive.merge(Said.office, into: Said.home)
        #expect(try archive.arrivals(after: 0, limit: 2).map(\.log) == [Said.home, Said.withAna])
    }

    @Test("a file of the first format can be read unchanged, and is migrated when it is opened for writing")
    func migration() throws {
        do {
            let former = try Database(path, for: .readingAndWriting)
            try former.execute(Schema.migrations[0])
            try former.execute("PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = 1")
            try former.execute("INSERT INTO log (number, kind, owner) VALUES (7, 0, x'\(hexadecimal(Said.office))')")
            for lamport in 1...3 as ClosedRange<UInt64> {
                let entry = Said.entry("line \(lamport)", lamport: lamport)
                try former.run(
                    "INSERT INTO entry (log, lamport, id, bytes) VALUES (7, ?, ?, ?)", .number(lamport),
                    .identifier(entry.key.id), .blob(entry.bytes))
            }
        }
        #expect(try SQLiteArchive(reading: path).texts(of: Said.office) == ["line 1", "line 2", "line 3"])
        for _ in 0..<2 {
            let archive = try SQLiteArchive(at: path)
            try check(archive, "converted")
            #expect(try archive.bytes(of: Said.office) > 3 * ArchivedEntry.overheadBytes)
            #expect(try archive.search(words: "line", limit: 9).count == 3)
        }
    }

    private func hexadecimal(_ log: LogID) -> String {
        log.owner.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("a text that is one long word takes little more than its own size, and is found by its beginning")
    func longWords() throws {
        let archive = try SQLiteArchive(at: path)
        let before = try archive.bytes()
        for lamport in 1...50 as ClosedRange<UInt64> {
            try archive.keep("\(lamport)" + String(repeating: "x", count: 16_000), lamport: lamport)
        }
        try archive.commit()
        #expect(try archive.search(words: "7" + String(repeating: "x", count: 500), limit: 9).count == 1)
        #expect(try archive.bytes() - before < 50 * 22_000)
    }
}
