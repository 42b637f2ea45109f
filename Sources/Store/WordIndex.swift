import Chat
import Wire

/// Finds entries by their words, with SQLite's full-text index (FTS5) if the library was built with it.
///
/// The index is one table beside the entries, and follows them many at a time, or when somebody searches: an entry by
/// itself would change ten pages of it, which whoever waits for the entry to be kept would wait for too.
struct WordIndex {
    private let database: Database
    /// Nil: there is an index.
    private let absence: ArchiveError?
    /// The number of the last entry whose words are in it.
    private var last: Int64 = 0
    /// Entries that have come since.
    private var lackCount = 0

    /// So many are added when nobody has searched: a few milliseconds' work.
    private static let stepCount = 256
    /// In one transaction.
    private static let mostCount = 4_096

    /// Opens the index, or makes it.
    init(in database: Database) throws(ArchiveError) {
        self.database = database
        guard try Self.isSupported(by: database) else {
            absence = Self.unsupported
            return
        }
        absence = nil
        try database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')")
        try lookAgain()
    }

    /// Nobody will search; what is kept meanwhile is added when somebody does.
    init(unneededIn database: Database) {
        self.database = database
        absence = ArchiveError(.other, "this file was not opened to be searched")
    }

    private static let unsupported = ArchiveError(
        .other, "the SQLite library of this system has no full-text search (/history shows what was said)")

    private static func isSupported(by database: Database) throws(ArchiveError) -> Bool {
        try database.number("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'") ?? 0 > 0
    }

    /// Finds out how far it goes: at the start, and when a transaction was lost.
    mutating func lookAgain() throws(ArchiveError) {
        guard absence == nil else { return }
        last = try database.number("SELECT max(rowid) FROM words") ?? 0
        try entriesRemoved()
    }

    /// An entry was kept.
    mutating func entryAdded() { lackCount += 1 }

    /// Numbers of entries that are gone are given again to those that come.
    mutating func entriesRemoved() throws(ArchiveError) {
        guard absence == nil else { return }
        last = min(last, try database.number("SELECT max(number) FROM entry") ?? 0)
    }

    /// Whether it lacks so much that it is time to add it.
    var isBehind: Bool { absence == nil && lackCount >= Self.stepCount }

    /// Adds some of what it lacks, within a transaction.
    /// - Returns: whether that was all.
    mutating func catchUp() throws(ArchiveError) -> Bool {
        guard absence == nil else { return true }
        lackCount = 0
        let lacking = try database.rows(
            "SELECT number, bytes FROM entry WHERE number > ? ORDER BY number LIMIT ?", .integer(last),
            .integer(Int64(Self.mostCount))
        ) { row in (number: row.integer(0), bytes: row.bytes(1)) }
        for entry in lacking {
            last = entry.number
            guard let envelope = try? Envelope(parsing: entry.bytes, maximumBytes: Limits.entryBytes),
                let body = try? Entry.decode(envelope.payload).body
            else { continue }
            // In the place of what a library without an index has left there.
            try database.run(
                "INSERT OR REPLACE INTO words (rowid, body) VALUES (?, ?)", .integer(entry.number), .text(body))
        }
        return lacking.count < Self.mostCount
    }

    /// The words of entries that are about to go.
    func remove(_ key: EntryKey, from log: Int64) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run(
            "DELETE FROM words WHERE rowid IN (SELECT number FROM entry WHERE log = ? AND lamport = ? AND id = ?)",
            .integer(log), .number(key.lamport), .identifier(key.id))
    }

    /// The words of a log that is about to go.
    /// - Parameter isForgotten: no trace shall be left of them, which takes a walk over the whole index.
    func removeAll(of log: Int64, isForgotten: Bool) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run("DELETE FROM words WHERE rowid IN (SELECT number FROM entry WHERE log = ?)", .integer(log))
        guard isForgotten else { return }
        // Merged, the index has nothing left of what was deleted.
        try database.run("INSERT INTO words (words) VALUES ('optimize')")
    }

    /// Entries with words that begin with all of these, newest last.
    func search(_ text: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        if let absence { throw absence }
        // Each in quotes, so that none is taken for an operator; with a star, for words that begin with it.
        let words = text.split(whereSeparator: \.isWhitespace)
            .map { "\"" + String($0).split(separator: "\"").joined(separator: "\"\"") + "\"*" }
        guard !words.isEmpty, limit > 0 else { return [] }
        let found = try database.rows(
            """
            SELECT log.kind, log.owner, entry.lamport, entry.id, entry.bytes
            FROM words JOIN entry ON entry.number = words.rowid JOIN log ON log.number = entry.log
            WHERE words MATCH ? ORDER BY entry.lamport DESC, entry.id DESC LIMIT ?
            """, .text(words.joined(separator: " ")), .integer(Int64(limit))
        ) { row throws(ArchiveError) in
            (log: try row.log(0), entry: ArchivedEntry(key: try row.key(2), bytes: row.bytes(4)))
        }
        return found.reversed()
    }
}
