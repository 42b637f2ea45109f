import CoreModel
import Wire

/// One requested change, recorded so that it can be applied again.
enum Change {
    case append(ArchivedEntry, to: LogID)
    case remove([EntryKey], from: LogID)
    case merge(LogID, into: LogID)
    case forget(LogID)
    case awaitReceipt(EntryKey, in: LogID)
    case receiptArrived(EntryID, in: LogID)
    case remember(KnownPeer)
    case forgetPeers([PeerID])
    case set(String, [UInt8]?)
}

extension SQLiteArchive {
    /// Applies a change.
    /// - Returns: Whether anything changed.
    @discardableResult
    func apply(_ change: Change) throws(ArchiveError) -> Bool {
        switch change {
        case .append(let entry, let log): return try append(entry, to: log)
        case .remove(let keys, let log): return try drop(keys, from: log)
        case .merge(let source, let target): return try move(source, into: target)
        case .forget(let log): return try end(log, isForgotten: true)
        case .awaitReceipt(let key, let log):
            return try database.run(
                "INSERT OR IGNORE INTO awaited_receipt (log, id, lamport) VALUES (?, ?, ?)",
                .integer(try numberMade(for: log)), .identifier(key.id), .number(key.lamport)) > 0
        case .receiptArrived(let id, let log):
            guard let number = try number(of: log) else { return false }
            return try database.run(
                "DELETE FROM awaited_receipt WHERE log = ? AND id = ?", .integer(number), .identifier(id)) > 0
        case .remember(let peer):
            return try database.run(
                """
                INSERT OR REPLACE INTO peer (id, name, first_seen, last_seen, is_blocked) VALUES (?, ?, ?, ?, ?)
                """,
                .identifier(peer.id), .text(peer.name), .number(peer.firstSeen.milliseconds),
                .number(peer.lastSeen.milliseconds), .integer(peer.isBlocked ? 1 : 0)) > 0
        case .forgetPeers(let peers):
            for peer in peers { try database.run("DELETE FROM peer WHERE id = ?", .identifier(peer)) }
            return !peers.isEmpty
        case .set(let name, let value?):
            return try database.run(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", .text(name), .blob(value)) > 0
        case .set(let name, nil):
            return try database.run("DELETE FROM setting WHERE name = ?", .text(name)) > 0
        }
    }

    /// Returns the number of an existing log.
    func number(of log: LogID) throws(ArchiveError) -> Int64? {
        if let number = numbers[log] { return number }
        let found = try database.rows(
            "SELECT number FROM log WHERE kind = ? AND owner = ?", .integer(log.kind), .blob(log.owner)
        ) { row in row.integer(0) }.first
        if let found { numbers[log] = found }
        return found
    }

    private func numberMade(for log: LogID) throws(ArchiveError) -> Int64 {
        if let number = try number(of: log) { return number }
        try database.run("INSERT INTO log (kind, owner) VALUES (?, ?)", .integer(log.kind), .blob(log.owner))
        guard let number = try number(of: log) else {
            throw Database.damaged(database.path, "a log that was just made is not there")
        }
        return number
    }

    private static let insertionText = "INSERT OR IGNORE INTO entry (log, lamport, id, bytes) VALUES (?, ?, ?, ?)"

    private func append(_ entry: ArchivedEntry, to log: LogID) throws(ArchiveError) -> Bool {
        if insertion == nil { insertion = try database.statement(Self.insertionText) }
        guard let statement = insertion else { return false }
        let number = try numberMade(for: log)
        let count = try database.run(statement, (number, entry.key.lamport), entry.key.id, entry.bytes)
        guard count > 0 else { return false }
        sizes.added(entry.keptBytes, to: number)
        wordIndex.entryAdded()
        return true
    }

    private func drop(_ keys: [EntryKey], from log: LogID) throws(ArchiveError) -> Bool {
        guard let number = try number(of: log) else { return false }
        for key in keys {
            try wordIndex.remove(key, from: number)
            sizes.changed(by: -(try keptBytes(of: key, in: number)), number)
            try database.run(
                "DELETE FROM entry WHERE log = ? AND lamport = ? AND id = ?",
                .integer(number), .number(key.lamport), .identifier(key.id))
            try database.run(
                "DELETE FROM awaited_receipt WHERE log = ? AND id = ?", .integer(number), .identifier(key.id))
        }
        try wordIndex.entriesRemoved()
        try endIfEmpty(log, number)
        return !keys.isEmpty
    }

    private func keptBytes(of key: EntryKey, in log: Int64) throws(ArchiveError) -> Int {
        try database.rows(
            "SELECT length(bytes) FROM entry WHERE log = ? AND lamport = ? AND id = ?",
            .integer(log), .number(key.lamport), .identifier(key.id)
        ) { row in Int(row.integer(0)) + ArchivedEntry.overheadBytes }.first ?? 0
    }

    /// Deletes a log without entries: otherwise peers that come and go with new keys would fill the table.
    private func endIfEmpty(_ log: LogID, _ number: Int64) throws(ArchiveError) {
        guard sizes[number] == 0 else { return }
        let count = try database.run(
            """
            DELETE FROM log WHERE number = ? AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.log = log.number)
            AND NOT EXISTS (SELECT 1 FROM awaited_receipt WHERE awaited_receipt.log = log.number)
            """, .integer(number))
        guard count > 0 else { return }
        numbers[log] = nil
        sizes.removed(number)
    }

    private func move(_ source: LogID, into target: LogID) throws(ArchiveError) -> Bool {
        guard let from = try number(of: source) else { return false }
        let into = try numberMade(for: target)
        for table in ["entry", "awaited_receipt"] {
            try database.run("UPDATE OR IGNORE \(table) SET log = ? WHERE log = ?", .integer(into), .integer(from))
        }
        // The rows that are left are in both logs.
        let left = try database.rows(
            "SELECT coalesce(sum(length(bytes) + \(ArchivedEntry.overheadBytes)), 0) FROM entry WHERE log = ?",
            .integer(from)
        ) { row in Int(row.integer(0)) }.first
        sizes.changed(by: sizes[from] - (left ?? 0), into)
        return try end(source, isForgotten: false)
    }

    private func end(_ log: LogID, isForgotten: Bool) throws(ArchiveError) -> Bool {
        guard let number = try number(of: log) else { return false }
        try wordIndex.removeAll(of: number, isForgotten: isForgotten)
        try database.run("DELETE FROM entry WHERE log = ?", .integer(number))
        try database.run("DELETE FROM awaited_receipt WHERE log = ?", .integer(number))
        try database.run("DELETE FROM log WHERE number = ?", .integer(number))
        numbers[log] = nil
        sizes.removed(number)
        try wordIndex.entriesRemoved()
        return true
    }
}

extension LogID {
    /// The kind as stored in the table `log`.
    var kind: Int64 {
        switch self {
        case .lobby: 0
        case .relayLobby: 1
        case .conversation: 2
        }
    }

    var owner: [UInt8] {
        switch self {
        case .lobby(let gathering): gathering.bytes
        case .relayLobby(let relay): relay.bytes
        case .conversation(let peer): peer.bytes
        }
    }
}
