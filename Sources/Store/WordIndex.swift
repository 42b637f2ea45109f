import CoreModel
import Wire

/// Finds entries by their words, with SQLite's full-text index (FTS5) if the library was built with it.
///
/// The index is one table beside the entries, and follows them many at a time, or when somebody searches: an entry by
/// itself would change ten pages of it, which a person who waits for the entry to be kept would wait for too. What is in the
/// table are words as ``SearchWords`` makes them, parted by blanks, so that the index need not know any script.
struct WordIndex {
    private let database: Database
    /// Nil: there is an index.
    private let absence: ArchiveError?
    /// The number of the last entry whose words are in it.
    private var last: Int64 = 0
    /// Entries that have come since.
    private var lackCount = 0
    /// Entries from before this start are missing, too.
    private var isIncomplete = false
    /// There is a table of an earlier version, which had the texts taken apart by SQLite. It goes before the new one is
    /// filled, so that a start of the earlier version in between is noticed.
    private var hasFormer = false

    /// So many may be missing when nobody has searched.
    private static let lackingCount = 256
    /// So many are added at once then: a few milliseconds' work.
    private static let stepCount = 128
    /// And not much more than this of signed bytes.
    private static let stepBytes = 64 << 10
    /// In one transaction, when somebody searches.
    private static let mostCount = 4_096
    /// Rows of the earlier version's table that are removed at once.
    private static let removedCount = 512

    /// Opens the index, or makes it.
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

    private static func has(_ table: String, in database: Database) throws(ArchiveError) -> Bool {
        try database.number("SELECT count(*) FROM sqlite_schema WHERE name = '\(table)'") ?? 0 > 0
    }

    /// Finds out how far it goes: at the start, and when a transaction was lost.
    mutating func lookAgain() throws(ArchiveError) {
        guard absence == nil else { return }
        last = try database.number("SELECT max(rowid) FROM search") ?? 0
        try entriesRemoved()
        hasFormer = try Self.has("words", in: database)
        let newest = try database.number("SELECT max(number) FROM entry") ?? 0
        isIncomplete = hasFormer || last < newest
    }

    /// A step has failed, because the disk is full for instance: more is missing before the next one.
    mutating func stepFailed() { isIncomplete = false }

    /// An entry was kept.
    mutating func entryAdded() { lackCount += 1 }

    /// Numbers of entries that are gone are given again to those that come.
    mutating func entriesRemoved() throws(ArchiveError) {
        guard absence == nil else { return }
        last = min(last, try database.number("SELECT max(number) FROM entry") ?? 0)
    }

    /// Whether it lacks so much that it is time to add it.
    var isBehind: Bool { absence == nil && (isIncomplete || lackCount >= Self.lackingCount) }

    /// Adds some of what it lacks, within a transaction.
    /// - Parameter isAwaited: somebody waits for all of it, so more at a time is quicker.
    /// - Returns: whether that was all.
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
            // In the place of what a library without an index has left there.
            try database.run(
                "INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)", .integer(entry.number),
                .utf8(SearchWords.indexed(body)))
        }
        isIncomplete = lacking.count == limit
        return !isIncomplete
    }

    /// Removes some of the earlier version's table: all of it at once is a third of a second for 100,000 entries.
    /// - Returns: whether it is gone.
    private func removeFormer(entirely: Bool) throws(ArchiveError) -> Bool {
        if !entirely {
            // The tables beneath; what the first ten numbers of one of them are for is needed to open it.
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

    /// The words of entries that are about to go.
    func remove(_ key: EntryKey, from log: Int64) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run(
            "DELETE FROM search WHERE rowid IN (SELECT number FROM entry WHERE log = ? AND lamport = ? AND id = ?)",
            .integer(log), .number(key.lamport), .identifier(key.id))
    }

    /// The words of a log that is about to go.
    /// - Parameter isForgotten: no trace shall be left of them, which takes a walk over the whole index.
    mutating func removeAll(of log: Int64, isForgotten: Bool) throws(ArchiveError) {
        guard absence == nil else { return }
        try database.run("DELETE FROM search WHERE rowid IN (SELECT number FROM entry WHERE log = ?)", .integer(log))
        guard isForgotten else { return }
        if hasFormer { hasFormer = try !removeFormer(entirely: true) }
        // Merged, the index has nothing left of what was deleted.
        try database.run("INSERT INTO search (search) VALUES ('optimize')")
    }

    /// Entries with all of these words, newest last.
    func search(_ wanted: SearchWords, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        if let absence { throw absence }
        guard !wanted.isEmpty, limit > 0 else { return [] }
        // Each phrase in quotes, so that no word is taken for an operator, and with a star for what begins with its last.
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
