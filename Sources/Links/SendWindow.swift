package import CoreModel
import Wire

/// How much of what one link sends is below the core: handed to the host, and not known to be with the system.
///
/// A core that hands down everything at once cannot say any more what is to go first, and sees nothing of a reader that
/// is slow. So it hands down ``Bounds/outstandingBytes`` at most, and asks the host to be told when they are gone
/// (`Output.awaitDrained`, `Input.linkDrained`). It asks when half of them are used, so that a reader that keeps up never
/// makes it wait.
package struct SendWindow {
    /// How many times what may wait for a link may be queued for a reader that keeps up.
    package static let burst = 4

    private var outstandingBytes = 0
    /// When the host was asked; nil: it was not.
    private var askedAt: Instant?
    /// The host was asked to cut the link, because the other side does not read.
    package private(set) var isCut = false

    package init() {}

    /// Bytes that may be handed down now.
    package var room: Int { max(0, Bounds.outstandingBytes - outstandingBytes) }

    package mutating func sent(bytes count: Int) { outstandingBytes += count }

    /// - Parameter hasMore: Something is left that did not fit.
    /// - Returns: Whether the host is to be asked now, which is remembered.
    package mutating func asksForDrain(hasMore: Bool, at now: Instant) -> Bool {
        guard askedAt == nil, hasMore || outstandingBytes >= Bounds.outstandingBytes / 2 else { return false }
        askedAt = now
        return true
    }

    /// The system has taken everything.
    package mutating func drained() {
        outstandingBytes = 0
        askedAt = nil
    }

    /// Whether the link is to be cut, because more waits for it than may, and what it was sent in an earlier round is
    /// still not gone. A reader that keeps up may be sent more in one round. It may not fall behind by any amount: some
    /// answers are far longer than their questions, so a peer that reads them all the same could ask for more and more.
    /// - Returns: True once.
    package mutating func isToBeCut(holding queuedBytes: Int, most: Int, at now: Instant) -> Bool {
        guard queuedBytes > most, !isCut else { return false }
        let isBehind = askedAt.map { $0 < now } ?? false
        guard isBehind || queuedBytes > Self.burst * most else { return false }
        isCut = true
        return true
    }
}
