import CoreModel
import Wire

/// What one member sends through tunnels faster than it is passed on: a line for each member that it is for, oldest first.
/// The lines take turns, so a member that reads nothing holds up no other. Each frame is looked at once when it comes and
/// once when it goes, however much waits.
struct TunnelQueue {
    struct Item {
        let tunnel: RelayTunnel
        /// Nil: the tunnel is closed.
        let bytes: [UInt8]?

        /// What it counts for: a frame costs something even if it carries a single byte.
        var cost: Int { (bytes?.count ?? 0) + TunnelQueue.frameCost }
    }

    /// What waits for one member.
    private struct Line {
        private var items: [Item] = []
        /// Index of the oldest that waits.
        private var first = 0
        /// What its items count for.
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
            // When they are the greater part, so that each item is moved at most once more.
            guard first > items.count / 2 else { return }
            items.removeFirst(first)
            first = 0
        }
    }

    /// What a frame counts for besides its bytes, in bytes.
    private static let frameCost = 64
    /// Of the longest frame.
    static let greatestCost = Limits.tunnelBytes + frameCost
    /// Members that something may wait for, so that a turn of all lines is short.
    private static let lineCount = 256

    private var bucket: TokenBucket
    private var lines: [PeerID: Line] = [:]
    /// The members that have a line, the one whose turn is next first.
    private var order: [PeerID] = []
    /// What all items count for.
    private(set) var bytes = 0
    /// Something waits for the rate: what comes now must not overtake it.
    private var isOverRate = false

    init(bucket: TokenBucket) { self.bucket = bucket }

    var isEmpty: Bool { order.isEmpty }

    /// - Parameter room: Bytes that the receiver has room for; a frame may go beyond it.
    /// - Returns: Whether a frame that has just come may be passed on now; else it is to be queued.
    mutating func mayPass(_ item: Item, room: Int, at now: Instant) -> Bool {
        guard !isOverRate, room > 0, lines[item.tunnel.peer] == nil else { return false }
        isOverRate = !bucket.take(item.cost, at: now)
        return !isOverRate
    }

    /// - Parameter most: What all that waits may count for.
    func hasRoom(for item: Item, most: Int) -> Bool {
        bytes + item.cost <= most && (order.count < Self.lineCount || lines[item.tunnel.peer] != nil)
    }

    mutating func append(_ item: Item) {
        if lines[item.tunnel.peer] == nil { order.append(item.tunnel.peer) }
        lines[item.tunnel.peer, default: Line()].append(item)
        bytes += item.cost
    }

    /// Takes out what may go now, a frame of each line in turn. What is for a member without room stays.
    /// - Parameter room: Bytes that a member has room for.
    mutating func take(at now: Instant, room: (PeerID) -> Int) -> [Item] {
        var taken: [Item] = []
        var rooms = order.map { (peer: $0, bytes: room($0)) }
        var waiting: [PeerID] = []
        isOverRate = false
        while !isOverRate, !rooms.isEmpty {
            var served: [(peer: PeerID, bytes: Int)] = []
            for (place, (peer, bytes)) in rooms.enumerated() {
                guard let item = lines[peer]?.next, bytes > 0 else {
                    waiting.append(peer)
                    continue
                }
                guard bucket.take(item.cost, at: now) else {
                    // Its turn comes first the next time, or long frames would never have one.
                    isOverRate = true
                    served = rooms[place...] + served
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

    /// Drops what waits for the member that most waits for.
    /// - Returns: The tunnels that now have a hole, each once; none if nothing waits.
    mutating func dropLongestLine() -> [RelayTunnel] {
        guard let longest = order.max(by: { (lines[$0]?.bytes ?? 0) < (lines[$1]?.bytes ?? 0) }),
            let line = lines.removeValue(forKey: longest)
        else { return [] }
        order.removeAll { $0 == longest }
        bytes -= line.bytes
        var seen: Set<RelayTunnel> = []
        return line.tunnels.filter { seen.insert($0).inserted }
    }
}
