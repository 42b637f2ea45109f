import CoreModel

/// The total size of each log's entries, maintained here because summing the table for each new entry would take
/// longer.
///
/// The sums in the table `log` are those as of the entry whose number is in the table `counted`; later entries are
/// counted at the start. So the commit of a message that someone is waiting for does not change another page of the
/// file.
struct LogSizes {
    /// The sums by the number of the log.
    private var bytes: [Int64: Int] = [:]
    /// The logs whose sum in the table is out of date.
    private var changed: Set<Int64> = []
    /// The number of entries since the sums in the table.
    private var uncountedCount = 0
    /// Whether bytes that the sums in the table may include were removed.
    private var hasLost = false

    /// The maximum number of entries to count at the start, not including those of the last transaction.
    private static let uncountedLimit = 256

    subscript(log: Int64) -> Int { bytes[log] ?? 0 }

    /// Loads the committed sums: at the start, and when a transaction was lost.
    mutating func load(from database: Database) throws(ArchiveError) {
        bytes = [:]
        (changed, uncountedCount, hasLost) = ([], 0, false)
        let sums = try database.rows("SELECT number, bytes FROM log") { row in (row.integer(0), Int(row.integer(1))) }
        for (log, sum) in sums { bytes[log] = sum }
        let late = try database.rows(
            """
            SELECT log, length(bytes) FROM entry WHERE number > (SELECT last FROM counted) ORDER BY number
            """
        ) { row in (row.integer(0), Int(row.integer(1)) + ArchivedEntry.overheadBytes) }
        for (log, count) in late { added(count, to: log) }
    }

    /// Counts a new entry of a log.
    mutating func added(_ count: Int, to log: Int64) {
        bytes[log, default: 0] += count
        changed.insert(log)
        uncountedCount += 1
    }

    /// Counts entries that left a log or were moved to it.
    mutating func changed(by count: Int, _ log: Int64) {
        bytes[log, default: 0] += count
        changed.insert(log)
        hasLost = true
    }

    /// Removes a log.
    mutating func removed(_ log: Int64) {
        bytes[log] = nil
        changed.remove(log)
        hasLost = true
    }

    /// Writes the sums if they are due, within a transaction that is about to end.
    mutating func write(to database: Database) throws(ArchiveError) {
        guard hasLost || uncountedCount >= Self.uncountedLimit else { return }
        for log in changed.sorted() {
            try database.run("UPDATE log SET bytes = ? WHERE number = ?", .integer(Int64(self[log])), .integer(log))
        }
        try database.run("UPDATE counted SET last = (SELECT coalesce(max(number), 0) FROM entry)")
        (changed, uncountedCount, hasLost) = ([], 0, false)
    }
}
