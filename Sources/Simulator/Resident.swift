public import Chat

/// Who lives at a host in a trial: a peer as it ships, or a liar.
public struct Resident: Core {
    /// The honest peer, if it is one.
    public private(set) var peer: Peer?
    private var liar: Liar?

    init(_ peer: Peer) { self.peer = peer }

    init(_ liar: Liar) { self.liar = liar }

    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        peer?.handle(input, at: now, wall: wall)
        liar?.handle(input, at: now, wall: wall)
    }

    public mutating func nextOutput() -> Output? { peer?.nextOutput() ?? liar?.nextOutput() }

    public var nextDeadline: Deadline? { peer?.nextDeadline ?? liar?.nextDeadline }
}
