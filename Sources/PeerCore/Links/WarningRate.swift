import CoreModel
import Wire

/// A rate limit for warnings about other peers: anyone on the network can cause them, at any rate.
struct WarningRate {
    private var bucket = TokenBucket(capacity: Bounds.warningBurst, perSecond: Bounds.warningRate)
    private var omitted = 0

    /// Returns the warning, with the number of those omitted before it; nil beyond the rate.
    mutating func limited(_ text: String, at now: Instant) -> String? {
        guard bucket.take(at: now) else {
            omitted += 1
            return nil
        }
        defer { omitted = 0 }
        return omitted == 0 ? text : "\(text) (\(omitted) earlier warnings omitted)"
    }
}

extension Peer {
    /// Warns the user of a fault of another peer. Details, and warnings beyond the rate, are shown with `--verbose`
    /// only.
    mutating func warn(_ text: String, detail: String? = nil) {
        if let limited = links.warnings.limited(text, at: now) {
            note(.warning, limited)
        } else {
            note(.debug, text)
        }
        if let detail { note(.debug, detail) }
    }
}
