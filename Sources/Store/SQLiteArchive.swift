public import CoreModel
public import Wire

/// What a core needs kept, in one SQLite file.
///
/// A round's changes are one transaction, begun by the first of them. A round that asks for more than it began with
/// (an own entry after somebody else's) keeps what it has so far and goes on in a second one: both are kept before
/// `commit` returns, and nothing that the round says leaves earlier.
///
/// When `commit` fails, because the disk is full for instance, nothing is forgotten: the next `commit` keeps the round
/// again from the start.
public final class SQLiteArchive: Archive {
    let database: Database
    var wordIndex: WordIndex
    /// What has been asked for and is not yet kept.
    private var round: [Change] = []
    private var stage = Stage.idle
    private var isSynchronous = false
    private let isWriteAhead: Bool
    /// Something was forgotten: it shall not stay in the write-ahead log.
    private var mustTruncate = false
    public private(set) var needsCheckpoint = false
    /// So much of the index is made at most while somebody waits for a search: about a second's work.
    var awaitedStepCount = 4
    /// What keeps an entry, once one has been kept.
    var insertion: OpaquePointer?
    /// The number of each log that was asked for; emptied when a transaction is rolled back.
    var numbers: [LogID: Int64] = [:]
    var sizes = LogSizes()

    private enum Stage: Equatable {
        case idle
        case open(Durability)
        /// The transaction is lost: `round` must be kept anew.
        case spoiled
    }

    /// Opens the file, or makes it.
    /// - Throws: when it cannot be read or written, is damaged, or was written by a later version. It is left as it is.
    public convenience init(at path: String, for owner: ArchiveOwner = .peer) throws(ArchiveError) {
        try self.init(at: path, vfs: nil, for: owner)
    }

    /// - Parameter vfs: another way for SQLite to keep files, for one process alone: a disk that loses power, in tests.
    init(at path: String, vfs: String?, for owner: ArchiveOwner = .peer) throws(ArchiveError) {
        database = try Database(path, for: .readingAndWriting, vfs: vfs)
        if vfs != nil { try database.execute("PRAGMA locking_mode = EXCLUSIVE") }
        // A file is not written to before it is known to be ours.
        _ = try Schema.check(database)
        let mode = try database.rows("PRAGMA journal_mode = WAL") { row in row.text(0) }.first
        isWriteAhead = mode == "wal"
        // Dirty pages stay in memory until the commit, so that a full disk is met there and nowhere else. What is
        // forgotten is overwritten.
        try database.execute(
            "PRAGMA synchronous = FULL; PRAGMA cache_spill = OFF; PRAGMA secure_delete = ON; "
                + "PRAGMA journal_size_limit = 4194304")
        isSynchronous = true
        try Schema.prepare(database)
        try sizes.load(from: database)
        if isWriteAhead, owner == .peer { database.growAhead() }
        wordIndex = owner == .peer ? try WordIndex(in: database) : WordIndex(unneededIn: database)
        // Until the first checkpoint the file by itself has not even tables.
        checkpoint()
    }

    /// Opens the file beside a process that uses it, to read.
    public init(reading path: String) throws(ArchiveError) {
        database = try Database(path, for: .reading)
        guard try Schema.check(database) >= Schema.readableVersion else {
            throw ArchiveError(.other, "\(path) has nothing in it (start earshot once)")
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
        // A step that fails is not missed: the next one does more.
        if wordIndex.isBehind { _ = try? indexWords(isAwaited: false) }
    }

    /// Brings the write-ahead log into the file, as far as nobody is reading what was there before. SQLite does so by
    /// itself only when the log is long. A failure changes nothing: the log still has it all.
    public func checkpoint() {
        guard stage == .idle, isWriteAhead else { return }
        needsCheckpoint = false
        _ = try? database.number("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Adds to the index what it lacks, between rounds.
    /// - Returns: whether that was all.
    private func indexWords(isAwaited: Bool) throws(ArchiveError) -> Bool {
        do {
            try begin(.normal)
            let isComplete = try wordIndex.catchUp(isAwaited: isAwaited)
            try end()
            return isComplete
        } catch {
            spoil()
            // Nothing of a round is lost with it.
            stage = .idle
            wordIndex.stepFailed()
            throw error
        }
    }

    public var isBehind: Bool { wordIndex.isBehind }

    /// Sees to it that a search finds everything that is kept. What cannot be added now, because the disk is full for
    /// instance, is found later.
    /// - Throws: if it is too much to wait for, once after an update that makes another index.
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
            .other, "words cannot be looked for yet: their index is being made, once after an update (try again soon)")
    }

    /// Makes a change and notes it, for a round that must be kept anew.
    /// - Returns: what ``apply(_:)`` says.
    @discardableResult
    private func make(_ change: Change, _ durability: Durability) throws(ArchiveError) -> Bool {
        switch stage {
        case .spoiled:
            // It is not known any more; the core asks for what it does not have.
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
            // Of a change that failed half-way nothing is kept; of those before it, all.
            spoil()
            if (try? begin(.full)) != nil { try? redo() }
            throw error
        }
    }

    private func begin(_ durability: Durability) throws(ArchiveError) {
        let wasSpoiled = stage == .spoiled
        do {
            // Without a write-ahead log less than FULL could damage the file.
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

/// Whose archive it is.
public enum ArchiveOwner: Sendable {
    /// Somebody searches it for words, and the own messages wait for the disk.
    case peer
    /// Nobody searches it, so there is no index of words. What members say does not wait for the disk, so the log is not
    /// made longer beforehand.
    case relay
}
