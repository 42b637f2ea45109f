import CoreModel
import Wire

/// Finds entries by their words, with SQLite's full-text index (FTS5) if the library was built with it.
///
/// The index is a table next to that of the entries. It is updated in batches, or when a search needs it: indexing a
/// single entry would change ten of its pages, and a user who waits for the entry to be stored would wait for them too.
/// The table contains words as ``SearchWords`` produces them, separated by blanks, so that SQLite need not know any
/// script.
struct WordIndex {
    private let database: Database
    /// The reason why there is no index; nil if there is one.
    private let absence: ArchiveError?
    /// The number of the last indexed entry.
    private var last: Int64 = 0
    /// The number of entries added since.
    private var lackCount = 0
    /// Whether more entries are missing than were counted: some from before this start, or beyond the last step.
    private var isIncomplete = false
    /// Whether there is a table of an earlier version, which let SQLite tokenize the texts. It is removed before the
    /// new one is filled: if the earlier version runs in between and creates it again, this is noticed.
    private var hasFormer = false

    /// The number of missing entries at which the index is updated without a search.
    private static let lackingCount = 256
    /// The maximum number of entries added in one step of such an update: a few milliseconds' work.
    private static let stepCount = 128
    /// The number of signed bytes after which a step stops.
    private static let stepBytes = 64 << 10
    /// The maximum number of entries added in one transaction when a search waits.
    private static let mostCount = 4_096
    /// The number of rows of the earlier version's table that are removed at a time.
    private static let removedCount = 512

    /// Opens the index, or creates it.
    init(in database: Database) throws(ArchiveError) {
        self.database = database
        guard try Self.isSupported(by: database) else {
            absence = Self.unsupported
            return
        }
        absence = nil
        hasFormer = try Self.has("words", in: database)
        if hasFormer, try Self.has("search", in: database) { try database.execute("DROP TABLE search") }
        try database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(words, tokenize = 'ascii')")
        try lookAgain()
    }

    /// Creates an index that cannot be searched. Entries stored meanwhile are added when the file is opened for
    /// searching.
    init(unneededIn database: Database) {
        self.database = database
        absence = ArchiveError(.other, "this file was not opened for searching")
    }

    private static let unsupported = ArchiveError(
        .other, "the SQLite library of this system has no full-text search (/history shows past messages)")

    private static func isSupported(by database: Database) throws(ArchiveError) -> Bool {
        try database.number("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'") ?? 0 > 0
    }

    private static func has(_ table: String, in database: Database) throws(ArchiveError) -> Bool {
        try database.number("SELECT count(*) FROM sqlite_schema WHERE name = '\(table)'") ?? 0 > 0
    }

    /// Determines the extent of the index: at the start, and when a transaction was lost.
    mutating func lookAgain() throws(ArchiveError) {
        guard absence == nil else { return }
        last = try database.number("SELECT max(rowid) FROM search") ?? 0
        try entriesRemoved()
        hasFormer = try Self.has("words", in: database)
        let newest = try database.number("SELECT max(number) FROM entry") ?? 0
        isIncomplete = hasFormer || last < newest
    }

    /// Records that a step failed, for example because the disk is full. The next one waits until more entries are
    /// missing.
    mutating func stepFailed() { isIncomplete = false }

    /// Records a stored entry.
    mutating func entryAdded() { lackCount += 1 }

    /// Adjusts to the removal of entries, whose numbers may be assigned to new ones.
    mutating func entriesRemoved() throws(ArchiveError) {
        guard absence == nil else { return }
        last = min(last, try database.number("SELECT max(number) FROM entry") ?? 0)
    }

    /// Whether enough entries are missing that the index must be updated.
    var isBehind: Bool { absence == nil && (isIncomplete || lackCount >= Self.lackingCount) }

    /// Adds some of the missing entries, within a transaction.
    /// - Parameter isAwaited: Whether a search waits for all of them, which larger steps add faster.
    /// - Returns: Whether the index is complete.
    mutating func catchUp(isAwaited: Bool) throws(ArchiveError) -> Bool {
        guard absence == nil else { return true }
        lackCount = 0
        if hasFormer {
            hasFormer = try !removeFormer(entirely: isAwaited)
            return false
        }
        let limit = isAwaited ? Self.mostCount : Self.stepCount
        let lacking = try database.rows(
            "SELECT number, bytes FROM entry WHERE number > ? ORDER BY number LIMIT ?", .integer(last),
            .integer(Int64(limit))
        ) { row in (number: row.integer(0), bytes: row.bytes(1)) }
        var bytes = 0
        for entry in lacking {
            if bytes > Self.stepBytes, !isAwaited { return false }
            bytes += entry.bytes.count
            last = entry.number
            guard let envelope = try? Envelope(parsing: entry.bytes, maximumBytes: Limits.entryBytes),
                let body = try? Entry.decode(envelope.payload).body
            else { continue }
            // Replaces a row that was left while the library had no full-text search.
            try database.run(
                "INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)", .integer(entry.number),
                .utf8(SearchWords.indexed(body)))
        }
        isIncomplete = lacking.count == limit
        return !isIncomplete
    }

    /// Removes part of the earlier version's table: removing all of it in one step takes a third of a second for
    /// 100,000 entries.
    /// - Returns: Whether all of it is removed.
    private func removeFormer(entirely: Bool) throws(ArchiveError) -> Bool {
        if !entirely {
            // These are the underlying tables; the first ten rows of the first one are needed to open the index.
            for (table, first) in [("words_data", 11), ("words_content", 0), ("words_docsize", 0)] {
                let count = try database.run(
                    """
                    DELETE FROM \(table) WHERE id IN
                    (SELECT id FROM \(table) WHERE id >= \(first) LIMIT \(Self.removedCount))
                    """)
                if count > 0 { return false }
            }
        }
        try database.execute("DROP TABLE words")
        return true
    }

    /// Removes the words of an entry that is about to be removed.
    func remove(_ key: EntryKey, from log: Int64) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run(
            "DELETE FROM search WHERE rowid IN (SELECT number FROM entry WHERE log = ? AND lamport = ? AND id = ?)",
            .integer(log), .number(key.lamport), .identifier(key.id))
    }

    /// Removes the words of a log that is about to be removed.
    /// - Parameter isForgotten: Whether no trace of them may remain, which needs a pass over the whole index.
    mutating func removeAll(of log: Int64, isForgotten: Bool) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run("DELETE FROM search WHERE rowid IN (SELECT number FROM entry WHERE log = ?)", .integer(log))
        guard isForgotten else { return }
        if hasFormer { hasFormer = try !removeFormer(entirely: true) }
        // After merging, the index contains nothing of the deleted words.
        try database.run("INSERT INTO search (search) VALUES ('optimize')")
    }

    /// Returns the entries with all of these words, newest last.
    func search(_ wanted: SearchWords, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        if let absence { throw absence }
        guard !wanted.isEmpty, limit > 0 else { return [] }
        // Each phrase is quoted, so that no word is read as an operator, and is followed by a star, so that its last
        // word also matches longer words that begin with it.
        let query = wanted.phrases.map { "\"" + $0.joined(separator: " ") + "\"*" }.joined(separator: " ")
        let found = try database.rows(
            """
            SELECT log.kind, log.owner, entry.lamport, entry.id, entry.bytes
            FROM search JOIN entry ON entry.number = search.rowid JOIN log ON log.number = entry.log
            WHERE search MATCH ? ORDER BY entry.lamport DESC, entry.id DESC LIMIT ?
            """, .text(query), .integer(Int64(limit))
        ) { row throws(ArchiveError) in
            (log: try row.log(0), entry: ArchivedEntry(key: try row.key(2), bytes: row.bytes(4)))
        }
        return found.reversed()
    }
}
