import Wire

/// The limits on what is kept: of each room, of peers that this person has never written to, and in total.
public struct Retention: Equatable, Sendable {
    /// The maximum number of entries of one room, at least 1.
    public var entryCount = 10_000
    /// The maximum age of an entry, in days as ``AgeClock`` counts them. Older entries are pruned.
    public var days = 90
    /// The maximum size of the archive: all rooms and all other data. The oldest entries are pruned first.
    public var bytes = 1 << 30
    /// The maximum size of the messages of one key that this person has never written to.
    public var unsolicitedBytesPerKey = 1 << 20
    /// The maximum size of the messages of all such keys together.
    public var unsolicitedBytes = 32 << 20

    /// The valid values of ``bytes``. The lowest is more than an archive without entries takes.
    public static let bytesRange = 8 << 20...1 << 40

    public init() {}

    /// The maximum age in milliseconds; nil if it exceeds every wall time.
    package var ageMilliseconds: UInt64? {
        let (age, isTooLong) = UInt64(clamping: days).multipliedReportingOverflow(by: AgeClock.dayMilliseconds)
        return isTooLong || age > Limits.wallTime ? nil : age
    }
}
