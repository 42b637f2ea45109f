import CoreModel
import Wire

/// Limits the lines about what others do wrong: everybody on the network can cause one, as often as they like.
struct WarningRate {
    private var bucket = TokenBucket(capacity: Bounds.warningBurst, perSecond: Bounds.warningRate)
    private var omitted = 0

    /// - Returns: what is to be said now, with how much was not said before; nil if it is too much.
    mutating func limited(_ text: String, at now: Instant) -> String? {
        guard bucket.take(at: now) else {
            omitted += 1
            return nil
        }
        defer { omitted = 0 }
        return omitted == 0 ? text : "\(text) (\(omitted) other warnings before it were left out)"
    }
}

extension Peer {
    /// Tells people in words what others do wrong. Details, and warnings beyond the rate, are shown with `--verbose` only.
    mutating func warn(_ text: String, detail: String? = nil) {
        if let limited = links.warnings.limited(text, at: now) {
            note(.warning, limited)
        } else {
            note(.debug, text)
        }
        if let detail { note(.debug, detail) }
    }
}
