import CoreModel
import Wire

extension Bounds {
    /// The maximum number of entries of one link that are requested and not received. Far fewer than the protocol
    /// allows, for the sake of programs that answer all of them immediately.
    static let requestedEntryCount = 192
    /// The maximum size of their answers in bytes, as far as it is known. It keeps 100 Mbit/s busy over 20 ms, and is a
    /// quarter of what early relays queued for one link.
    static let requestedBytes = 256 * 1024
    /// The time without a requested entry after which others are requested.
    package static let requestTimeout = Duration.seconds(2)
    /// The maximum number of open requests including abandoned ones: half of what the protocol allows, because requests
    /// that were forgotten may be open, too.
    static let openRequestCount = Limits.wantedEntryCount / 2
    /// The maximum number of entries that a peer offered and that are yet to be requested: 16,384 × 32 bytes = 512
    /// KiB a link.
    package static let plannedEntryCount = 16_384
}
