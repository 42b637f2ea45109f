/// A core as its host sees it: a value that is told what has happened and asked what is to be done. It makes no
/// system call, reads no clock and has no randomness but its seed, so the same inputs give the same outputs.
///
/// A host's round: `handle` each input of a bounded batch, `Archive.commit()`, take outputs until there is none, then
/// sleep until something happens or ``nextDeadline`` has come.
public protocol Core {
    /// - Parameters:
    ///   - now: Never goes back; the same for all inputs of a round.
    ///   - wall: May jump; to be shown and compared in claims, never to wait by.
    mutating func handle(_ input: Input, at now: Instant, wall: WallTime)
    /// What is to be done next, in order; nil when there is no more. What was queued for a link is sealed here, so
    /// that all of a round goes out as one record.
    mutating func nextOutput() -> Output?
    /// When the core wants to be told `deadlineReached`, if nothing else happens before.
    var nextDeadline: Deadline? { get }
}
