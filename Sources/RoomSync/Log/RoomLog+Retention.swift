public import CoreModel
import Secure
public import Wire

/// Pruning from the oldest end. Peers still agree on the rest: entries below the floor are not compared.
extension RoomLog {
    /// Drops the oldest entries until at most about `count` are left and the oldest is not old, and raises the floor.
    /// Ages follow the times that authors claim, as far as these are plausible (``Arrivals``). They are checked from
    /// the oldest entry on, so one that claims to be young keeps all that follow it for as long. Drops at most `step`
    /// entries.
    /// - Parameter owed: The oldest own entry without a receipt: it is kept, and everything after it.
    /// - Returns: The number of dropped entries.
    @discardableResult
    package mutating func trim(
        keeping count: Int, dropping old: ExpiryCriterion, below unacknowledged: EntryKey? = nil,
        step: Int = 1_000
    ) throws(ArchiveError) -> Int {
        // The floor stays within the horizon: above it new entries would be refused.
        let last = EntryKey(lamport: min(unacknowledged?.lamport ?? .max, horizon + 1), id: .least)
        let end = index.position(of: last)
        let limit = min(step, end)
        let surplus = min(max(0, index.count - max(0, count)), limit)
        var dropped = surplus
        while dropped < limit {
            guard let kept = try archive.entry(index[dropped], in: log),
                let entry = try? SignedEntry(trusted: kept.bytes),
                old.includes(entry.entry)
            else {
                // A young entry keeps those of the same Lamport time, which are at most a few false ones.
                while dropped > surplus, index[dropped - 1].lamport == index[dropped].lamport { dropped -= 1 }
                break
            }
            dropped += 1
        }
        guard dropped > 0 else { return 0 }
        // The floor is a Lamport time: entries of the same time are kept or dropped together.
        let newFloor: UInt64
        if dropped < index.count, index[dropped].lamport > index[0].lamport {
            newFloor = max(floor, min(index[dropped].lamport, horizon + 1))
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

    /// Does the same, but trusts the times that authors claim.
    @discardableResult
    public mutating func trim(
        keeping count: Int, newerThan oldest: WallTime, below unacknowledged: EntryKey? = nil
    ) throws(ArchiveError) -> Int {
        try trim(keeping: count, dropping: ExpiryCriterion(before: oldest), below: unacknowledged)
    }

    /// Drops all entries until now. Other peers do not bring them back, because the floor is above them.
    /// - Returns: The number of dropped entries.
    @discardableResult
    public mutating func forget() throws(ArchiveError) -> Int {
        let count = index.count
        let newFloor = nextLamport
        try archive.forget(log)
        try setFloor(newFloor)
        index = LogIndex()
        try forgetUnknownKinds()
        horizon = newFloor
        lamports = [:]
        openHeads = []
        order = CausalOrder()
        return count
    }

    /// Makes room for an entry above the horizon. The lowest of these are kept, whatever the order of arrival:
    /// otherwise logs would differ permanently, and be compared again and again without success.
    /// - Returns: False if there are enough below this one.
    mutating func makeRoomFarAhead(for key: EntryKey) throws(ArchiveError) -> Bool {
        let count = index.count - index.position(of: EntryKey(lamport: horizon + 1, id: .least))
        guard count >= Self.farAheadCount, let last = index.last else { return true }
        guard key < last else { return false }
        try archive.remove([last], from: log)
        index.remove(last)
        unknownKinds?.remove(last)
        lamports[last.id] = nil
        order.prune(last.id)
        return true
    }

    /// Returns the lowest Lamport time that an archive keeps of a log; 0: all.
    public static func floor(of log: LogID, in archive: any Archive) throws(ArchiveError) -> UInt64 {
        let kept = try archive.setting(floorSetting(log)) ?? []
        return kept.count == 8 ? min(kept.reduce(0) { $0 << 8 | UInt64($1) }, Limits.lamport) : 0
    }

    /// Sets the floor and stores it.
    mutating func setFloor(_ newFloor: UInt64) throws(ArchiveError) {
        let setting = (0..<8).map { UInt8(truncatingIfNeeded: newFloor >> UInt64(56 - 8 * $0)) }
        try archive.setSetting(Self.floorSetting(log), to: setting)
        floor = newFloor
    }

    static func floorSetting(_ log: LogID) -> String { "floor of \(log.order)" }
}
