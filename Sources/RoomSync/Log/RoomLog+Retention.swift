public import CoreModel
import Secure
public import Wire

/// Letting go of the oldest, never splitting what peers agree on: what is below the floor is not compared.
extension RoomLog {
    /// Drops the oldest entries until at most about `count` are left and the oldest is not old, and raises the floor.
    /// Times are what their authors claim, as far as that can be (``Arrivals``), looked at from the oldest entry on, so
    /// one that claims to be young keeps what follows it for as long. At most `step` entries at once.
    /// - Parameter owed: stays, and what follows it: an own entry that somebody has still to get.
    /// - Returns: how many were dropped.
    @discardableResult
    package mutating func trim(
        keeping count: Int, dropping old: OldAge, below owed: EntryKey? = nil, step: Int = 1_000
    ) throws(ArchiveError) -> Int {
        // The floor stays within the room's reach: above it new entries would be refused.
        let last = EntryKey(lamport: min(owed?.lamport ?? .max, reach + 1), id: .least)
        let end = index.position(of: last)
        let limit = min(step, end)
        let surplus = min(max(0, index.count - max(0, count)), limit)
        var dropped = surplus
        while dropped < limit {
            guard let kept = try archive.entry(index[dropped], in: log),
                let entry = try? SignedEntry(trusted: kept.bytes),
                old.includes(entry.entry)
            else {
                // What is young keeps those of its Lamport time, which are no more than a few lies.
                while dropped > surplus, index[dropped - 1].lamport == index[dropped].lamport { dropped -= 1 }
                break
            }
            dropped += 1
        }
        guard dropped > 0 else { return 0 }
        // The floor is a Lamport time: entries of the same time stay or go together.
        let newFloor: UInt64
        if dropped < index.count, index[dropped].lamport > index[0].lamport {
            newFloor = max(floor, min(index[dropped].lamport, reach + 1))
        } else {
            newFloor = max(floor, min(index[dropped - 1].lamport + 1, Limits.lamport))
        }
        let gone = index.keys(at: 0..<index.position(of: EntryKey(lamport: newFloor, id: .least)))
        try archive.remove(gone, from: log)
        try setFloor(newFloor)
        for key in gone {
            index.remove(key)
            unknownKinds?.remove(key)
            lamports[key.id] = nil
            order.prune(key.id)
        }
        openHeads.removeAll { $0.lamport < newFloor }
        if unknownKinds?.ids.isEmpty == true { try forgetUnknownKinds() }
        return gone.count
    }

    /// The same, believing everybody.
    @discardableResult
    public mutating func trim(
        keeping count: Int, newerThan oldest: WallTime, below owed: EntryKey? = nil
    ) throws(ArchiveError) -> Int {
        try trim(keeping: count, dropping: OldAge(before: oldest), below: owed)
    }

    /// Drops everything that was said until now. It does not come back from others either: the floor is above it.
    /// - Returns: how many entries were dropped.
    @discardableResult
    public mutating func forget() throws(ArchiveError) -> Int {
        let count = index.count
        let newFloor = nextLamport
        try archive.forget(log)
        try setFloor(newFloor)
        index = LogIndex()
        try forgetUnknownKinds()
        reach = newFloor
        lamports = [:]
        openHeads = []
        order = CausalOrder()
        return count
    }

    /// Of what is far ahead the lowest are kept, whatever came first: else logs would differ for good, and be compared
    /// in vain for as long.
    /// - Returns: false if there are enough below this one.
    mutating func makeRoomFarAhead(for key: EntryKey) throws(ArchiveError) -> Bool {
        let count = index.count - index.position(of: EntryKey(lamport: reach + 1, id: .least))
        guard count >= Self.farAheadCount, let last = index.last else { return true }
        guard key < last else { return false }
        try archive.remove([last], from: log)
        index.remove(last)
        unknownKinds?.remove(last)
        lamports[last.id] = nil
        order.prune(last.id)
        return true
    }

    /// The lowest Lamport time that an archive keeps of a log; 0: all.
    public static func floor(of log: LogID, in archive: any Archive) throws(ArchiveError) -> UInt64 {
        let kept = try archive.setting(floorSetting(log)) ?? []
        return kept.count == 8 ? min(kept.reduce(0) { $0 << 8 | UInt64($1) }, Limits.lamport) : 0
    }

    mutating func setFloor(_ newFloor: UInt64) throws(ArchiveError) {
        let setting = (0..<8).map { UInt8(truncatingIfNeeded: newFloor >> UInt64(56 - 8 * $0)) }
        try archive.setSetting(Self.floorSetting(log), to: setting)
        floor = newFloor
    }

    static func floorSetting(_ log: LogID) -> String { "floor of \(log.order)" }
}
