package import CoreModel

/// The times of the last input and output of a link, and the action that verifies that it is up (Protocol.md, Liveness;
/// Timers).
package struct Liveness {
    package private(set) var lastHeard: Instant
    private(set) var lastSaid: Instant
    /// Whether a ping was sent and nothing has been received since.
    private(set) var isPinged = false
    /// An earlier deadline than the default for the next input (interfaces changed); cleared by any input.
    private var mustReceiveBy: Instant?

    package init(from start: Instant) {
        lastHeard = start
        lastSaid = start
    }

    /// Records that bytes were received.
    package mutating func heard(at now: Instant) {
        lastHeard = now
        isPinged = false
        mustReceiveBy = nil
    }

    /// Records that bytes were sent.
    package mutating func said(at now: Instant) { lastSaid = now }

    /// Records that a ping was sent.
    package mutating func pinged() { isPinged = true }

    /// Records a ping that has to be answered sooner than the default.
    package mutating func pinged(mustReceiveBy end: Instant) {
        isPinged = true
        mustReceiveBy = end
    }

    /// Returns the action that the link needs now.
    /// - Parameters:
    ///   - ping: The silence after which the other side is pinged.
    ///   - death: The silence after which the link is closed.
    ///   - isToBeHeard: The other side sends no pings and closes links that are silent, even if it is sending all the
    ///     time itself. A side that only listens must then ping, too.
    package func nextAction(at now: Instant, ping: Duration, death: Duration, isToBeHeard: Bool = false)
        -> LivenessAction
    {
        let death = min(lastHeard + death, mustReceiveBy ?? Instant(nanoseconds: .max))
        if now >= death { return .giveUp("silent for too long") }
        let next = (isToBeHeard && !isPinged ? min(lastHeard, lastSaid) : isPinged ? lastSaid : lastHeard) + ping
        guard isPinged else { return now >= next ? .ping : .fine(until: min(next, death)) }
        // If the ping is answered by then, we may have sent nothing since.
        return .fine(until: isToBeHeard && now < next ? min(next, death) : death)
    }
}

/// The action that a link needs, and the time of the next check.
package enum LivenessAction: Equatable {
    case fine(until: Instant)
    case ping
    /// Close the link; the text is for the diagnostic log.
    case giveUp(StaticReason)
}
