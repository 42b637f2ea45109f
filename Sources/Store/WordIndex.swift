import Chat
import Wire

/// Finds entries by their words, with SQLite's full-text index (FTS5) if the library was built with it.
///
/// The index is one table beside the entries. What was kept while there was none, by another library, is added when
/// the file is opened.
struct WordIndex {
    private let database: Database
    /// Nil: there is an index.
    private let absence: ArchiveError?

    /// Opens the index, makes it, or adds to it what it lacks.
    init(in database: Database) throws(ArchiveError) {
        self.database = database
        guard try Self.isSupported(by: database) else {
            absence = Self.unsupported
            return
        }
        absence = nil
        try database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')")
        try addMissing()
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

    private func addMissing() throws(ArchiveError) {
        let present = try database.number("SELECT max(rowid) FROM words") ?? 0
        let last = try database.number("SELECT max(number) FROM entry") ?? 0
        guard present < last else { return }
        try database.execute("BEGIN IMMEDIATE")
        let missing = try database.rows(
            "SELECT number, bytes FROM entry WHERE number > ? ORDER BY number", .integer(present)
        ) { row in (number: row.integer(0), bytes: row.bytes(1)) }
        for entry in missing {
            guard let envelope = try? Envelope(parsing: entry.bytes, maximumBytes: Limits.entryBytes),
                let body = try? Entry.decode(envelope.payload).body
            else { continue }
            try database.run("INSERT INTO words (rowid, body) VALUES (?, ?)", .integer(entry.number), .text(body))
        }
        try database.execute("COMMIT")
    }

    /// The words of the entry that was just inserted, in the place of what a library without an index has left there.
    func addLast(_ body: String) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run("INSERT OR REPLACE INTO words (rowid, body) VALUES (last_insert_rowid(), ?)", .text(body))
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
