public import CoreModel
public import Wire

/// The archive of a core, in one SQLite file.
///
/// The changes of a round are one transaction, begun by the first of them. A round that needs more durability than it
/// began with (our own entry after another peer's) commits its changes so far and continues in a second transaction:
/// both are stored before `commit` returns, and no output of the round leaves earlier.
///
/// When `commit` fails, for example because the disk is full, nothing is lost: the next `commit` stores the round
/// again from the start.
public final class SQLiteArchive: Archive {
    let database: Database
    var wordIndex: WordIndex
    /// The changes that were requested and are not yet committed.
    private var round: [Change] = []
    private var stage = Stage.idle
    private var isSynchronous = false
    private let isWriteAhead: Bool
    /// Whether data was forgotten that must not stay in the write-ahead log.
    private var mustTruncate = false
    public private(set) var needsCheckpoint = false
    /// The maximum number of indexing steps while a search waits: about a second's work.
    var awaitedStepCount = 4
    /// The statement that inserts an entry, once one has been inserted.
    var insertion: OpaquePointer?
    /// The numbers of the logs used so far; cleared when a transaction is rolled back.
    var numbers: [LogID: Int64] = [:]
    var sizes = LogSizes()

    private enum Stage: Equatable {
        case idle
        case open(Durability)
        /// The transaction is lost: `round` must be stored again.
        case spoiled
    }

    /// Opens the file, or creates it.
    /// - Throws: If it cannot be read or written, is damaged, or was written by a later version. The file is then left
    ///   unchanged.
    public convenience init(at path: String, for owner: ArchiveOwner = .peer) throws(ArchiveError) {
        try self.init(at: path, vfs: nil, for: owner)
    }

    /// Opens the file with another VFS.
    /// - Parameter vfs: The SQLite VFS to use, for one process only: in tests, a disk that loses power.
    init(at path: String, vfs: String?, for owner: ArchiveOwner = .peer) throws(ArchiveError) {
        database = try Database(path, for: .readingAndWriting, vfs: vfs)
        if vfs != nil { try database.execute("PRAGMA locking_mode = EXCLUSIVE") }
        // A file is not written to before it is known to be ours.
        _ = try Schema.check(database)
        let mode = try database.rows("PRAGMA journal_mode = WAL") { row in row.text(0) }.first
        isWriteAhead = mode == "wal"
        // Dirty pages stay in memory until the commit, so that a full disk causes an error there and nowhere else.
        // Forgotten data is overwritten.
        try database.execute(
            "PRAGMA synchronous = FULL; PRAGMA cache_spill = OFF; PRAGMA secure_delete = ON; "
                + "PRAGMA journal_size_limit = 4194304")
        isSynchronous = true
        try Schema.prepare(database)
        try sizes.load(from: database)
        if isWriteAhead, owner == .peer { database.growAhead() }
        wordIndex = owner == .peer ? try WordIndex(in: database) : WordIndex(unneededIn: database)
        // Until the first checkpoint the database file on its own does not even have tables.
        checkpoint()
    }

    /// Opens the file for reading while another process uses it.
    public init(reading path: String) throws(ArchiveError) {
        database = try Database(path, for: .reading)
        guard try Schema.check(database) >= Schema.readableVersion else {
            throw ArchiveError(.other, "\(path) is empty (start earshot once)")
        }
        isWriteAhead = true
        wordIndex = WordIndex(unneededIn: database)
    }

    // Rounds.

    public func commit() throws(ArchiveError) {
        switch stage {
        case .idle: break
        case .open: try end()
        case .spoiled:
            try begin(.full)
            try redo()
            try end()
        }
        round.removeAll(keepingCapacity: true)
        // A failed step needs no retry: the next one does more.
        if wordIndex.isBehind { _ = try? indexWords(isAwaited: false) }
    }

    /// Checkpoints the write-ahead log, up to the frames that readers still need. SQLite does so by itself only when
    /// the log is long. A failure loses nothing: the log still has all data.
    public func checkpoint() {
        guard stage == .idle, isWriteAhead else { return }
        needsCheckpoint = false
        _ = try? database.number("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Adds missing entries to the word index, between rounds.
    /// - Returns: Whether the index is complete.
    private func indexWords(isAwaited: Bool) throws(ArchiveError) -> Bool {
        do {
            try begin(.normal)
            let isComplete = try wordIndex.catchUp(isAwaited: isAwaited)
            try end()
            return isComplete
        } catch {
            spoil()
            // The failed transaction contained nothing of a round.
            stage = .idle
            wordIndex.stepFailed()
            throw error
        }
    }

    public var isBehind: Bool { wordIndex.isBehind }

    /// Brings the word index up to date, so that a search finds every stored entry. Entries that cannot be added now,
    /// for example because the disk is full, are found later.
    /// - Throws: If there is too much to wait for, which happens once after an update that replaces the index.
    func completeWordIndex() throws(ArchiveError) {
        for _ in 0..<awaitedStepCount {
            let isComplete: Bool?
            switch stage {
            case .idle: isComplete = try? indexWords(isAwaited: true)
            case .open: isComplete = try? wordIndex.catchUp(isAwaited: true)
            case .spoiled: isComplete = nil
            }
            if isComplete != false { return }
        }
        throw ArchiveError(
            .other, "search is not available yet: the word index is being rebuilt after an update (try again soon)")
    }

    /// Applies a change and records it, in case the round must be stored again.
    /// - Returns: The result of ``apply(_:)``.
    @discardableResult
    private func make(_ change: Change, _ durability: Durability) throws(ArchiveError) -> Bool {
        switch stage {
        case .spoiled:
            // The result is not known any more; the core requests the entries that it does not have.
            round.append(change)
            return true
        case .idle:
            try begin(durability)
        case .open(let present) where present < durability:
            try end()
            round.removeAll(keepingCapacity: true)
            try begin(durability)
        case .open: break
        }
        do {
            let result = try apply(change)
            round.append(change)
            return result
        } catch {
            // Nothing of a change that failed half-way is kept, and all of those before it.
            spoil()
            if (try? begin(.full)) != nil { try? redo() }
            throw error
        }
    }

    private func begin(_ durability: Durability) throws(ArchiveError) {
        let wasSpoiled = stage == .spoiled
        do {
            // Without a write-ahead log, a level below FULL could damage the file.
            let mustBeSynchronous = durability == .full || !isWriteAhead
            if mustBeSynchronous != isSynchronous {
                try database.execute("PRAGMA synchronous = \(mustBeSynchronous ? "FULL" : "NORMAL")")
                isSynchronous = mustBeSynchronous
            }
            try database.run("BEGIN IMMEDIATE")
            stage = .open(durability)
        } catch {
            if wasSpoiled { spoil() }
            throw error
        }
    }

    private func end() throws(ArchiveError) {
        do {
            try sizes.write(to: database)
            try database.run("COMMIT")
            stage = .idle
            needsCheckpoint = isWriteAhead
            if mustTruncate {
                mustTruncate = false
                try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            }
        } catch {
            spoil()
            throw error
        }
    }

    private func redo() throws(ArchiveError) {
        do {
            for change in round { try apply(change) }
        } catch {
            spoil()
            throw error
        }
    }

    private func spoil() {
        if !database.isBetweenTransactions { try? database.execute("ROLLBACK") }
        numbers.removeAll()
        try? sizes.load(from: database)
        try? wordIndex.lookAgain()
        stage = .spoiled
    }

    // Changes.

    public func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool {
        try make(.append(entry, to: log), durability)
    }

    public func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError) {
        try make(.remove(keys, from: log), .normal)
    }

    public func merge(_ source: LogID, into target: LogID) throws(ArchiveError) {
        guard source != target else { return }
        try make(.merge(source, into: target), .normal)
    }

    public func forget(_ log: LogID) throws(ArchiveError) {
        try make(.forget(log), .full)
        mustTruncate = true
    }

    public func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError) {
        try make(.awaitReceipt(key, in: log), .full)
    }

    public func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool {
        try make(.receiptArrived(id, in: log), .normal)
    }

    public func remember(_ peer: KnownPeer) throws(ArchiveError) {
        try make(.remember(peer), .normal)
    }

    public func forget(_ peers: [PeerID]) throws(ArchiveError) {
        try make(.forgetPeers(peers), .normal)
    }

    public func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError) {
        try make(.set(name, value), .normal)
    }
}

/// The kind of core that owns an archive.
public enum ArchiveOwner: Sendable {
    /// A peer: its user searches the archive for words, and its own messages wait for the disk.
    case peer
    /// A relay: nobody searches it, so it has no word index. Members' messages do not wait for the disk, so the log is
    /// not extended ahead of need.
    case relay
}
