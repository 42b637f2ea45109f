import Wire

/// What this implementation chose, with the reason and the worst case. What the protocol fixes stands in
/// `Wire/Limits.swift`; what only one module needs is in an extension there.
public enum Bounds {
    /// From the connection to the first frame: a peer that says nothing or trickles bytes is cut then.
    package static let handshakeTime = Duration.seconds(10)
    /// Lines of one author that a person is shown at once, and a second from then on: those of a member that a relay
    /// takes, unless it is configured otherwise.
    package static let messageBurst = 100
    package static let messageRate = 20.0
    /// Changes of one peer's name and away text that are told at once, and a second from then on.
    package static let changeBurst = 10.0
    package static let changeRate = 1.0
    /// How often old entries are let go of, and how soon again if there may be more.
    package static let retentionInterval = Duration.seconds(600)
    /// After so many bytes it is looked at how much is kept in all. Fewer than what is dropped in one step of entries
    /// of any size.
    package static let keptCheckBytes = 256 << 10
    /// Entries that are dropped at most in one step to make room for others.
    package static let droppedCount = 1_000
    /// How wrong the clock of a machine may be that looks at a certificate: a member allows for it, and a certificate for a
    /// relay, which does not, begins so much earlier.
    public static let certificateToleranceMilliseconds: UInt64 = 3_600_000
}
