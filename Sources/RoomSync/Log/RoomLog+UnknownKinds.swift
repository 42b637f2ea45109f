import CoreModel
import Secure
public import Wire

/// Entries of kinds that came with later versions: kept, confirmed and passed on like all others, but not to peers that
/// would take them for a violation (Protocol.md, Versions). To these the log looks as if it had none.
extension RoomLog {
    /// Kept for a log that has such entries, which few have; none of the others pays for it.
    package struct UnknownKinds {
        /// Only asked "is it in there?".
        fileprivate(set) var ids: Set<EntryID> = []
        /// The keys of all entries of known kinds.
        fileprivate(set) var others: LogIndex

        package mutating func remove(_ key: EntryKey) {
            if ids.remove(key.id) == nil { others.remove(key) }
        }
    }

    /// The log as a peer with these features may know it.
    public func index(for features: Features) -> LogIndex {
        features.contains(.unknownKinds) ? index : unknownKinds?.others ?? index
    }

    /// Those that a peer with these features may be told of, in the order given.
    package func ids(_ ids: [EntryID], for features: Features) -> [EntryID] {
        guard let unknownKinds, !features.contains(.unknownKinds) else { return ids }
        return ids.filter { !unknownKinds.ids.contains($0) }
    }

    /// Notes in the archive that the log has such entries, before the first of them is kept: a log without this note
    /// is not searched for them.
    func noteUnknownKinds() throws(ArchiveError) {
        if unknownKinds == nil { try archive.setSetting(Self.unknownKindsSetting(log), to: [1]) }
    }

    /// Before the entry is in the index.
    mutating func insertByKind(_ entry: SignedEntry) {
        if entry.entry.kind.isKnown {
            unknownKinds?.others.insert(entry.key)
        } else {
            if unknownKinds == nil { unknownKinds = UnknownKinds(others: index) }
            unknownKinds?.ids.insert(entry.id)
        }
    }

    /// All of them here.
    var unknownKindIDs: Set<EntryID> { unknownKinds?.ids ?? [] }

    /// Takes up which of these are here still.
    mutating func findUnknownKinds(among ids: Set<EntryID>) throws(ArchiveError) {
        var found = UnknownKinds(others: index)
        for id in ids {
            guard let lamport = lamports[id] else { continue }
            found.ids.insert(id)
            found.others.remove(EntryKey(lamport: lamport, id: id))
        }
        if found.ids.isEmpty { try forgetUnknownKinds() } else { unknownKinds = found }
    }

    /// Reads all of a log of which it is noted that it has some. What was of an unknown kind then may be known now, and
    /// what is left may have been dropped.
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

    /// All of another log is in this one.
    func moveUnknownKinds(from other: RoomLog) throws(ArchiveError) {
        guard try archive.setting(Self.unknownKindsSetting(other.log)) != nil else { return }
        try archive.setSetting(Self.unknownKindsSetting(log), to: [1])
        try archive.setSetting(Self.unknownKindsSetting(other.log), to: nil)
    }

    /// There are none any more.
    mutating func forgetUnknownKinds() throws(ArchiveError) {
        unknownKinds = nil
        let setting = Self.unknownKindsSetting(log)
        if try archive.setting(setting) != nil { try archive.setSetting(setting, to: nil) }
    }

    private static func unknownKindsSetting(_ log: LogID) -> String { "unknown kinds of \(log.order)" }
}
