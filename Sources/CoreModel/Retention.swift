import Wire

/// How much is kept: of each room, of people who were never written to, and in all.
public struct Retention: Equatable, Sendable {
    /// Entries of one room, at least 1.
    public var entryCount = 10_000
    /// Older ones are dropped; days as ``AgeClock`` counts them.
    public var days = 90
    /// Of all that is kept, of every room and whatever else. The oldest give way.
    public var bytes = 1 << 30
    /// What one key may leave that this person has never written to.
    public var unaskedBytesPerKey = 1 << 20
    /// What all of these may leave together.
    public var unaskedBytes = 32 << 20

    /// What may be asked for as ``bytes``: more than an archive without entries takes.
    public static let bytesRange = 8 << 20...1 << 40

    public init() {}

    /// Nil: longer than there are times.
    package var ageMilliseconds: UInt64? {
        let (age, isTooLong) = UInt64(clamping: days).multipliedReportingOverflow(by: AgeClock.dayMilliseconds)
        return isTooLong || age > Limits.wallTime ? nil : age
    }
}
