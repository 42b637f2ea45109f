package import CoreModel
package import Secure
package import Wire

/// What the peers of a big LAN state, and who is here by it: who has a link with us, and who is linked with one that is
/// here, as both of the two state. So nobody is here on the word of others alone, and who loses its links is gone.
package struct LinkStateDatabase {
    /// What has changed of who is here, in the order in which it came about.
    package enum Change: Equatable {
        /// It is here now.
        case appeared(PeerID)
        /// It is here and states something new.
        case stated(PeerID)
        /// It is not here any more; `left`: it said that it leaves.
        case vanished(PeerID, left: Bool)
    }

    package enum Acceptance: Equatable {
        case taken
        /// As new as what is known, or older.
        case known
        /// There is no room, or it comes too often.
        case refused
    }

    private struct Node {
        var advertisement: SignedAdvertisement
        /// Places of those with which a link is stated on both sides.
        var neighbours: [Int] = []
        /// Through whom it was reached: a place, or ``direct``; nil: not here.
        var reachedFrom: Int?
        var isGone: Bool { advertisement.isGoodbye }
        /// Links that count; of who leaves, none do.
        var links: [ProcessTag] { isGone ? [] : advertisement.links }
        var lostAt: Instant
        /// What others have been told of.
        var toldSequence: UInt64?
        var tokens = TokenBucket(capacity: LinkStateDatabase.burst, perSecond: LinkStateDatabase.perSecond)
    }

    /// Statements that are kept: 5,000 × about 1,200 bytes = 6 MB.
    package static let capacity = 5_000
    /// How long what somebody states is kept who is not here.
    package static let lifetime = Duration.seconds(120)
    /// Statements of one peer: honest ones make a few a second, for a few seconds.
    package static let burst = 20.0
    package static let perSecond = 2.0
    private static let direct = -1
    /// What it was reached through is no more; it has still to be seen whether there is another way.
    private static let orphaned = -2

    private var nodes: [Node?] = []
    private var freePlaces: [Int] = []
    private var placeByPeer: [PeerID: Int] = [:]
    private var placeByProcess: [ProcessTag: Int] = [:]
    /// Processes that we have links with, ascending.
    package private(set) var linked: [ProcessTag] = []
    /// Of those who are here (their own link or not), by the first bits of the process.
    package private(set) var sums = [UInt64](repeating: 0, count: Limits.digestSumCount)
    private(set) var reachedCount = 0
    /// Places that were reached through what is no more.
    private var orphans: [Int] = []
    /// Places that may have become reachable.
    private var candidates: [Int] = []
    package private(set) var changes: [Change] = []
    /// Places whose statements others are to be told of.
    private var untold: [Int] = []
    private var lastSweep: Instant?

    package var count: Int { placeByPeer.count }

    // What is known.

    package func advertisement(of peer: PeerID) -> SignedAdvertisement? { placeByPeer[peer].flatMap { nodes[$0]?.advertisement } }

    package func advertisement(of process: ProcessTag) -> SignedAdvertisement? {
        placeByProcess[process].flatMap { nodes[$0]?.advertisement }
    }

    /// Whether it is here by what is stated, its own link with us included if it states anything.
    package func reaches(_ peer: PeerID) -> Bool {
        guard let place = placeByPeer[peer], nodes[place] != nil else { return false }
        return nodes[place]!.reachedFrom != nil
    }

    /// How many others state a link with it, as it does with them.
    package func degree(of peer: PeerID) -> Int { placeByPeer[peer].flatMap { nodes[$0]?.neighbours.count } ?? 0 }

    /// Whether what is told of is news.
    package func lacks(_ key: AdvertisementKey) -> Bool {
        guard let place = placeByProcess[key.process], nodes[place] != nil else { return true }
        return key.sequence > nodes[place]!.advertisement.sequence
    }

    // What happens.

    package mutating func linkUp(_ process: ProcessTag) {
        guard linked.insert(sorted: process) else { return }
        if let node = placeByProcess[process] { candidates.append(node) }
    }

    package mutating func linkDown(_ process: ProcessTag) {
        guard linked.remove(sorted: process) else { return }
        if let place = placeByProcess[process], nodes[place]?.reachedFrom == Self.direct { orphan(place) }
    }

    /// Takes up a verified statement. Call ``settle()`` when there is no more for now.
    package mutating func accept(_ signed: SignedAdvertisement, at now: Instant) -> Acceptance {
        if let place = placeByPeer[signed.peer], nodes[place] != nil {
            let isNewer = signed.sequence > nodes[place]!.advertisement.sequence
            if nodes[place]!.advertisement.process != signed.process {
                // Another process. With a clock that was put back its numbers are lower; then the old one has to be gone.
                guard isNewer || nodes[place]!.reachedFrom == nil else { return .known }
                forget(place)
            } else {
                guard isNewer else { return .known }
                guard nodes[place]!.tokens.take(at: now) else { return .refused }
                replace(place, with: signed, at: now)
                return .taken
            }
        }
        // Who was never here leaves nothing.
        guard !signed.isGoodbye else { return .known }
        guard placeByProcess[signed.process] == nil else { return .refused }
        guard count < Self.capacity || evict() else { return .refused }
        insert(signed, at: now)
        return .taken
    }

    private mutating func insert(_ signed: SignedAdvertisement, at now: Instant) {
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            nodes[place] = Node(advertisement: signed, lostAt: now)
        } else {
            place = nodes.count
            nodes.append(Node(advertisement: signed, lostAt: now))
        }
        placeByPeer[signed.peer] = place
        placeByProcess[signed.process] = place
        for link in nodes[place]!.links { connect(place, link) }
        if isLinked(signed.process) { candidates.append(place) }
    }

    private mutating func replace(_ place: Int, with signed: SignedAdvertisement, at now: Instant) {
        let wasHere = nodes[place]!.reachedFrom != nil
        if wasHere { count(place, isHere: false) }
        let former = nodes[place]!.links
        nodes[place]!.advertisement = signed
        let links = nodes[place]!.links
        for neighbour in nodes[place]!.neighbours where !links.contains(sorted: nodes[neighbour]!.advertisement.process) {
            disconnect(place, neighbour)
        }
        for link in links where !former.contains(sorted: link) { connect(place, link) }
        if !wasHere { return }
        if nodes[place]!.isGone {
            // Its own link with us, if there is one, decides on its own.
            nodes[place]!.reachedFrom = nil
            nodes[place]!.lostAt = now
            reachedCount -= 1
            changes.append(.vanished(signed.peer, left: true))
        } else {
            count(place, isHere: true)
            changes.append(.stated(signed.peer))
            untold.append(place)
        }
    }

    /// A link that one states is there when the other states it too.
    private mutating func connect(_ place: Int, _ process: ProcessTag) {
        guard let other = placeByProcess[process], other != place,
            nodes[other]!.links.contains(sorted: nodes[place]!.advertisement.process),
            !nodes[place]!.neighbours.contains(other)
        else { return }
        nodes[place]!.neighbours.append(other)
        nodes[other]!.neighbours.append(place)
        candidates.append(place)
        candidates.append(other)
    }

    private mutating func disconnect(_ place: Int, _ other: Int) {
        nodes[place]!.neighbours.removeAll { $0 == other }
        nodes[other]!.neighbours.removeAll { $0 == place }
        if nodes[place]!.reachedFrom == other { orphan(place) }
        if nodes[other]!.reachedFrom == place { orphan(other) }
    }

    private mutating func orphan(_ place: Int) {
        nodes[place]!.reachedFrom = Self.orphaned
        orphans.append(place)
    }

    private mutating func forget(_ place: Int) {
        guard let node = nodes[place] else { return }
        for neighbour in node.neighbours { disconnect(place, neighbour) }
        if node.reachedFrom != nil {
            count(place, isHere: false)
            reachedCount -= 1
            changes.append(.vanished(node.advertisement.peer, left: false))
        }
        placeByPeer[node.advertisement.peer] = nil
        placeByProcess[node.advertisement.process] = nil
        candidates.removeAll { $0 == place }
        untold.removeAll { $0 == place }
        nodes[place] = nil
        freePlaces.append(place)
    }

    /// The process says on its own link that it leaves.
    package mutating func left(_ process: ProcessTag) {
        if let place = placeByProcess[process] { forget(place) }
    }

    // Who is here.

    /// Finds out who is here after what has happened.
    package mutating func settle(at now: Instant) {
        if !orphans.isEmpty, !adoptOrphans() {
            candidates.removeAll(keepingCapacity: true)
            lookAgain(at: now)
            return
        }
        var next = 0
        while next < candidates.count {
            let place = candidates[next]
            next += 1
            guard nodes[place] != nil, !nodes[place]!.isGone else { continue }
            if nodes[place]!.reachedFrom == nil {
                if isLinked(nodes[place]!.advertisement.process) {
                    reach(place, from: Self.direct)
                } else if let from = nodes[place]!.neighbours.first(where: { nodes[$0]!.reachedFrom != nil }) {
                    reach(place, from: from)
                } else {
                    continue
                }
            }
            // Each is put in once: when it is reached, which is here.
            for neighbour in nodes[place]!.neighbours where nodes[neighbour]!.reachedFrom == nil {
                reach(neighbour, from: place)
                candidates.append(neighbour)
            }
        }
        candidates.removeAll(keepingCapacity: candidates.capacity <= 256)
    }

    private func isLinked(_ process: ProcessTag) -> Bool {
        linked.contains(sorted: process)
    }

    /// Finds another way to those whose way is no more: mostly a neighbour has one that does not lead through them.
    /// - Returns: whether there was one for each; if not, all has to be looked at again.
    private mutating func adoptOrphans() -> Bool {
        var left = orphans
        orphans.removeAll(keepingCapacity: true)
        var isProgress = true
        while isProgress, !left.isEmpty {
            let before = left.count
            left.removeAll { place in
                guard nodes[place] != nil, nodes[place]!.reachedFrom == Self.orphaned else { return true }
                if isLinked(nodes[place]!.advertisement.process) {
                    nodes[place]!.reachedFrom = Self.direct
                    return true
                }
                guard let other = nodes[place]!.neighbours.first(where: { leadsToUs($0) }) else { return false }
                nodes[place]!.reachedFrom = other
                return true
            }
            isProgress = left.count < before
        }
        return left.isEmpty
    }

    /// Whether the way by which it was reached begins with a link of ours. Ways never go in circles: nobody is adopted
    /// by one whose way leads through an orphan.
    private func leadsToUs(_ place: Int) -> Bool {
        var place = place
        while let from = nodes[place]!.reachedFrom, from != Self.orphaned {
            if from == Self.direct { return true }
            place = from
        }
        return false
    }

    /// A walk from our own links over all that is stated: some 30 µs for a thousand peers.
    private mutating func lookAgain(at now: Instant) {
        var from = [Int?](repeating: nil, count: nodes.count)
        var queue: [Int] = []
        for process in linked {
            guard let place = placeByProcess[process], nodes[place]?.isGone == false else { continue }
            from[place] = Self.direct
            queue.append(place)
        }
        var next = 0
        while next < queue.count {
            let place = queue[next]
            next += 1
            for neighbour in nodes[place]!.neighbours where from[neighbour] == nil {
                from[neighbour] = place
                queue.append(neighbour)
            }
        }
        for place in nodes.indices {
            guard nodes[place] != nil, nodes[place]!.reachedFrom != nil else { continue }
            if let present = from[place] {
                nodes[place]!.reachedFrom = present
            } else {
                count(place, isHere: false)
                reachedCount -= 1
                nodes[place]!.reachedFrom = nil
                nodes[place]!.lostAt = now
                nodes[place]!.toldSequence = nil
                changes.append(.vanished(nodes[place]!.advertisement.peer, left: false))
            }
        }
        for place in queue where nodes[place]!.reachedFrom == nil { reach(place, from: from[place]!) }
    }

    private mutating func reach(_ place: Int, from: Int?) {
        nodes[place]!.reachedFrom = from
        reachedCount += 1
        count(place, isHere: true)
        changes.append(.appeared(nodes[place]!.advertisement.peer))
        untold.append(place)
    }

    private mutating func count(_ place: Int, isHere: Bool) {
        let key = nodes[place]!.advertisement.key
        if isHere { sums[key.sumIndex] &+= key.weight } else { sums[key.sumIndex] &-= key.weight }
    }

    package mutating func takeChanges() -> [Change] {
        defer { changes.removeAll(keepingCapacity: true) }
        return changes
    }

    // What others are told.

    package var hasChanges: Bool { !untold.isEmpty }

    /// Statements of those who are here that others have not been told of.
    package mutating func takeUnadvertised() -> [AdvertisementKey] {
        defer { untold.removeAll(keepingCapacity: true) }
        return untold.compactMap { place in
            guard let node = nodes[place], node.reachedFrom != nil,
                node.toldSequence != node.advertisement.sequence
            else { return nil }
            nodes[place]!.toldSequence = node.advertisement.sequence
            return node.advertisement.key
        }
    }

    /// Statements of those who are here, in the parts where another's sums are not ours.
    package func keys(differingFrom theirs: [UInt64], own: [UInt64]) -> [AdvertisementKey] {
        var keys: [AdvertisementKey] = []
        for place in nodes.indices where nodes[place] != nil && nodes[place]!.reachedFrom != nil {
            let key = nodes[place]!.advertisement.key
            if theirs[key.sumIndex] != own[key.sumIndex] { keys.append(key) }
        }
        return keys
    }

    // Letting go.

    package mutating func expire(at now: Instant) {
        if let lastSweep, now < lastSweep + .seconds(10) { return }
        lastSweep = now
        for place in nodes.indices {
            guard let node = nodes[place], node.reachedFrom == nil, now > node.lostAt + Self.lifetime else { continue }
            forget(place)
        }
    }

    /// Makes room: who has not been here for longest gives way.
    private mutating func evict() -> Bool {
        let absent = nodes.indices.filter { nodes[$0].map { $0.reachedFrom == nil } ?? false }
        guard let oldest = absent.min(by: { (nodes[$0]!.lostAt, $0) < (nodes[$1]!.lostAt, $1) }) else { return false }
        forget(oldest)
        return true
    }
}
