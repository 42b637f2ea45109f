package import CoreModel
import Wire

/// Coming into a room that others have spoken in for long.
extension RoomLog {
    /// A log that is still empty begins here: what was said before is not asked for. Does nothing in one that is not,
    /// because what it has would no longer be compared.
    package mutating func begin(at lamport: UInt64) throws(ArchiveError) {
        // A time near the end of all times would leave none to speak at.
        guard isEmpty, lamport > floor, lamport <= Limits.lamport / 2 else { return }
        let setting = (0..<8).map { UInt8(truncatingIfNeeded: lamport >> UInt64(56 - 8 * $0)) }
        try archive.setSetting(Self.floorSetting(log), to: setting)
        floor = lamport
        // The room has come this far: with only what is above a million, nobody would climb there from 0.
        reach = lamport
    }
}
