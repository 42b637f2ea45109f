package import CoreModel

/// When a link was last used, and what has to be done to know that it still stands (Protocol.md, Liveness; Timers).
package struct Liveness {
    package private(set) var lastHeard: Instant
    private(set) var lastSaid: Instant
    /// A ping is out and nothing has come since.
    private(set) var isPinged = false
    /// An earlier end of patience than usual (interfaces changed), until something comes.
    private var mustHearBy: Instant?

    package init(from start: Instant) {
        lastHeard = start
        lastSaid = start
    }

    package mutating func heard(at now: Instant) {
        lastHeard = now
        isPinged = false
        mustHearBy = nil
    }

    package mutating func said(at now: Instant) { lastSaid = now }

    package mutating func pinged() { isPinged = true }

    /// A ping leaves, and is to be answered sooner than usual.
    package mutating func pinged(mustHearBy end: Instant) {
        isPinged = true
        mustHearBy = end
    }

    /// - Parameters:
    ///   - ping: how long the other side may be silent before it is asked for a sign of life.
    ///   - death: how long it may be silent at all.
    ///   - isToBeHeard: the other side asks for no sign of life, and gives up who is silent, though it may be sending
    ///     all the time: who only listens has to ping, too.
    package func care(at now: Instant, ping: Duration, death: Duration, isToBeHeard: Bool = false) -> LivenessAction {
        let death = min(lastHeard + death, mustHearBy ?? Instant(nanoseconds: .max))
        if now >= death { return .giveUp("silent for too long") }
        let next = (isToBeHeard && !isPinged ? min(lastHeard, lastSaid) : isPinged ? lastSaid : lastHeard) + ping
        guard isPinged else { return now >= next ? .ping : .fine(until: min(next, death)) }
        // When it is answered by then, we may have said nothing since.
        return .fine(until: isToBeHeard && now < next ? min(next, death) : death)
    }
}

/// What a link needs looked at, and when next.
package enum LivenessAction: Equatable {
    case fine(until: Instant)
    case ping
    /// Give the link up; the text is for the diagnostic log.
    case giveUp(StaticReason)
}
