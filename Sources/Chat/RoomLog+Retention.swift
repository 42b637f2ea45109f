import Secure
import Wire

/// Letting go of the oldest, never splitting what peers agree on: what is below the floor is not compared.
extension RoomLog {
    /// Drops the oldest entries until at most about `count` are left and the oldest is from `oldest` or later, and
    /// raises the floor. Times are what their authors claim, looked at from the oldest entry on, so one that claims to
    /// be young keeps what follows it until the count does away with it. At most `step` entries at once.
    /// - Returns: how many were dropped.
    @discardableResult
    public mutating func trim(
        keeping count: Int, newerThan oldest: WallTime, step: Int = 1_000
    ) throws(ArchiveError) -> Int {
        let limit = min(step, index.count)
        var dropped = min(max(0, index.count - max(0, count)), limit)
        while dropped < limit {
            guard let kept = try archive.entry(index[dropped], in: log),
                let entry = try? SignedEntry(trusted: kept.bytes),
                entry.entry.wallTime < oldest.milliseconds
            else { break }
            dropped += 1
        }
        guard dropped > 0 else { return 0 }
        // The floor is a Lamport time: entries of the same time stay or go together.
        let newFloor: UInt64
        if dropped < index.count, index[dropped].lamport > index[0].lamport {
            newFloor = index[dropped].lamport
        } else {
            newFloor = min(index[dropped - 1].lamport + 1, Limits.lamport)
        }
        let gone = index.keys(at: 0..<index.position(of: EntryKey(lamport: newFloor, id: .least)))
        let setting = (0..<8).map { UInt8(truncatingIfNeeded: newFloor >> UInt64(56 - 8 * $0)) }
        try archive.setSetting(Self.floorSetting(log), to: setting)
        try archive.remove(gone, from: log)
        floor = newFloor
        for key in gone {
            index.remove(key)
            lamports[key.id] = nil
        }
        openHeads.removeAll { $0.lamport < newFloor }
        return gone.count
    }

    static func floorSetting(_ log: LogID) -> String { "floor of \(log.order)" }
}
