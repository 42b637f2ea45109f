import CoreModel

/// What the entries of each log count together: a sum over the table for each entry that comes would take longer than
/// keeping it.
///
/// The sums are here; in the table `log` they are as of some entry, whose number is in the table `counted`. What came
/// later is counted at the start. So a message that somebody waits for need not change one more page of the file.
struct LogSizes {
    /// By the number of the log.
    private var bytes: [Int64: Int] = [:]
    /// Logs of which the table has an older sum.
    private var changed: Set<Int64> = []
    /// Entries that came since the sums in the table.
    private var uncountedCount = 0
    /// Something went that the sums in the table may have in them.
    private var hasLost = false

    /// So many are counted at the start at most, and the last transaction's.
    private static let uncountedLimit = 256

    subscript(log: Int64) -> Int { bytes[log] ?? 0 }

    /// As it was committed: at the start, and when a transaction was lost.
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

    /// A new entry is in the log.
    mutating func added(_ count: Int, to log: Int64) {
        bytes[log, default: 0] += count
        changed.insert(log)
        uncountedCount += 1
    }

    /// Entries went from a log, or came from another.
    mutating func changed(by count: Int, _ log: Int64) {
        bytes[log, default: 0] += count
        changed.insert(log)
        hasLost = true
    }

    /// The log has ended.
    mutating func removed(_ log: Int64) {
        bytes[log] = nil
        changed.remove(log)
        hasLost = true
    }

    /// At the end of a transaction, within it.
    mutating func write(to database: Database) throws(ArchiveError) {
        guard hasLost || uncountedCount >= Self.uncountedLimit else { return }
        for log in changed.sorted() {
            try database.run("UPDATE log SET bytes = ? WHERE number = ?", .integer(Int64(self[log])), .integer(log))
        }
        try database.run("UPDATE counted SET last = (SELECT coalesce(max(number), 0) FROM entry)")
        (changed, uncountedCount, hasLost) = ([], 0, false)
    }
}
