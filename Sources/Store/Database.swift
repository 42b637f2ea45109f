import CSQLite
import CoreModel
import Wire

/// One connection to an SQLite file. Its errors are worded for the owner of the file.
final class Database {
    let path: String
    private let handle: OpaquePointer
    /// The prepared statements by their text; they are reset whenever they are not running.
    private var statements: [String: OpaquePointer] = [:]

    enum Access {
        case readingAndWriting
        /// Read only, while another process writes.
        case reading
    }

    /// Opens a file.
    /// - Parameter vfs: The SQLite VFS to use; nil for the system's.
    init(_ path: String, for access: Access, vfs: String? = nil) throws(ArchiveError) {
        self.path = path
        let purpose = access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            path, &opened, CInt(purpose | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE), vfs)
        guard code == SQLITE_OK, let opened else {
            let error = Self.error(code, path, opened)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        // Only an export or a curious user reads at the same time, and readers do not block writers.
        sqlite3_busy_timeout(handle, 1_000)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Whether no transaction is open, also after SQLite has rolled one back because of an error.
    var isBetweenTransactions: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Extends the write-ahead log ahead of need from now on, and checkpoints it as SQLite does by default.
    func growAhead() { earshot_grow_ahead(handle) }

    /// Executes several statements without values, once.
    func execute(_ script: String) throws(ArchiveError) {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw Self.error(code, path, handle) }
    }

    /// Executes one statement that changes rows.
    /// - Returns: The number of rows that it changed.
    @discardableResult
    func run(_ sql: String, _ values: SQLValue...) throws(ArchiveError) -> Int {
        let statement = try bound(sql, values)
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw Self.error(code, path, handle) }
        return Int(sqlite3_changes(handle))
    }

    /// Returns a cached statement for ``run(_:_:_:_:)``.
    func statement(_ sql: String) throws(ArchiveError) -> OpaquePointer { try prepared(sql) }

    /// Executes a statement with two numbers, an identifier and bytes, without allocating.
    /// - Returns: The number of rows that it changed.
    func run<Kind>(
        _ statement: OpaquePointer, _ numbers: (Int64, UInt64), _ identifier: Identifier<Kind>, _ bytes: [UInt8]
    ) throws(ArchiveError) -> Int {
        let words = identifier.words
        let wire = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        let code = withUnsafeBytes(of: wire) { id in
            bytes.withUnsafeBytes { bytes in
                defer { sqlite3_reset(statement) }
                // Zero means success.
                let failure =
                    sqlite3_bind_int64(statement, 1, numbers.0)
                    | sqlite3_bind_int64(statement, 2, Int64(clamping: numbers.1))
                    | earshot_bind_lasting_blob(statement, 3, id.baseAddress, CInt(id.count))
                    | earshot_bind_lasting_blob(statement, 4, bytes.baseAddress, CInt(bytes.count))
                return failure == 0 ? sqlite3_step(statement) : sqlite3_extended_errcode(handle)
            }
        }
        guard code == SQLITE_DONE else { throw Self.error(code, path, handle) }
        return Int(sqlite3_changes(handle))
    }

    /// Writes a copy of all committed data to a new file, while others may continue to write to this one. The copy
    /// contains nothing that was deleted; the caller must synchronize it.
    func copy(to target: String) throws(ArchiveError) {
        let statement = try bound("VACUUM INTO ?", [.text(target)])
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code != SQLITE_DONE else { return }
        // Write errors concern the new file; read errors name the old one.
        let isRead = [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_BUSY, SQLITE_LOCKED].contains { Int(code) & 0xFF == $0 }
        throw Self.error(code, isRead ? path : target, handle)
    }

    /// Returns all rows of a query, each converted by `read`.
    func rows<Element>(
        _ sql: String, _ values: SQLValue..., read: (Row) throws(ArchiveError) -> Element
    ) throws(ArchiveError) -> [Element] {
        let statement = try bound(sql, values)
        defer { sqlite3_reset(statement) }
        var elements: [Element] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return elements }
            guard code == SQLITE_ROW else { throw Self.error(code, path, handle) }
            elements.append(try read(Row(statement: statement, path: path)))
        }
    }

    /// Returns the single number that a query yields; nil if there is no row.
    func number(_ sql: String) throws(ArchiveError) -> Int64? {
        try rows(sql) { row in row.integer(0) }.first
    }

    private func bound(_ sql: String, _ values: [SQLValue]) throws(ArchiveError) -> OpaquePointer {
        let statement = try prepared(sql)
        for (index, value) in values.enumerated() {
            let code = value.bind(to: statement, at: CInt(index + 1))
            guard code == SQLITE_OK else { throw Self.error(code, path, handle) }
        }
        return statement
    }

    private func prepared(_ sql: String) throws(ArchiveError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw Self.error(code, path, handle) }
        statements[sql] = statement
        return statement
    }

    // Errors.

    private static func error(_ code: CInt, _ path: String, _ handle: OpaquePointer?) -> ArchiveError {
        let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "error \(code)"
        // The low byte is the kind of error, the rest the details (https://sqlite.org/rescode.html).
        switch code & 0xFF {
        case CInt(SQLITE_FULL): return ArchiveError(.full, "no space is left for \(path) (make room on its disk)")
        case CInt(SQLITE_CORRUPT), CInt(SQLITE_NOTADB): return damaged(path, reason)
        case CInt(SQLITE_BUSY), CInt(SQLITE_LOCKED):
            return ArchiveError(.locked, "\(path) is in use by another program (end it, and try again)")
        case CInt(SQLITE_READONLY), CInt(SQLITE_PERM), CInt(SQLITE_CANTOPEN):
            return ArchiveError(
                .unwritable,
                "cannot open or write \(path): \(reason) (check its permissions, or choose another --state DIR)")
        default:
            return ArchiveError(.other, "cannot read or write \(path): \(reason)")
        }
    }

    /// Returns the error for a file whose content is not what was written. Such a file is never overwritten.
    static func damaged(_ path: String, _ reason: String) -> ArchiveError {
        ArchiveError(
            .damaged,
            "\(path) is damaged: \(reason) (move it away to start afresh: lobby messages come back from other peers)")
    }
}

/// A value for a statement.
enum SQLValue {
    case integer(Int64)
    case blob([UInt8])
    case text(String)
    /// A text as UTF-8 bytes.
    case utf8([UInt8])
    case null

    /// Returns a value for a Lamport or wall-clock time, which is at most 2^53.
    static func number(_ value: UInt64) -> SQLValue { .integer(Int64(clamping: value)) }
    static func identifier<Kind>(_ value: Identifier<Kind>) -> SQLValue { .blob(value.bytes) }

    fileprivate func bind(to statement: OpaquePointer, at place: CInt) -> CInt {
        switch self {
        case .integer(let value):
            return sqlite3_bind_int64(statement, place, value)
        case .blob(let bytes):
            return bytes.withUnsafeBytes { earshot_bind_blob(statement, place, $0.baseAddress, CInt($0.count)) }
        case .text(let text):
            var text = text
            return text.withUTF8 { earshot_bind_text(statement, place, $0.baseAddress, CInt($0.count)) }
        case .utf8(let bytes):
            return bytes.withUnsafeBytes { earshot_bind_text(statement, place, $0.baseAddress, CInt($0.count)) }
        case .null:
            return sqlite3_bind_null(statement, place)
        }
    }
}

/// A row of a result, while it is being read.
struct Row {
    fileprivate let statement: OpaquePointer
    let path: String

    func integer(_ column: CInt) -> Int64 { sqlite3_column_int64(statement, column) }

    /// Returns a number that is never negative in our tables.
    func number(_ column: CInt) -> UInt64 { UInt64(clamping: integer(column)) }

    func bytes(_ column: CInt) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    func text(_ column: CInt) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func identifier<Kind>(_ column: CInt) throws(ArchiveError) -> Identifier<Kind> {
        guard let start = sqlite3_column_blob(statement, column),
            let identifier = Identifier<Kind>(
                UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
        else { throw Database.damaged(path, "an ID is not 32 bytes long") }
        return identifier
    }

    /// Returns the key in two adjacent columns.
    func key(_ column: CInt) throws(ArchiveError) -> EntryKey {
        EntryKey(lamport: number(column), id: try identifier(column + 1))
    }
}
