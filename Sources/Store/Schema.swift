import CoreModel

/// The tables, and the migrations from older formats.
enum Schema {
    /// The application ID in the file's header, which identifies our databases: "Ears".
    static let applicationID: Int64 = 0x4561_7273

    /// The scripts of the format's versions; a file of version n has executed the first n. Scripts are only added,
    /// never changed.
    static let migrations = [
        """
        CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,      -- 0: lobby of a gathering, 1: lobby of a relay, 2: conversation
            owner BLOB NOT NULL,        -- the gathering, the relay, the other peer
            UNIQUE (kind, owner)
        );
        CREATE TABLE entry (
            number INTEGER PRIMARY KEY, -- the order of arrival
            log INTEGER NOT NULL REFERENCES log,
            lamport INTEGER NOT NULL,
            id BLOB NOT NULL,
            bytes BLOB NOT NULL         -- as they were signed
        );
        CREATE UNIQUE INDEX entry_order ON entry (log, lamport, id);
        CREATE TABLE awaited_receipt (
            log INTEGER NOT NULL REFERENCES log,
            id BLOB NOT NULL,
            lamport INTEGER NOT NULL,
            PRIMARY KEY (log, id)
        ) WITHOUT ROWID;
        CREATE TABLE peer (
            id BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            first_seen INTEGER NOT NULL, -- milliseconds since 1970
            last_seen INTEGER NOT NULL,
            is_blocked INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        """,
        """
        -- Of its entries up to the one in `counted`, and 256 for each.
        ALTER TABLE log ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE log SET bytes =
            (SELECT coalesce(sum(length(entry.bytes) + 256), 0) FROM entry WHERE entry.log = log.number);
        CREATE TABLE counted (last INTEGER NOT NULL);
        INSERT INTO counted SELECT coalesce(max(number), 0) FROM entry;
        """,
    ]

    /// The earliest version that can be read without migration.
    static let readableVersion = 1

    /// Migrates a file to this version's format.
    /// - Throws: If it belongs to another program or was written by a later version; the file is then unchanged.
    static func prepare(_ database: Database) throws(ArchiveError) {
        let version = try check(database)
        guard version < migrations.count else { return }
        try database.execute("BEGIN IMMEDIATE")
        do {
            for script in migrations[version...] { try database.execute(script) }
            try database.execute(
                "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migrations.count); COMMIT")
        } catch {
            if !database.isBetweenTransactions { try? database.execute("ROLLBACK") }
            throw error
        }
    }

    /// Checks the format without changing the file.
    /// - Returns: The version of the file's format; 0 for an empty file.
    static func check(_ database: Database) throws(ArchiveError) -> Int {
        let version = try database.number("PRAGMA user_version") ?? 0
        let application = try database.number("PRAGMA application_id") ?? 0
        let tableCount = try database.number("SELECT count(*) FROM sqlite_schema") ?? 0
        if tableCount == 0, version == 0, application == 0 { return 0 }
        guard application == applicationID else {
            throw ArchiveError(
                .damaged, "\(database.path) belongs to another program (move it away, or choose another --state DIR)")
        }
        guard version <= migrations.count else {
            throw ArchiveError(
                .newer,
                "\(database.path) was written by a later version of earshot (format \(version), this one reads up to "
                    + "\(migrations.count)): update earshot, or choose another --state DIR")
        }
        guard version >= 1 else { throw Database.damaged(database.path, "it has no version") }
        return Int(version)
    }
}
