import CoreModel
import Wire

extension Bounds {
    /// Entries asked for and not yet received, of one link: far fewer than may be, for programs that answer all at once.
    static let requestedEntryCount = 192
    /// Bytes of their answers, as far as they are known: a quarter of what relays of before this bound queued for one
    /// link, and what keeps 100 Mbit/s busy over 20 ms.
    static let requestedBytes = 256 * 1024
    /// After this long without one of them, others are asked for.
    package static let requestTime = Duration.seconds(2)
    /// The same, with those that were given up: half of what may be open, because what was forgotten may be open too.
    static let openRequestCount = Limits.wantedEntryCount / 2
    /// Entries that a peer said it has and that we have still to ask it for: 16,384 × 32 bytes = 512 KiB a link.
    package static let plannedEntryCount = 16_384
}
