package import CoreModel
package import Secure
package import Wire

/// The link-state advertisements (LSAs) of a big LAN, and the peers present by them: a peer is present if it has a link
/// with us, or with a present peer as both ends advertise. So the word of others alone makes no peer present, and a
/// peer that loses its links is no longer present.
package struct LinkStateDatabase {
    /// A change of presence, in the order in which the changes occurred.
    package enum Change: Equatable {
        /// The peer is now present.
        case appeared(PeerID)
        /// The present peer has a new advertisement.
        case stated(PeerID)
        /// The peer is no longer present; `left`: it said goodbye.
        case vanished(PeerID, left: Bool)
    }

    /// What became of a received advertisement.
    package enum Acceptance: Equatable {
        case taken
        /// Not newer than the known one.
        case known
        /// There is no room, or the peer exceeds its rate.
        case refused
    }

    /// An advertisement, and the way by which its peer was reached.
    private struct Node {
        var advertisement: SignedAdvertisement
        /// The indices of the nodes with which both sides advertise a link.
        var neighbours: [Int] = []
        /// The index of the node through which it was reached, or ``direct``; nil: not present.
        var reachedFrom: Int?
        var isGone: Bool { advertisement.isGoodbye }
        /// The links that count; none after a goodbye.
        var links: [ProcessTag] { isGone ? [] : advertisement.links }
        /// When it was last present.
        var lostAt: Instant
        /// The sequence number that was last advertised to others.
        var advertisedSequence: UInt64?
        var tokens = TokenBucket(capacity: LinkStateDatabase.burst, perSecond: LinkStateDatabase.perSecond)
    }

    /// The maximum number of advertisements: 5,000 × about 1,200 bytes = 6 MB.
    package static let capacity = 5_000
    /// How long the advertisement of an absent peer is kept.
    package static let lifetime = Duration.seconds(120)
    /// The maximum number of advertisements of one peer in a burst: honest peers send a few a second, for a few
    /// seconds.
    package static let burst = 20.0
    /// The number of advertisements of one peer a second, after the burst.
    package static let perSecond = 2.0
    /// Reached by a link of ours.
    private static let direct = -1
    /// The node through which it was reached is lost; another way may exist.
    private static let orphaned = -2

    private var nodes: [Node?] = []
    private var freeIndices: [Int] = []
    private var indexByPeer: [PeerID: Int] = [:]
    private var indexByProcess: [ProcessTag: Int] = [:]
    /// The processes that we have links with, ascending.
    package private(set) var linked: [ProcessTag] = []
    /// The sums of the present peers, linked or not, by the first bits of the process: our digest.
    package private(set) var sums = [UInt64](repeating: 0, count: Limits.digestSumCount)
    /// The number of present peers.
    private(set) var reachedCount = 0
    /// The indices of nodes that were reached through a lost one.
    private var orphans: [Int] = []
    /// The indices of nodes that may have become reachable.
    private var candidates: [Int] = []
    /// The changes since the last ``takeChanges()``.
    package private(set) var changes: [Change] = []
    /// The indices of nodes whose advertisements are to be offered to others.
    private var unadvertised: [Int] = []
    private var lastSweep: Instant?

    /// The number of advertisements.
    package var count: Int { indexByPeer.count }

    // Queries.

    package func advertisement(of peer: PeerID) -> SignedAdvertisement? {
        indexByPeer[peer].flatMap { nodes[$0]?.advertisement }
    }

    package func advertisement(of process: ProcessTag) -> SignedAdvertisement? {
        indexByProcess[process].flatMap { nodes[$0]?.advertisement }
    }

    /// Returns whether a peer is present by the advertisements, including its own link with us if it advertises
    /// anything.
    package func reaches(_ peer: PeerID) -> Bool {
        guard let index = indexByPeer[peer], nodes[index] != nil else { return false }
        return nodes[index]!.reachedFrom != nil
    }

    /// Returns the number of links of a peer that both ends advertise.
    package func degree(of peer: PeerID) -> Int { indexByPeer[peer].flatMap { nodes[$0]?.neighbours.count } ?? 0 }

    /// Returns whether an offered advertisement is newer than the known one.
    package func lacks(_ key: AdvertisementKey) -> Bool {
        guard let index = indexByProcess[key.process], nodes[index] != nil else { return true }
        return key.sequence > nodes[index]!.advertisement.sequence
    }

    // Events.

    /// Records that a link with a process is up.
    package mutating func linkUp(_ process: ProcessTag) {
        guard linked.insert(sorted: process) else { return }
        if let node = indexByProcess[process] { candidates.append(node) }
    }

    /// Records that the last link with a process is down.
    package mutating func linkDown(_ process: ProcessTag) {
        guard linked.remove(sorted: process) else { return }
        if let index = indexByProcess[process], nodes[index]?.reachedFrom == Self.direct { orphan(index) }
    }

    /// Accepts a verified advertisement. Call ``settle(at:)`` after the last one of a batch.
    package mutating func accept(_ signed: SignedAdvertisement, at now: Instant) -> Acceptance {
        if let index = indexByPeer[signed.peer], nodes[index] != nil {
            let isNewer = signed.sequence > nodes[index]!.advertisement.sequence
            if nodes[index]!.advertisement.process != signed.process {
                // Another process. If its clock was set back, its numbers are lower; the old one must then be absent.
                guard isNewer || nodes[index]!.reachedFrom == nil else { return .known }
                forget(index)
            } else {
                guard isNewer else { return .known }
                guard nodes[index]!.tokens.take(at: now) else { return .refused }
                replace(index, with: signed, at: now)
                return .taken
            }
        }
        // A goodbye of an unknown peer is ignored.
        guard !signed.isGoodbye else { return .known }
        guard indexByProcess[signed.process] == nil else { return .refused }
        guard count < Self.capacity || evict() else { return .refused }
        insert(signed, at: now)
        return .taken
    }

    private mutating func insert(_ signed: SignedAdvertisement, at now: Instant) {
        let index: Int
        if let free = freeIndices.popLast() {
            index = free
            nodes[index] = Node(advertisement: signed, lostAt: now)
        } else {
            index = nodes.count
            nodes.append(Node(advertisement: signed, lostAt: now))
        }
        indexByPeer[signed.peer] = index
        indexByProcess[signed.process] = index
        for link in nodes[index]!.links { connect(index, link) }
        if isLinked(signed.process) { candidates.append(index) }
    }

    private mutating func replace(_ index: Int, with signed: SignedAdvertisement, at now: Instant) {
        let wasHere = nodes[index]!.reachedFrom != nil
        if wasHere { count(index, isHere: false) }
        let former = nodes[index]!.links
        nodes[index]!.advertisement = signed
        let links = nodes[index]!.links
        for neighbour in nodes[index]!.neighbours where !links.contains(sorted: nodes[neighbour]!.advertisement.process)
        {
            disconnect(index, neighbour)
        }
        for link in links where !former.contains(sorted: link) { connect(index, link) }
        if !wasHere { return }
        if nodes[index]!.isGone {
            // Its own link with us, if any, is handled separately.
            nodes[index]!.reachedFrom = nil
            nodes[index]!.lostAt = now
            reachedCount -= 1
            changes.append(.vanished(signed.peer, left: true))
        } else {
            count(index, isHere: true)
            changes.append(.stated(signed.peer))
            unadvertised.append(index)
        }
    }

    /// Adds a link if both ends advertise it.
    private mutating func connect(_ index: Int, _ process: ProcessTag) {
        guard let other = indexByProcess[process], other != index,
            nodes[other]!.links.contains(sorted: nodes[index]!.advertisement.process),
            !nodes[index]!.neighbours.contains(other)
        else { return }
        nodes[index]!.neighbours.append(other)
        nodes[other]!.neighbours.append(index)
        candidates.append(index)
        candidates.append(other)
    }

    private mutating func disconnect(_ index: Int, _ other: Int) {
        nodes[index]!.neighbours.removeAll { $0 == other }
        nodes[other]!.neighbours.removeAll { $0 == index }
        if nodes[index]!.reachedFrom == other { orphan(index) }
        if nodes[other]!.reachedFrom == index { orphan(other) }
    }

    private mutating func orphan(_ index: Int) {
        nodes[index]!.reachedFrom = Self.orphaned
        orphans.append(index)
    }

    private mutating func forget(_ index: Int) {
        guard let node = nodes[index] else { return }
        for neighbour in node.neighbours { disconnect(index, neighbour) }
        if node.reachedFrom != nil {
            count(index, isHere: false)
            reachedCount -= 1
            changes.append(.vanished(node.advertisement.peer, left: false))
        }
        indexByPeer[node.advertisement.peer] = nil
        indexByProcess[node.advertisement.process] = nil
        candidates.removeAll { $0 == index }
        unadvertised.removeAll { $0 == index }
        nodes[index] = nil
        freeIndices.append(index)
    }

    /// Removes a process that said goodbye on its own link.
    package mutating func left(_ process: ProcessTag) {
        if let index = indexByProcess[process] { forget(index) }
    }

    // Presence.

    /// Updates the presence of all peers after changes.
    package mutating func settle(at now: Instant) {
        if !orphans.isEmpty, !adoptOrphans() {
            candidates.removeAll(keepingCapacity: true)
            recomputeReachability(at: now)
            return
        }
        var next = 0
        while next < candidates.count {
            let index = candidates[next]
            next += 1
            guard nodes[index] != nil, !nodes[index]!.isGone else { continue }
            if nodes[index]!.reachedFrom == nil {
                if isLinked(nodes[index]!.advertisement.process) {
                    reach(index, from: Self.direct)
                } else if let from = nodes[index]!.neighbours.first(where: { nodes[$0]!.reachedFrom != nil }) {
                    reach(index, from: from)
                } else {
                    continue
                }
            }
            // Each is appended once: when it is reached, which is here.
            for neighbour in nodes[index]!.neighbours where nodes[neighbour]!.reachedFrom == nil {
                reach(neighbour, from: index)
                candidates.append(neighbour)
            }
        }
        candidates.removeAll(keepingCapacity: candidates.capacity <= 256)
    }

    private func isLinked(_ process: ProcessTag) -> Bool {
        linked.contains(sorted: process)
    }

    /// Finds another way to each orphan: mostly a neighbour has one that does not lead through it.
    /// - Returns: Whether all have one; if not, presence has to be computed again from the start.
    private mutating func adoptOrphans() -> Bool {
        var left = orphans
        orphans.removeAll(keepingCapacity: true)
        var isProgress = true
        while isProgress, !left.isEmpty {
            let before = left.count
            left.removeAll { index in
                guard nodes[index] != nil, nodes[index]!.reachedFrom == Self.orphaned else { return true }
                if isLinked(nodes[index]!.advertisement.process) {
                    nodes[index]!.reachedFrom = Self.direct
                    return true
                }
                guard let other = nodes[index]!.neighbours.first(where: { leadsToUs($0) }) else { return false }
                nodes[index]!.reachedFrom = other
                return true
            }
            isProgress = left.count < before
        }
        return left.isEmpty
    }

    /// Returns whether the way by which a node was reached begins with a link of ours. Ways are never circular: no node
    /// is adopted by one whose way leads through an orphan.
    private func leadsToUs(_ index: Int) -> Bool {
        var index = index
        while let from = nodes[index]!.reachedFrom, from != Self.orphaned {
            if from == Self.direct { return true }
            index = from
        }
        return false
    }

    /// Computes presence from the start by a walk from our own links: about 30 µs for a thousand peers.
    private mutating func recomputeReachability(at now: Instant) {
        var from = [Int?](repeating: nil, count: nodes.count)
        var queue: [Int] = []
        for process in linked {
            guard let index = indexByProcess[process], nodes[index]?.isGone == false else { continue }
            from[index] = Self.direct
            queue.append(index)
        }
        var next = 0
        while next < queue.count {
            let index = queue[next]
            next += 1
            for neighbour in nodes[index]!.neighbours where from[neighbour] == nil {
                from[neighbour] = index
                queue.append(neighbour)
            }
        }
        for index in nodes.indices {
            guard nodes[index] != nil, nodes[index]!.reachedFrom != nil else { continue }
            if let present = from[index] {
                nodes[index]!.reachedFrom = present
            } else {
                count(index, isHere: false)
                reachedCount -= 1
                nodes[index]!.reachedFrom = nil
                nodes[index]!.lostAt = now
                nodes[index]!.advertisedSequence = nil
                changes.append(.vanished(nodes[index]!.advertisement.peer, left: false))
            }
        }
        for index in queue where nodes[index]!.reachedFrom == nil { reach(index, from: from[index]!) }
    }

    private mutating func reach(_ index: Int, from: Int?) {
        nodes[index]!.reachedFrom = from
        reachedCount += 1
        count(index, isHere: true)
        changes.append(.appeared(nodes[index]!.advertisement.peer))
        unadvertised.append(index)
    }

    private mutating func count(_ index: Int, isHere: Bool) {
        let key = nodes[index]!.advertisement.key
        if isHere { sums[key.sumIndex] &+= key.weight } else { sums[key.sumIndex] &-= key.weight }
    }

    /// Returns the changes since the last call.
    package mutating func takeChanges() -> [Change] {
        defer { changes.removeAll(keepingCapacity: true) }
        return changes
    }

    // Gossip.

    /// Whether there are advertisements to offer to others.
    package var hasChanges: Bool { !unadvertised.isEmpty }

    /// Returns the advertisements of present peers that have not been offered to others.
    package mutating func takeUnadvertised() -> [AdvertisementKey] {
        defer { unadvertised.removeAll(keepingCapacity: true) }
        return unadvertised.compactMap { index in
            guard let node = nodes[index], node.reachedFrom != nil,
                node.advertisedSequence != node.advertisement.sequence
            else { return nil }
            nodes[index]!.advertisedSequence = node.advertisement.sequence
            return node.advertisement.key
        }
    }

    /// Returns the advertisements of present peers in the parts where another peer's sums differ from ours.
    package func keys(differingFrom theirs: [UInt64], own: [UInt64]) -> [AdvertisementKey] {
        var keys: [AdvertisementKey] = []
        for index in nodes.indices where nodes[index] != nil && nodes[index]!.reachedFrom != nil {
            let key = nodes[index]!.advertisement.key
            if theirs[key.sumIndex] != own[key.sumIndex] { keys.append(key) }
        }
        return keys
    }

    // Expiry.

    /// Prunes the advertisements of peers absent for longer than ``lifetime``; at most every 10 s.
    package mutating func expire(at now: Instant) {
        if let lastSweep, now < lastSweep + .seconds(10) { return }
        lastSweep = now
        for index in nodes.indices {
            guard let node = nodes[index], node.reachedFrom == nil, now > node.lostAt + Self.lifetime else { continue }
            forget(index)
        }
    }

    /// Evicts the advertisement of the peer absent for longest, to make room.
    private mutating func evict() -> Bool {
        let absent = nodes.indices.filter { nodes[$0].map { $0.reachedFrom == nil } ?? false }
        guard let oldest = absent.min(by: { (nodes[$0]!.lostAt, $0) < (nodes[$1]!.lostAt, $1) }) else { return false }
        forget(oldest)
        return true
    }
}
