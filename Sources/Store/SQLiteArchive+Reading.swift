public import CoreModel
public import Wire

extension SQLiteArchive {
    /// Writes a copy of everything stored to a new file, even while another process uses this one.
    /// - Returns: The number of lines and rooms in the copy.
    public func copy(to path: String) throws(ArchiveError) -> (lines: Int, rooms: Int) {
        try database.copy(to: path)
        let copy = try Database(path, for: .reading)
        let lines = try copy.number("SELECT count(*) FROM entry") ?? 0
        let rooms = try copy.number("SELECT count(DISTINCT log) FROM entry") ?? 0
        return (Int(lines), Int(rooms))
    }

    public func keys(of log: LogID) throws(ArchiveError) -> [EntryKey] {
        guard let number = try number(of: log) else { return [] }
        return try database.rows(
            "SELECT lamport, id FROM entry WHERE log = ? ORDER BY lamport, id", .integer(number)
        ) { row throws(ArchiveError) in try row.key(0) }
    }

    public func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry? {
        guard let number = try number(of: log) else { return nil }
        return try database.rows(
            "SELECT bytes FROM entry WHERE log = ? AND lamport = ? AND id = ?",
            .integer(number), .number(key.lamport), .identifier(key.id)
        ) { row in ArchivedEntry(key: key, bytes: row.bytes(0)) }.first
    }

    public func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry] {
        guard let number = try number(of: log), limit > 0 else { return [] }
        // No entry has a Lamport time as great as this.
        let end = before ?? EntryKey(lamport: Limits.lamport + 1, id: .least)
        let descending = try database.rows(
            """
            SELECT lamport, id, bytes FROM entry
            WHERE log = ? AND (lamport, id) < (?, ?) ORDER BY lamport DESC, id DESC LIMIT ?
            """, .integer(number), .number(end.lamport), .identifier(end.id), .integer(Int64(limit))
        ) { row throws(ArchiveError) in ArchivedEntry(key: try row.key(0), bytes: row.bytes(2)) }
        return descending.reversed()
    }

    public func logs() throws(ArchiveError) -> [LogID] {
        try database.rows(
            """
            SELECT kind, owner FROM log WHERE EXISTS (SELECT 1 FROM entry WHERE entry.log = log.number)
            ORDER BY kind, owner
            """
        ) { row throws(ArchiveError) in try row.log(0) }
    }

    public func bytes(of log: LogID) throws(ArchiveError) -> Int {
        try number(of: log).map { sizes[$0] } ?? 0
    }

    /// Returns the size of the pages in use, including the word index; pages of deleted rows are reused.
    public func bytes() throws(ArchiveError) -> Int {
        let count = try database.number("PRAGMA page_count") ?? 0
        let free = try database.number("PRAGMA freelist_count") ?? 0
        return Int((count - free) * (try database.number("PRAGMA page_size") ?? 0))
    }

    public func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival] {
        try database.rows(
            """
            SELECT entry.number, log.kind, log.owner, length(entry.bytes)
            FROM entry CROSS JOIN log ON log.number = entry.log
            WHERE entry.number > ? ORDER BY entry.number LIMIT ?
            """, .number(place), .integer(Int64(max(0, limit)))
        ) { row throws(ArchiveError) in
            Arrival(
                place: row.number(0), log: try row.log(1), bytes: Int(row.integer(3)) + ArchivedEntry.overheadBytes)
        }
    }

    public func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] {
        try completeWordIndex()
        return try wordIndex.search(SearchWords(words), limit: limit)
    }

    public func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey] {
        guard let number = try number(of: log) else { return [] }
        return try database.rows(
            "SELECT lamport, id FROM awaited_receipt WHERE log = ? ORDER BY lamport, id", .integer(number)
        ) { row throws(ArchiveError) in try row.key(0) }
    }

    public func knownPeers() throws(ArchiveError) -> [KnownPeer] {
        try database.rows("SELECT id, name, first_seen, last_seen, is_blocked FROM peer ORDER BY id") {
            row throws(ArchiveError) in
            KnownPeer(
                id: try row.identifier(0), name: row.text(1), firstSeen: WallTime(milliseconds: row.number(2)),
                lastSeen: WallTime(milliseconds: row.number(3)), isBlocked: row.integer(4) != 0)
        }
    }

    public func setting(_ name: String) throws(ArchiveError) -> [UInt8]? {
        try database.rows("SELECT value FROM setting WHERE name = ?", .text(name)) { row in row.bytes(0) }.first
    }
}

extension Row {
    /// Returns the log in the adjacent columns `kind` and `owner`.
    func log(_ column: CInt) throws(ArchiveError) -> LogID {
        switch integer(column) {
        case 0: return .lobby(try identifier(column + 1))
        case 1: return .relayLobby(try identifier(column + 1))
        case 2: return .conversation(try identifier(column + 1))
        case let kind: throw Database.damaged(path, "there is no log of kind \(kind)")
        }
    }
}
