package import CoreModel
package import Wire

/// Taking back what was said where it could not be said.
extension RoomLog {
    /// Drops entries that nobody else has, so that nothing said later answers to them.
    package mutating func takeBack(_ ids: [EntryID]) throws(ArchiveError) {
        let keys = ids.compactMap { id in lamports[id].map { EntryKey(lamport: $0, id: id) } }
        guard !keys.isEmpty else { return }
        try archive.remove(keys, from: log)
        try load()
        try findUnknownKinds(among: unknownKindIDs)
    }
}
