import Wire

/// What one member sends through tunnels faster than is passed on, oldest first.
struct TunnelQueue {
    struct Item {
        let tunnel: RelayTunnel
        /// Nil: the tunnel is closed.
        let bytes: [UInt8]?

        /// What it counts for: a frame costs something even if it bears a byte.
        var cost: Int { (bytes?.count ?? 0) + TunnelQueue.frameCost }
    }

    /// What a frame counts for besides its bytes, in bytes.
    private static let frameCost = 64
    /// Of the longest frame.
    static let greatestCost = Limits.tunnelBytes + frameCost

    private var bucket: TokenBucket
    private var items: [Item] = []
    private(set) var bytes = 0

    init(bucket: TokenBucket) { self.bucket = bucket }

    var isEmpty: Bool { items.isEmpty }

    mutating func append(_ item: Item) {
        items.append(item)
        bytes += item.cost
    }

    /// Takes out what may go now, in order; what is for a member that has no room is left, and what is for others goes on.
    mutating func take(at now: Instant, hasRoom: (PeerID) -> Bool) -> [Item] {
        guard !items.isEmpty else { return [] }
        var taken: [Item] = []
        var left: [Item] = []
        var full: Set<PeerID> = []
        var isOut = false
        for item in items {
            let peer = item.tunnel.peer
            if !isOut, !full.contains(peer), hasRoom(peer) {
                if bucket.take(item.cost, at: now) {
                    taken.append(item)
                    bytes -= item.cost
                    continue
                }
                isOut = true
            }
            full.insert(peer)
            left.append(item)
        }
        items = left
        return taken
    }

    /// A tunnel is closed: what waits of it is of no use.
    mutating func drop(_ tunnel: RelayTunnel) {
        items.removeAll { $0.tunnel == tunnel }
        bytes = items.reduce(0) { $0 + $1.cost }
    }
}
