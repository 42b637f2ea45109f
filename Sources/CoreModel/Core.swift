/// A core as its host sees it: a state machine that receives inputs and yields outputs. It makes no system call, reads
/// no clock and has no randomness but its seed, so the same inputs give the same outputs.
///
/// In each round a host calls `handle` for each input of a bounded batch, then `Archive.commit()`, then takes outputs
/// until there are none. It then sleeps until something happens or ``nextDeadline`` is reached.
public protocol Core {
    /// Handles one input.
    /// - Parameters:
    ///   - now: Never goes back; the same for all inputs of a round.
    ///   - wall: May jump. For display and for comparison in claims, never for waiting.
    mutating func handle(_ input: Input, at now: Instant, wall: WallTime)
    /// Returns the next output, in order; nil when there are no more. Frames that were queued for a link are sealed
    /// here, so that all frames of a round leave in one record.
    mutating func nextOutput() -> Output?
    /// The time at which the core expects `deadlineReached`, unless another input arrives before it.
    var nextDeadline: Deadline? { get }
}
