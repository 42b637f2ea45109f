package import CoreModel
package import Secure
package import Wire

/// The target of a dial: a discovered peer, or an address given by the user.
package enum DialTarget: Hashable {
    case peer(PeerID)
    /// The peer, dialled from our link port while it dials us in the same way (``CrossingDials``).
    case crossing(PeerID)
    case endpoint(Endpoint)
}

/// Finds peers: decides when to announce ourselves and when to dial (Protocol.md, Discovery). Datagrams and introductions
/// lead only to a dial; the link decides whether a peer is present.
package struct Discovery {
    /// What the peer has to do.
    package enum Act: Equatable {
        /// Multicast our announcement.
        case announce
        /// Open a link; the best endpoint first.
        case dial(DialTarget, [Endpoint])
        /// Send introductions of other peers to this linked peer.
        case exchange(with: PeerID, [PeerID])
        /// Report that our own identity was seen in another process.
        case identityInUse(Endpoint)
        /// Send our announcement to the discovery port of this address, if it is at most this long.
        case reply(to: IPAddress, maximumBytes: Int)
        /// Perform an act of introduction by unicast.
        case reach(Reach.Act)
    }

    package let peer: PeerID
    package let instance: UInt64
    package var random: RandomStream
    package var beacon = Beacon()
    package var sightings = SightingTable()
    var dials = DialSchedule()
    var gate: DatagramGate
    /// The peers that we want links with, and those present without one.
    package var mesh: Mesh
    /// The linked peers, ascending.
    package private(set) var linked: [PeerID] = []
    private var startedAt: Instant?
    private var nextExchange: Instant?
    private var identityReportedAt: Instant?
    /// When our own identity was last seen in another process, to the minute.
    package var identitySeenAt: Instant? { identityReportedAt }
    private var hearing = Hearing()
    /// Introduction by unicast.
    package var reach: Reach
    package var acts: [Act] = []

    /// Creates a machine that has not started.
    package init(
        peer: PeerID, instance: UInt64, signing: Signing = .ed25519, random: RandomStream,
        mesh: Mesh = Mesh(fullMeshCount: Bounds.fullMeshCount), usesSweep: Bool = true
    ) {
        self.peer = peer
        self.instance = instance
        gate = DatagramGate(signing: signing)
        var random = random
        reach = Reach(usesSweep: usesSweep, random: RandomStream(seed: random.bytes(32)))
        self.random = random
        self.mesh = mesh
    }

    /// The sources of the announcements received.
    private struct Hearing {
        /// Whether other processes run on this machine: introductions to loopback addresses may then concern us.
        var isOnLoopback = false
        /// The source addresses of recent announcements. Only counted.
        var addresses: Set<IPAddress> = []
    }

    /// The number of linked peers to which a newcomer is introduced.
    package static let introductionFanout = 3
    /// The mean time between exchanges with a linked peer chosen at random.
    static let exchangeInterval = Duration.seconds(15)
    /// The maximum number of introductions in one exchange.
    static let exchangeCount = 32
    /// How long after its start a peer immediately dials the peers introduced to it: no other peer is likely to dial.
    static let newcomerTime = Duration.seconds(5)

    // Events.

    /// Starts announcing.
    /// - Parameter interfaces: The interfaces that we announce ourselves on.
    package mutating func started(on interfaces: [NetworkInterface], at now: Instant) {
        startedAt = now
        beacon.burst(at: now)
        reach.interfacesChanged(interfaces, at: now)
        searchingMayHaveChanged(at: now)
    }

    /// Announces and dials again after a change of the network.
    /// - Parameter interfaces: Nil if we do not announce ourselves.
    package mutating func interfacesChanged(to interfaces: [NetworkInterface]?, at now: Instant) {
        if let interfaces { reach.interfacesChanged(interfaces, at: now) }
        resumed(at: now)
    }

    /// Announces and dials again after a suspension of the machine.
    package mutating func resumed(at now: Instant) {
        beacon.burst(at: now)
        dials.retryAll(at: now)
        searchingMayHaveChanged(at: now)
    }

    /// Handles a datagram.
    /// - Returns: The protocol version of a datagram of another version, which is discarded; otherwise nil.
    @discardableResult
    package mutating func datagramReceived(
        _ bytes: [UInt8], from source: Endpoint, by path: DatagramPath = .multicast(interface: 0), at now: Instant
    ) -> UInt64? {
        guard gate.admits(bytes.count, from: source.address, at: now) else { return nil }
        do {
            switch path {
            case .multicast(let interface):
                announcementReceived(
                    try SignedAnnouncement(parsing: bytes, with: gate.signing), from: source, on: interface, at: now)
            case .unicast:
                // Introductions are sent on the same link only; one that came over a router is spoofed.
                guard reach.isOnLink(source.address) else { return nil }
                let announcement = try SignedAnnouncement(parsingPadded: bytes, with: gate.signing)
                introducedItself(announcement, byteCount: bytes.count, from: source, at: now)
            }
        } catch {
            if case .anotherVersion(let version) = error { return version }
        }
        return nil
    }

    private mutating func announcementReceived(
        _ announcement: SignedAnnouncement, from source: Endpoint, on interface: UInt32, at now: Instant
    ) {
        let content = announcement.announcement
        if content.peer == peer {
            if content.instance == instance { return reach.multicastReturned(on: interface, at: now) }
            guard content.instance != instance, gate.admitsVerification(from: source.address, at: now),
                announcement.verify(with: gate.signing), content.kind != .goodbye
            else { return }
            foundOwnIdentity(at: source, at: now)
            return
        }
        beacon.heard(bytes: announcement.bytes.count)
        reach.othersHeard(on: interface, at: now)
        if source.address.isLoopback { hearing.isOnLoopback = true }
        // A repeat has no news, but its source may be new: the address after a move.
        guard sightings.isNewer(content), gate.admitsVerification(from: source.address, at: now),
            announcement.verify(with: gate.signing)
        else { return }
        let endpoint = Endpoint(address: source.address, port: content.linkPort)
        if content.kind == .goodbye {
            // No datagram removes a peer whose link is alive.
            guard !isLinked(content.peer) else { return }
            // Its sequence number is kept, so that a replay of its earlier announcements does not bring it back.
            _ = sightings.saw(announcement, at: nil, now: now, protecting: linked)
            forget(content.peer)
            return
        }
        let isNewProcess = sightings[content.peer]?.announcement.announcement.instance != content.instance
        guard sightings.saw(announcement, at: endpoint, now: now, protecting: linked) else { return }
        sightings.seenByMulticast(content.peer)
        heard(from: source.address, at: now)
        considerDial(content.peer, from: source.address, isNewProcess: isNewProcess, isIntroduced: false, at: now)
    }

    /// Handles an introduction of a peer by another peer.
    package mutating func introduced(_ introduction: Introduction, by introducer: PeerID, at now: Instant) {
        guard let announcement = try? SignedAnnouncement(parsing: introduction.announcement, with: gate.signing),
            announcement.announcement.peer != peer, announcement.announcement.kind != .goodbye,
            !introduction.endpoints.isEmpty
        else { return }
        let content = announcement.announcement
        guard !isLinked(content.peer) else { return }
        // A byte-for-byte repeat was verified when it was new. Anything else has to be newer, and genuine.
        let known = sightings[content.peer]?.announcement
        if known?.bytes != introduction.announcement {
            guard sightings.isNewer(content), gate.admitsIntroduction(at: now), announcement.verify(with: gate.signing),
                sightings.saw(announcement, at: nil, now: now, protecting: linked)
            else { return }
        }
        // The introducer's word on the endpoints is worth a dial and no more, and only behind those received by
        // ourselves. A loopback address on its machine is not one on ours.
        suggest(content.peer, introduction.endpoints, port: content.linkPort)
        guard let first = sightings[content.peer]?.endpoints.first else { return }
        let isNewProcess = known?.announcement.instance != content.instance
        considerDial(content.peer, from: first.address, isNewProcess: isNewProcess, isIntroduced: true, at: now)
    }

    /// Records a peer's announcement on its own link: accepted whatever its sequence number.
    package mutating func announcementAuthenticated(
        _ announcement: SignedAnnouncement, at endpoint: Endpoint?, at now: Instant
    ) {
        sightings.authenticated(announcement, at: endpoint, now: now)
    }

    /// Dials an address given by the user, indefinitely.
    package mutating func endpointGiven(_ endpoint: Endpoint, at now: Instant) {
        if startedAt == nil { startedAt = now }
        dials.scheduleIndefinitely(.endpoint(endpoint), at: now)
    }

    /// Records that a link with a peer is up, and introduces the peer to some others.
    package mutating func linkUp(_ other: PeerID, instance: UInt64, endpoint: Endpoint?, dialled: Bool, at now: Instant)
    {
        dials.cancel(.peer(other))
        reach.linkUp(other)
        if dialled, let endpoint { dials.satisfied(.endpoint(endpoint), by: other) }
        guard !isLinked(other) else { return }
        linked.insert(sorted: other)
        beacon.populationChanged(to: population, at: now)
        if nextExchange == nil { planExchange(at: now) }
        // On a big LAN its link-state advertisement reaches all.
        guard !mesh.isSparse else { return }
        var others = linked.filter { $0 != other }
        if reach.hasExchanged(with: other, at: now) {
            // Multicast does not suffice for this peer, so others may have no other way to learn of it.
            for chosen in others { acts.append(.exchange(with: chosen, [other])) }
            return
        }
        for _ in 0..<min(Self.introductionFanout, others.count) {
            let chosen = others.remove(at: Int(random.uniform(below: UInt64(others.count))))
            acts.append(.exchange(with: chosen, [other]))
        }
    }

    /// Records that the last link with a peer is down.
    /// - Parameters:
    ///   - left: Whether it said goodbye: it is then dialled only after it is seen again.
    ///   - isHere: Whether it is still present by link-state advertisements.
    package mutating func linkDown(_ other: PeerID, left: Bool, isHere: Bool = false, at now: Instant) {
        linked.remove(sorted: other)
        beacon.populationChanged(to: population, at: now)
        dials.lost(other, at: now)
        if left {
            forget(other)
        } else if !isHere {
            dialAgain(other, at: now)
        }
    }

    private mutating func dialAgain(_ other: PeerID, at now: Instant) {
        guard sightings[other] != nil else { return }
        let jitter = Duration.milliseconds(100 + Int64(random.uniform(below: 300)))
        let address = sightings[other]?.endpoints.first?.address
        dials.schedule(.peer(other), at: now + jitter, since: now, address: address, isNewProcess: true)
    }

    /// Records that a peer without a link is no longer present. If our link with it broke, we dial it again.
    package mutating func vanished(_ other: PeerID, left: Bool, wasLinked: Bool, at now: Instant) {
        if left {
            forget(other)
        } else if wasLinked {
            dialAgain(other, at: now)
        }
    }

    /// Records the announcement in a link-state advertisement, and the endpoints that came with it.
    package mutating func stated(_ signed: SignedAdvertisement, at endpoints: [Endpoint], now: Instant) {
        if sightings.isNewer(signed.announcement.announcement) {
            guard sightings.saw(signed.announcement, at: nil, now: now, protecting: linked) else { return }
        }
        suggest(signed.peer, endpoints, port: signed.announcement.announcement.linkPort)
    }

    /// Records that a peer is present by link-state advertisements: the announcements of an earlier process no longer
    /// count, even if its clock was ahead.
    package mutating func appeared(_ signed: SignedAdvertisement, at now: Instant) {
        let known = sightings[signed.peer]?.announcement.announcement
        guard known?.instance != signed.announcement.announcement.instance else { return }
        sightings.authenticated(signed.announcement, at: nil, now: now)
    }

    private mutating func suggest(_ other: PeerID, _ endpoints: [Endpoint], port: UInt16) {
        for endpoint in endpoints.prefix(SightingTable.endpointCount)
        where !endpoint.address.isLoopback || hearing.isOnLoopback {
            sightings.suggested(other, at: Endpoint(address: endpoint.address, port: port))
        }
    }

    /// Schedules a dial of a peer that is present without a link.
    /// - Returns: Whether an endpoint of it is known.
    package mutating func want(_ other: PeerID, at now: Instant) -> Bool {
        guard !isLinked(other) else { return true }
        guard let address = sightings[other]?.endpoints.first?.address else { return false }
        dials.schedule(.peer(other), at: now, since: now, address: address, isNewProcess: false)
        return true
    }

    /// Records a failed dial.
    package mutating func dialFailed(_ target: DialTarget, endpoint: Endpoint?, at now: Instant) {
        if case .crossing = target { return }
        if case .peer(let other) = target {
            if let endpoint { sightings.failed(other, at: endpoint) }
            mesh.dialFailed(other, at: now)
        }
        let jitter = 0.5 + random.unit()
        dials.failed(target, jitter: jitter, at: now)
    }

    /// Performs the work that is due.
    package mutating func deadlineReached(at now: Instant) {
        if beacon.isDue(at: now, population: population + 1, unit: random.unit()) {
            acts.append(.announce)
            reach.multicastSent(at: now)
        }
        reach.deadlineReached(at: now)
        while let act = reach.nextAct() { acts.append(.reach(act)) }
        searchingMayHaveChanged(at: now)
        if let due = nextExchange, due <= now { exchange(at: now) }
        for target in dials.takeDue(at: now) { dial(target, at: now) }
        guard sightings.isSweepDue(at: now) else { return }
        if mesh.isSparse {
            sightings.expire(at: now) { mesh.isHere($0) }
        } else {
            sightings.expire(at: now) { linked.contains(sorted: $0) }
        }
        if let changed = sightings.takeAddresses() { hearing.addresses = changed }
        mesh.heard(fromAddresses: hearing.addresses.count, peers: sightings.count)
    }

    // Queries.

    /// Returns whether we have a link with a peer.
    package func isLinked(_ other: PeerID) -> Bool {
        linked.contains(sorted: other)
    }

    /// The number of other peers present.
    package var population: Int { max(linked.count, mesh.table.reachedCount) }

    /// Returns signed introductions of these peers, where an endpoint is known.
    package func introductions(of peers: [PeerID], limit: Int) -> [Introduction] {
        peers.lazy.compactMap { sightings.introduction(of: $0) }.prefix(limit).map { $0 }
    }

    package var nextDeadline: Deadline? {
        var next = beacon.nextDeadline
        if let nextExchange { next = .earlier(next, Deadline(at: nextExchange, reason: "introductions to exchange")) }
        next = .earlier(next, reach.nextDeadline)
        return .earlier(next, dials.nextDeadline)
    }

    package mutating func nextAct() -> Act? { acts.isEmpty ? nil : acts.removeFirst() }

    // Implementation.

    private mutating func considerDial(
        _ other: PeerID, from address: IPAddress, isNewProcess: Bool, isIntroduced: Bool, at now: Instant
    ) {
        guard !isLinked(other) else { return }
        guard !mesh.isSparse else {
            return considerDialOfMany(other, from: address, isNewProcess: isNewProcess, at: now)
        }
        let isYoung = startedAt.map { now < $0 + Self.newcomerTime } ?? true
        var delay = Duration.zero
        if !(isIntroduced && isYoung), !linked.isEmpty {
            // Each of N answers after up to N × 10 ms, so a few do before the newcomer has dialled the others itself.
            let longest = min(10 * linked.count, 1_000)
            delay = .microseconds(Int64(random.unit() * Double(longest) * 1_000))
        }
        if isYoung, mesh.isCrowded, !mesh.mayAnswer(at: now) { delay = crowdPause() }
        dials.schedule(.peer(other), at: now + delay, since: now, address: address, isNewProcess: isNewProcess)
    }

    /// Returns how long a newcomer's dials wait when many peers arrive together: advertisements over the first links
    /// may make them unnecessary.
    private mutating func crowdPause() -> Duration { Mesh.crowdDelay * (1 + random.unit()) }

    /// Considers a dial of an absent peer on a big LAN: a few of the receivers dial immediately, and its link-state
    /// advertisement then informs the others. Those that it does not reach, because it may not send any, dial later.
    private mutating func considerDialOfMany(
        _ other: PeerID, from address: IPAddress, isNewProcess: Bool, at now: Instant
    ) {
        guard !mesh.table.reaches(other) || isNewProcess else { return }
        let pause = latePause(at: now)
        let time = now + (pause ?? .seconds(0.2 * random.unit()))
        dials.schedule(
            .peer(other), at: time, since: now, address: address, isNewProcess: isNewProcess,
            isLowPriority: pause != nil)
    }

    /// Returns how long a dial waits for gossip; nil: we are among those that dial immediately.
    private mutating func latePause(at now: Instant) -> Duration? {
        let count = Double(max(population, mesh.heardCount) + 1)
        if random.unit() * count <= Mesh.answerCount, mesh.mayAnswer(at: now) { return nil }
        return .seconds(3 + random.unit() * min(10, 0.01 * count))
    }

    private mutating func heard(from address: IPAddress, at now: Instant) {
        guard hearing.addresses.count < SightingTable.capacity, hearing.addresses.insert(address).inserted else {
            return
        }
        let (wasSparse, wasCrowded) = (mesh.isSparse, mesh.isCrowded)
        mesh.heard(fromAddresses: hearing.addresses.count, peers: sightings.count)
        if mesh.isSparse, !wasSparse {
            for target in dials.untried {
                if let pause = latePause(at: now) { dials.postpone(target, until: now + pause, isLowPriority: true) }
            }
        } else if mesh.isCrowded, !wasCrowded {
            for target in dials.untried where !mesh.mayAnswer(at: now) {
                dials.postpone(target, until: now + crowdPause())
            }
        }
    }

    private mutating func dial(_ target: DialTarget, at now: Instant) {
        switch target {
        case .endpoint(let endpoint):
            acts.append(.dial(target, [endpoint]))
        // Follows its own schedule.
        case .crossing: dials.cancel(target)
        case .peer(let other):
            let isEnough = mesh.isSparse && mesh.table.reaches(other) && !mesh.isWanted(other, at: now)
            guard !isLinked(other), !isEnough, let endpoints = sightings[other]?.endpoints, !endpoints.isEmpty else {
                dials.cancel(target)
                return
            }
            if dials.isLowPriority(target), !mesh.isWanted(other, at: now), let end = mesh.pace.reading.mayTell(at: now)
            {
                return dials.postpone(target, until: end + crowdPause(), isLowPriority: true)
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
        guard !mesh.isSparse else { return }
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
        if let identityReportedAt, now < identityReportedAt + .seconds(60) { return }
        identityReportedAt = now
        acts.append(.identityInUse(source))
    }
}
