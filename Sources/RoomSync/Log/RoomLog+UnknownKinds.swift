import CoreModel
import Secure
public import Wire

/// Entries of kinds that later versions defined. They are stored, acknowledged and passed on like all others, but not
/// to peers that would treat them as a violation (Protocol.md, Versions). To those peers the log appears to have none.
extension RoomLog {
    /// The entries of unknown kinds in a log. Few logs have any; for the others this costs nothing.
    package struct UnknownKinds {
        /// Only tested for membership, never iterated into an output.
        fileprivate(set) var ids: Set<EntryID> = []
        /// The keys of all entries of known kinds.
        fileprivate(set) var others: LogIndex

        package mutating func remove(_ key: EntryKey) {
            if ids.remove(key.id) == nil { others.remove(key) }
        }
    }

    /// Returns the index of the entries that a peer with these features may learn of.
    public func index(for features: Features) -> LogIndex {
        features.contains(.unknownKinds) ? index : unknownKinds?.others ?? index
    }

    /// Returns the IDs that a peer with these features may learn of, in the order given.
    package func ids(_ ids: [EntryID], for features: Features) -> [EntryID] {
        guard let unknownKinds, !features.contains(.unknownKinds) else { return ids }
        return ids.filter { !unknownKinds.ids.contains($0) }
    }

    /// Records in the archive that the log has entries of unknown kinds, before the first of them is stored: a log
    /// without this setting is not searched for them.
    func noteUnknownKinds() throws(ArchiveError) {
        if unknownKinds == nil { try archive.setSetting(Self.unknownKindsSetting(log), to: [1]) }
    }

    /// Adds an entry to the index for its kind. Must precede its insertion into ``index``.
    mutating func insertByKind(_ entry: SignedEntry) {
        if entry.entry.kind.isKnown {
            unknownKinds?.others.insert(entry.key)
        } else {
            if unknownKinds == nil { unknownKinds = UnknownKinds(others: index) }
            unknownKinds?.ids.insert(entry.id)
        }
    }

    /// The IDs of all entries of unknown kinds in this log.
    var unknownKindIDs: Set<EntryID> { unknownKinds?.ids ?? [] }

    /// Determines which of these entries the log still has.
    mutating func findUnknownKinds(among ids: Set<EntryID>) throws(ArchiveError) {
        var found = UnknownKinds(others: index)
        for id in ids {
            guard let lamport = lamports[id] else { continue }
            found.ids.insert(id)
            found.others.remove(EntryKey(lamport: lamport, id: id))
        }
        if found.ids.isEmpty { try forgetUnknownKinds() } else { unknownKinds = found }
    }

    /// Searches the log for entries of unknown kinds, if it is recorded to have some. Kinds that were unknown may be
    /// known now, and entries may have been dropped.
    mutating func findUnknownKinds() throws(ArchiveError) {
        unknownKinds = nil
        guard try archive.setting(Self.unknownKindsSetting(log)) != nil else { return }
        var found = UnknownKinds(others: index)
        var before: EntryKey?
        repeat {
            let page = try archive.entries(of: log, before: before, limit: Self.headWindow)
            for kept in page {
                guard let entry = try? SignedEntry(trusted: kept.bytes), !entry.entry.kind.isKnown else { continue }
                found.ids.insert(kept.key.id)
                found.others.remove(kept.key)
            }
            before = page.count < Self.headWindow ? nil : page.first?.key
        } while before != nil
        if found.ids.isEmpty { try forgetUnknownKinds() } else { unknownKinds = found }
    }

    /// Moves the setting from another log, all of whose entries are now in this one.
    func moveUnknownKinds(from other: RoomLog) throws(ArchiveError) {
        guard try archive.setting(Self.unknownKindsSetting(other.log)) != nil else { return }
        try archive.setSetting(Self.unknownKindsSetting(log), to: [1])
        try archive.setSetting(Self.unknownKindsSetting(other.log), to: nil)
    }

    /// Removes the index and the setting, because no entries of unknown kinds are left.
    mutating func forgetUnknownKinds() throws(ArchiveError) {
        unknownKinds = nil
        let setting = Self.unknownKindsSetting(log)
        if try archive.setting(setting) != nil { try archive.setSetting(setting, to: nil) }
    }

    private static func unknownKindsSetting(_ log: LogID) -> String { "unknown kinds of \(log.order)" }
}
