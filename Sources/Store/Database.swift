import CSQLite
import CoreModel
import Wire

/// One connection to an SQLite file. Its errors are in words for the person whose file it is.
final class Database {
    let path: String
    private let handle: OpaquePointer
    /// Prepared once for each text; reset whenever they are not running.
    private var statements: [String: OpaquePointer] = [:]

    enum Access {
        case readingAndWriting
        /// Beside a process that writes.
        case reading
    }

    /// - Parameter vfs: what SQLite shall keep files with; nil for the system's.
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
        // Only an export or a curious person reads beside us, and readers do not block writers.
        sqlite3_busy_timeout(handle, 1_000)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Whether no transaction is open: also after one that SQLite has rolled back because of an error.
    var isBetweenTransactions: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// From now on the write-ahead log is made longer before it is needed, and brought into the file as usual.
    func growAhead() { earshot_grow_ahead(handle) }

    /// Several statements without values, once.
    func execute(_ script: String) throws(ArchiveError) {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw Self.error(code, path, handle) }
    }

    /// One statement that changes something.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: SQLValue...) throws(ArchiveError) -> Int {
        let statement = try bound(sql, values)
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw Self.error(code, path, handle) }
        return Int(sqlite3_changes(handle))
    }

    /// A statement that is kept, for ``run(_:_:_:_:)``.
    func statement(_ sql: String) throws(ArchiveError) -> OpaquePointer { try prepared(sql) }

    /// A statement with two numbers, an identifier and bytes, which changes something. Asks for no memory of ours.
    /// - Returns: how many rows it changed.
    func run<Kind>(
        _ statement: OpaquePointer, _ numbers: (Int64, UInt64), _ identifier: Identifier<Kind>, _ bytes: [UInt8]
    ) throws(ArchiveError) -> Int {
        let words = identifier.words
        let wire = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        let code = withUnsafeBytes(of: wire) { id in
            bytes.withUnsafeBytes { bytes in
                defer { sqlite3_reset(statement) }
                // Zero is success.
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

    /// Writes a copy of all that is committed to a new file, while others may go on writing to this one. It has nothing
    /// of what was deleted, and is to be synchronized by the caller.
    func copy(to target: String) throws(ArchiveError) {
        let statement = try bound("VACUUM INTO ?", [.text(target)])
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code != SQLITE_DONE else { return }
        // The errors of writing are the new file's; those of reading name the old one.
        let isRead = [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_BUSY, SQLITE_LOCKED].contains { Int(code) & 0xFF == $0 }
        throw Self.error(code, isRead ? path : target, handle)
    }

    /// All rows of a query, each as `read` makes it.
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

    /// The one number that a query answers with; nil for no row.
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
        // The low byte is the kind, the rest the particulars (https://sqlite.org/rescode.html).
        switch code & 0xFF {
        case CInt(SQLITE_FULL): return ArchiveError(.full, "no space is left for \(path) (make room on its disk)")
        case CInt(SQLITE_CORRUPT), CInt(SQLITE_NOTADB): return damaged(path, reason)
        case CInt(SQLITE_BUSY), CInt(SQLITE_LOCKED):
            return ArchiveError(.locked, "\(path) is in use by another program (end it, and try again)")
        case CInt(SQLITE_READONLY), CInt(SQLITE_PERM), CInt(SQLITE_CANTOPEN):
            return ArchiveError(
                .unwritable,
                "cannot open or write \(path): \(reason) (see who may write it, or choose another --state DIR)")
        default:
            return ArchiveError(.other, "cannot keep or read \(path): \(reason)")
        }
    }

    /// What is in the file is not what was written there. It is never overwritten.
    static func damaged(_ path: String, _ reason: String) -> ArchiveError {
        ArchiveError(
            .damaged,
            "\(path) is damaged: \(reason) (move it away to start anew: what others hold of the lobby comes back)")
    }
}

/// A value for a statement.
enum SQLValue {
    case integer(Int64)
    case blob([UInt8])
    case text(String)
    /// A text in UTF-8.
    case utf8([UInt8])
    case null

    /// For Lamport and wall-clock times, which are at most 2^53.
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

/// A row of an answer, while it is being read.
struct Row {
    fileprivate let statement: OpaquePointer
    let path: String

    func integer(_ column: CInt) -> Int64 { sqlite3_column_int64(statement, column) }

    /// Numbers are never negative where we keep them.
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

    /// A key from two neighbouring columns.
    func key(_ column: CInt) throws(ArchiveError) -> EntryKey {
        EntryKey(lamport: number(column), id: try identifier(column + 1))
    }
}
