package import CoreModel
package import Wire

/// Withdrawal of entries that were written where writing was not possible.
extension RoomLog {
    /// Drops entries that no other peer has, so that no later entry has them as parents.
    package mutating func withdraw(_ ids: [EntryID]) throws(ArchiveError) {
        let keys = ids.compactMap { id in lamports[id].map { EntryKey(lamport: $0, id: id) } }
        guard !keys.isEmpty else { return }
        try archive.remove(keys, from: log)
        try load()
        try findUnknownKinds(among: unknownKindIDs)
    }
}
