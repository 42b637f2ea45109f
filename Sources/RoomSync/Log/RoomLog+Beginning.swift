package import CoreModel
import Wire

/// The start of an empty log in a room that is already far advanced.
extension RoomLog {
    /// Makes an empty log begin at this Lamport time, so that older entries are not requested. Does nothing in a log
    /// that has entries, because these would no longer be compared.
    package mutating func begin(at lamport: UInt64) throws(ArchiveError) {
        // A time near the last Lamport time would leave none for new entries.
        guard isEmpty, lamport > floor, lamport <= Limits.lamport / 2 else { return }
        let setting = (0..<8).map { UInt8(truncatingIfNeeded: lamport >> UInt64(56 - 8 * $0)) }
        try archive.setSetting(Self.floorSetting(log), to: setting)
        floor = lamport
        // The room has reached this time. If only entries above a million exist, the horizon could not climb there from
        // 0.
        horizon = lamport
    }
}
