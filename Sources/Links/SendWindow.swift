package import CoreModel
import Wire

/// The flow control between the core and the host: how many bytes of one link are with the host and not known to be
/// with the system.
///
/// A core that hands over everything immediately could not prioritise frames any more, and would not notice a slow
/// reader. So it hands over at most ``Bounds/outstandingBytes``, and asks the host to report when they have drained
/// (`Output.awaitDrained`, `Input.linkDrained`). It asks when half of the window is used, so that a reader that keeps
/// up never makes it wait.
package struct SendWindow {
    /// The factor by which a queue may exceed its limit for a reader that keeps up.
    package static let burst = 4

    private var outstandingBytes = 0
    /// The time of the open request to the host; nil: there is none.
    private var askedAt: Instant?
    /// Whether the host was asked to cut the link because the other side does not read.
    package private(set) var isClosing = false

    package init() {}

    /// The number of bytes that may be handed over now.
    package var room: Int { max(0, Bounds.outstandingBytes - outstandingBytes) }

    /// Records bytes that were handed over.
    package mutating func sent(bytes count: Int) { outstandingBytes += count }

    /// Returns whether to ask the host now for a report, and records the request.
    /// - Parameter hasMore: Whether frames are left that did not fit.
    package mutating func requestsDrainReport(hasMore: Bool, at now: Instant) -> Bool {
        guard askedAt == nil, hasMore || outstandingBytes >= Bounds.outstandingBytes / 2 else { return false }
        askedAt = now
        return true
    }

    /// Records that the system has accepted everything.
    package mutating func drained() {
        outstandingBytes = 0
        askedAt = nil
    }

    /// Returns whether to cut the link, because its queue is above the limit and bytes of an earlier round have not
    /// drained. A reader that keeps up may be sent more in one round, but not without limit: some answers are far
    /// longer than their requests, so a peer that keeps reading could request more and more.
    /// - Returns: True only once.
    package mutating func shouldClose(holding queuedBytes: Int, most: Int, at now: Instant) -> Bool {
        guard queuedBytes > most, !isClosing else { return false }
        let isBehind = askedAt.map { $0 < now } ?? false
        guard isBehind || queuedBytes > Self.burst * most else { return false }
        isClosing = true
        return true
    }
}
