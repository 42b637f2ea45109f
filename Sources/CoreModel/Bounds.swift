import Wire

/// The limits that this implementation chose, with the reason and the worst case. Values that the protocol fixes are in
/// `Wire/Limits.swift`; values that only one module needs are in an extension there.
public enum Bounds {
    /// The time from the connection to the first frame. A peer that is silent or trickles bytes is then disconnected.
    package static let handshakeTime = Duration.seconds(10)
    /// The maximum burst of lines of one author that are shown to a person, and the rate a second after it. By default
    /// a relay accepts as much from a member.
    package static let messageBurst = 100
    package static let messageRate = 20.0
    /// The maximum burst of changes of one peer's name and away text that are reported, and the rate a second after it.
    package static let changeBurst = 10.0
    package static let changeRate = 1.0
    /// The interval at which expired entries are pruned. If one pass leaves some, the next one prunes them.
    package static let retentionInterval = Duration.seconds(600)
    /// The number of added bytes after which the total size of the archive is checked: less than one pruning step
    /// drops, whatever the size of the entries.
    package static let keptCheckBytes = 256 << 10
    /// The maximum number of entries that one step drops to make room for others.
    package static let droppedCount = 1_000
    /// The maximum error of the clock of a machine that checks a certificate. A member allows for it. A relay does not,
    /// so a certificate made for a relay becomes valid that much earlier.
    public static let certificateToleranceMilliseconds: UInt64 = 3_600_000
}
