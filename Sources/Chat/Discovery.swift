import Secure
import Wire

/// Whom to dial: a peer that was heard of, or an address that the user gave.
enum DialTarget: Hashable {
    case peer(PeerID)
    case endpoint(Endpoint)
}

/// Who is out there, when to speak up, and whom to dial when (DESIGN §5). Datagrams and introductions only ever lead to
/// a dial; whether somebody is there is decided by the link.
struct Discovery {
    enum Act: Equatable {
        /// Multicast our announcement.
        case announce
        /// Open a link; the best endpoint first.
        case dial(DialTarget, [Endpoint])
        /// Tell this linked peer of these others.
        case exchange(with: PeerID, [PeerID])
        /// Our own identity was heard from another process.
        case identityInUse(Endpoint)
    }

    let peer: PeerID
    let instance: UInt64
    var random: RandomStream
    var beacon = Beacon()
    var sightings = SightingTable()
    var dials = DialSchedule()
    var gate = DatagramGate()
    /// Linked peers, ascending.
    private(set) var linked: [PeerID] = []
    private var startedAt: Instant?
    private var nextExchange: Instant?
    private var identityTold: Instant?
    /// Others run on this machine: introductions to loopback addresses may be meant for us.
    private var hearsLoopback = false
    var acts: [Act] = []

    init(peer: PeerID, instance: UInt64, random: RandomStream) {
        self.peer = peer
        self.instance = instance
        self.random = random
    }

    /// How many linked peers a newcomer is introduced to.
    static let introductionFanout = 3
    /// Mean time between exchanges with a linked peer chosen at random.
    static let exchangeInterval = Duration.seconds(15)
    static let exchangeCount = 32
    /// Who has just started dials at once whom it is told of: nobody else is likely to do it.
    static let youth = Duration.seconds(5)

    // What happens.

    mutating func started(at now: Instant) {
        startedAt = now
        beacon.burst(at: now)
    }

    mutating func interfacesChanged(at now: Instant) {
        beacon.burst(at: now)
        dials.retryAll(at: now)
    }

    mutating func resumed(at now: Instant) { interfacesChanged(at: now) }

    mutating func datagramReceived(_ bytes: [UInt8], from source: Endpoint, at now: Instant) {
        guard gate.admits(bytes.count, from: source.address, at: now),
            let announcement = try? SignedAnnouncement(parsing: bytes)
        else { return }
        let content = announcement.announcement
        if content.peer == peer {
            guard content.instance != instance, gate.admitsVerification(from: source.address, at: now),
                announcement.verify(), content.kind != .goodbye
            else { return }
            foundOwnIdentity(at: source, at: now)
            return
        }
        beacon.heard(bytes: bytes.count)
        if source.address.isLoopback { hearsLoopback = true }
        // A repeat says nothing new, but where it comes from may be new: the address after a move.
        guard sightings.isNews(content), gate.admitsVerification(from: source.address, at: now),
            announcement.verify()
        else { return }
        let endpoint = Endpoint(address: source.address, port: content.linkPort)
        if content.kind == .goodbye {
            // No datagram ends a peer whose link is alive.
            guard !isLinked(content.peer) else { return }
            // Its sequence is kept: what it said before, played again, brings nobody back.
            _ = sightings.saw(announcement, at: nil, now: now, protecting: linked)
            forget(content.peer)
            return
        }
        let isNewProcess = sightings[content.peer]?.announcement.announcement.instance != content.instance
        guard sightings.saw(announcement, at: endpoint, now: now, protecting: linked) else { return }
        considerDial(content.peer, from: source.address, isNewProcess: isNewProcess, isIntroduced: false, at: now)
    }

    /// Another peer tells of one.
    mutating func introduced(_ introduction: Introduction, by introducer: PeerID, at now: Instant) {
        guard let announcement = try? SignedAnnouncement(parsing: introduction.announcement),
            announcement.announcement.peer != peer, announcement.announcement.kind != .goodbye,
            !introduction.endpoints.isEmpty
        else { return }
        let content = announcement.announcement
        guard !isLinked(content.peer) else { return }
        // A repeat, byte for byte, was verified when it was news. Anything else has to be news, and genuine.
        let known = sightings[content.peer]?.announcement
        if known?.bytes != introduction.announcement {
            guard sightings.isNews(content), gate.admitsIntroduction(at: now), announcement.verify(),
                sightings.saw(announcement, at: nil, now: now, protecting: linked)
            else { return }
        }
        // The introducer's word on where: worth a dial, no more, and only behind what we heard ourselves. What is
        // loopback there is not loopback here.
        for endpoint in introduction.endpoints.prefix(SightingTable.endpointCount)
        where !endpoint.address.isLoopback || hearsLoopback {
            sightings.suggested(content.peer, at: Endpoint(address: endpoint.address, port: content.linkPort))
        }
        guard let first = sightings[content.peer]?.endpoints.first else { return }
        let isNewProcess = known?.announcement.instance != content.instance
        considerDial(content.peer, from: first.address, isNewProcess: isNewProcess, isIntroduced: true, at: now)
    }

    /// A peer's own word on its own link: believed whatever its sequence.
    mutating func announcementAuthenticated(_ announcement: SignedAnnouncement, at endpoint: Endpoint?, at now: Instant)
    {
        sightings.authenticated(announcement, at: endpoint, now: now)
    }

    mutating func endpointGiven(_ endpoint: Endpoint, at now: Instant) {
        if startedAt == nil { startedAt = now }
        dials.scheduleForEver(.endpoint(endpoint), at: now)
    }

    mutating func linkUp(_ other: PeerID, instance: UInt64, endpoint: Endpoint?, dialled: Bool, at now: Instant) {
        dials.cancel(.peer(other))
        if dialled, let endpoint { dials.satisfied(.endpoint(endpoint), by: other) }
        guard !isLinked(other) else { return }
        linked.insert(other, at: linked.firstIndex { $0 > other } ?? linked.count)
        beacon.populationChanged(to: linked.count, at: now)
        if nextExchange == nil { planExchange(at: now) }
        var others = linked.filter { $0 != other }
        for _ in 0..<min(Self.introductionFanout, others.count) {
            let chosen = others.remove(at: Int(random.uniform(below: UInt64(others.count))))
            acts.append(.exchange(with: chosen, [other]))
        }
    }

    /// The last link with a peer is gone. `left`: it said so, and comes back only by being heard again.
    mutating func linkDown(_ other: PeerID, left: Bool, at now: Instant) {
        linked.removeAll { $0 == other }
        beacon.populationChanged(to: linked.count, at: now)
        dials.lost(other, at: now)
        if left {
            forget(other)
        } else if sightings[other] != nil {
            let jitter = Duration.milliseconds(100 + Int64(random.uniform(below: 300)))
            let address = sightings[other]?.endpoints.first?.address
            dials.schedule(.peer(other), at: now + jitter, since: now, address: address, isNewProcess: true)
        }
    }

    mutating func dialFailed(_ target: DialTarget, endpoint: Endpoint?, at now: Instant) {
        if case .peer(let other) = target, let endpoint { sightings.failed(other, at: endpoint) }
        let jitter = 0.5 + random.unit()
        dials.failed(target, jitter: jitter, at: now)
    }

    mutating func deadlineReached(at now: Instant) {
        if beacon.isDue(at: now, population: linked.count + 1, unit: random.unit()) { acts.append(.announce) }
        if let due = nextExchange, due <= now { exchange(at: now) }
        for target in dials.takeDue(at: now) { dial(target, at: now) }
        sightings.expire(at: now, keeping: linked)
    }

    // What is asked.

    func isLinked(_ other: PeerID) -> Bool { linked.contains(other) }

    /// What we can tell of these peers, as they signed it.
    func introductions(of peers: [PeerID], limit: Int) -> [Introduction] {
        peers.lazy.compactMap { sightings.introduction(of: $0) }.prefix(limit).map { $0 }
    }

    var nextDeadline: Deadline? {
        var next = beacon.nextDeadline
        if let nextExchange { next = .earlier(next, Deadline(at: nextExchange, reason: "introductions to exchange")) }
        return .earlier(next, dials.nextDeadline)
    }

    mutating func nextAct() -> Act? { acts.isEmpty ? nil : acts.removeFirst() }

    // How.

    private mutating func considerDial(
        _ other: PeerID, from address: IPAddress, isNewProcess: Bool, isIntroduced: Bool, at now: Instant
    ) {
        guard !isLinked(other) else { return }
        let isYoung = startedAt.map { now < $0 + Self.youth } ?? true
        var delay = Duration.zero
        if !(isIntroduced && isYoung), !linked.isEmpty {
            // Each of N answers after up to N × 10 ms, so a few do before the newcomer has dialled the rest itself.
            let longest = min(10 * linked.count, 1_000)
            delay = .microseconds(Int64(random.unit() * Double(longest) * 1_000))
        }
        dials.schedule(.peer(other), at: now + delay, since: now, address: address, isNewProcess: isNewProcess)
    }

    private mutating func dial(_ target: DialTarget, at now: Instant) {
        switch target {
        case .endpoint(let endpoint):
            acts.append(.dial(target, [endpoint]))
        case .peer(let other):
            guard !isLinked(other), let endpoints = sightings[other]?.endpoints, !endpoints.isEmpty else {
                dials.cancel(target)
                return
            }
            acts.append(.dial(target, endpoints))
        }
    }

    private mutating func planExchange(at now: Instant) {
        nextExchange = now + Self.exchangeInterval * (0.5 + random.unit())
    }

    private mutating func exchange(at now: Instant) {
        nextExchange = nil
        guard linked.count > 1 else { return }
        planExchange(at: now)
        let partner = linked[Int(random.uniform(below: UInt64(linked.count)))]
        var others = linked.filter { $0 != partner }
        var chosen: [PeerID] = []
        while chosen.count < Self.exchangeCount, !others.isEmpty {
            chosen.append(others.remove(at: Int(random.uniform(below: UInt64(others.count)))))
        }
        acts.append(.exchange(with: partner, chosen))
    }

    private mutating func forget(_ other: PeerID) {
        sightings.goodbye(other)
        dials.cancel(.peer(other))
    }

    private mutating func foundOwnIdentity(at source: Endpoint, at now: Instant) {
        if let identityTold, now < identityTold + .seconds(60) { return }
        identityTold = now
        acts.append(.identityInUse(source))
    }
}
