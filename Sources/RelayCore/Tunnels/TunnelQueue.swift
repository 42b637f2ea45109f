import CoreModel
import Wire

/// The tunnel frames that one member sends faster than they may be passed on: a queue for each receiver, oldest first.
/// The queues take turns, so a receiver that reads nothing holds up no other. Each frame is examined once when it
/// arrives and once when it leaves, however many wait.
struct TunnelQueue {
    /// A frame of a tunnel, or its end.
    struct Item {
        let tunnel: RelayTunnel
        /// Nil: the tunnel is closed.
        let bytes: [UInt8]?

        /// Its size for all limits: a frame costs something even if it carries a single byte.
        var cost: Int { (bytes?.count ?? 0) + TunnelQueue.frameCost }
    }

    /// The frames that wait for one receiver.
    private struct ReceiverQueue {
        private var items: [Item] = []
        /// The index of the oldest frame that waits.
        private var first = 0
        /// The total cost of its frames.
        private(set) var bytes = 0

        var isEmpty: Bool { first == items.count }
        var next: Item { items[first] }
        var tunnels: [RelayTunnel] { items[first...].map(\.tunnel) }

        mutating func append(_ item: Item) {
            items.append(item)
            bytes += item.cost
        }

        mutating func removeNext() {
            bytes -= items[first].cost
            items[first] = Item(tunnel: items[first].tunnel, bytes: nil)
            first += 1
            // Only when these are the greater part, so that each item is moved at most once more.
            guard first > items.count / 2 else { return }
            items.removeFirst(first)
            first = 0
        }
    }

    /// The cost of a frame besides its bytes, in bytes.
    private static let frameCost = 64
    /// The cost of the longest frame.
    static let greatestCost = Limits.tunnelBytes + frameCost
    /// The maximum number of receivers with waiting frames, so that a round over all queues is short.
    private static let lineCount = 256

    private var bucket: TokenBucket
    private var lines: [PeerID: ReceiverQueue] = [:]
    /// The receivers that have a queue, the one whose turn is next first.
    private var order: [PeerID] = []
    /// The total cost of all frames.
    private(set) var bytes = 0
    /// Whether a frame waits for the rate: later frames must not overtake it.
    private var isOverRate = false

    init(bucket: TokenBucket) { self.bucket = bucket }

    var isEmpty: Bool { order.isEmpty }

    /// Returns whether a frame that has just arrived may be passed on now; otherwise it is to be queued.
    /// - Parameter room: The bytes that the receiver has room for; one frame may exceed it.
    mutating func mayPass(_ item: Item, room: Int, at now: Instant) -> Bool {
        guard !isOverRate, room > 0, lines[item.tunnel.peer] == nil else { return false }
        isOverRate = !bucket.take(item.cost, at: now)
        return !isOverRate
    }

    /// Returns whether a frame can be queued.
    /// - Parameter most: The maximum total cost of all waiting frames.
    func hasRoom(for item: Item, most: Int) -> Bool {
        bytes + item.cost <= most && (order.count < Self.lineCount || lines[item.tunnel.peer] != nil)
    }

    mutating func append(_ item: Item) {
        if lines[item.tunnel.peer] == nil { order.append(item.tunnel.peer) }
        lines[item.tunnel.peer, default: ReceiverQueue()].append(item)
        bytes += item.cost
    }

    /// Removes and returns the frames that may be passed on now, one of each queue in turn. Frames for a receiver
    /// without room stay.
    /// - Parameter room: The bytes that a receiver has room for.
    mutating func take(at now: Instant, room: (PeerID) -> Int) -> [Item] {
        var taken: [Item] = []
        var rooms = order.map { (peer: $0, bytes: room($0)) }
        var waiting: [PeerID] = []
        isOverRate = false
        while !isOverRate, !rooms.isEmpty {
            var served: [(peer: PeerID, bytes: Int)] = []
            for (index, (peer, bytes)) in rooms.enumerated() {
                guard let item = lines[peer]?.next, bytes > 0 else {
                    waiting.append(peer)
                    continue
                }
                guard bucket.take(item.cost, at: now) else {
                    // Its turn comes first the next time; otherwise long frames would never get through.
                    isOverRate = true
                    served = rooms[index...] + served
                    break
                }
                taken.append(item)
                remove(itemFor: peer)
                if lines[peer] != nil { served.append((peer, bytes - item.cost)) }
            }
            rooms = served
        }
        order = rooms.map(\.peer) + waiting
        return taken
    }

    private mutating func remove(itemFor peer: PeerID) {
        guard let cost = lines[peer]?.next.cost else { return }
        bytes -= cost
        lines[peer]?.removeNext()
        if lines[peer]?.isEmpty == true { lines[peer] = nil }
    }

    /// Drops the longest queue.
    /// - Returns: The tunnels that now have a gap, each once; none if nothing waits.
    mutating func dropLongestQueue() -> [RelayTunnel] {
        guard let longest = order.max(by: { (lines[$0]?.bytes ?? 0) < (lines[$1]?.bytes ?? 0) }),
            let line = lines.removeValue(forKey: longest)
        else { return [] }
        order.removeAll { $0 == longest }
        bytes -= line.bytes
        var seen: Set<RelayTunnel> = []
        return line.tunnels.filter { seen.insert($0).inserted }
    }
}
