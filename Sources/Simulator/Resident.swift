public import Chat

/// Who lives at a host in a trial: a peer as it ships.
public struct Resident: Core {
    /// The honest peer, if it is one.
    public private(set) var peer: Peer?

    init(_ peer: Peer) { self.peer = peer }

    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        peer?.handle(input, at: now, wall: wall)
    }

    public mutating func nextOutput() -> Output? { peer?.nextOutput() }

    public var nextDeadline: Deadline? { peer?.nextDeadline }
}
