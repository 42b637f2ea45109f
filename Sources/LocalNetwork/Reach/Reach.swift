package import CoreModel
package import Secure
package import Wire

/// Introduction by unicast, where multicast is not enough: behind firewalls that admit only answers to outgoing
/// packets, and on networks whose switches forward no multicast (Protocol.md §4.4).
///
/// It receives the events on our own networks and decides which addresses to introduce ourselves to, which to answer,
/// and which peers to dial from the link port. On a network where multicast works it does nothing once a peer has a
/// link.
package struct Reach {
    /// What the peer has to do.
    package enum Act: Equatable {
        /// Send our announcement, padded, to each of these addresses.
        case introduce([IPAddress])
        /// Dial this peer from our link port.
        case dial(PeerID, Endpoint)
        /// Report that a sweep of this many addresses begins on this interface.
        case sweepBegan(interface: String, addressCount: Int)
    }

    /// How long a new neighbour has to find us by itself.
    static let neighbourPause = Duration.milliseconds(150)
    /// How long a dial may stay neither answered nor refused before an introduction accompanies it.
    static let dialTimeout = Duration.milliseconds(300)
    /// The maximum number of neighbours remembered: 256 × about 40 bytes.
    package static let neighbourCount = 256
    /// The maximum number of neighbours, and of known addresses, in one round: 32 × 204 bytes each.
    static let roundCount = 32

    /// The networks of all our interfaces.
    package private(set) var networks: [SearchedNetwork] = []
    var crossings = CrossingDials()
    /// The addresses of earlier links, stored across restarts.
    package var known = KnownAddresses()
    private let usesSweep: Bool
    private var random: RandomStream
    /// The addresses of linked peers on other machines.
    private var linked: [IPAddress] = []
    /// The neighbours in the order in which they appeared.
    private var neighbours: [IPAddress] = []
    /// The neighbours that have just appeared, ascending by the time of their introduction.
    private var appeared: [(address: IPAddress, at: Instant)] = []
    /// The unanswered dials, ascending by the time of their introduction.
    private var pendingDials: [(link: LinkID, address: IPAddress, at: Instant)] = []
    private var queue = IntroductionQueue()
    private var replies = ReplyLimit()
    /// The addresses that we recently introduced ourselves to.
    private var introduced = RecentTimes<IPAddress>(memory: .milliseconds(2_500), capacity: 2_048)
    /// The peers that a unicast datagram was recently received from.
    private var exchanged = RecentTimes<PeerID>(memory: .seconds(10), capacity: 1_024)
    private var acts: [Act] = []
    /// When the networks were last updated.
    private var updatedAt = Instant(nanoseconds: 0)

    /// Creates a machine without networks.
    /// - Parameter usesSweep: Whether sweeps are allowed.
    package init(usesSweep: Bool, random: RandomStream) {
        self.usesSweep = usesSweep
        self.random = random
    }

    // Events.

    /// Replaces the networks by those of the present interfaces; an unchanged interface keeps its state.
    package mutating func interfacesChanged(_ interfaces: [NetworkInterface], at now: Instant) {
        let former = networks
        let networks = interfaces.map { interface in
            former.first { $0.interface == interface } ?? SearchedNetwork(interface, since: now)
        }
        self.networks = networks
        neighbours.removeAll { Self.network(of: $0, in: networks) == nil }
        queue.remove { Self.network(of: $0, in: networks) == nil }
        update(at: now)
    }

    /// Records the addresses of all established links except tunnels.
    package mutating func linksChanged(to addresses: [IPAddress], at now: Instant) {
        linked = addresses.filter { !$0.isLoopback && !isOwn($0) }
        update(at: now)
    }

    /// Records that our announcement was multicast on all interfaces.
    mutating func multicastSent(at now: Instant) {
        for place in networks.indices { networks[place].multicastSent(at: now) }
        update(at: now)
    }

    /// Records that our own multicast came back on this interface.
    mutating func multicastReturned(on interface: UInt32, at now: Instant) {
        guard let place = networks.firstIndex(where: { $0.interface.index == interface }) else { return }
        networks[place].multicastReturned()
        update(at: now)
    }

    /// Records that another peer's multicast arrived on this interface.
    mutating func othersHeard(on interface: UInt32, at now: Instant) {
        guard let place = networks.firstIndex(where: { $0.interface.index == interface }) else { return }
        networks[place].othersHeard(at: now)
    }

    /// Records that a link is established that another peer dialled without an introduction, having received our
    /// multicast.
    package mutating func unsolicitedLinkAccepted(from address: IPAddress) {
        guard let place = networks.firstIndex(where: { $0.isSearchable && $0.contains(address) }) else { return }
        networks[place].unsolicitedLinkAccepted()
    }

    /// Records that the system exchanges packets with an address.
    package mutating func neighbourSeen(_ address: IPAddress, at now: Instant) {
        guard isOnLink(address), !isOwn(address) else { return }
        neighbours.removeAll { $0 == address }
        neighbours.append(address)
        if neighbours.count > Self.neighbourCount { neighbours.removeFirst() }
        guard let network = network(of: address), network.neededSince != nil else { return }
        // A deaf peer finds no peer by waiting.
        let pause = network.isDeaf(at: now) ? .zero : Self.neighbourPause
        guard appeared.count < Self.neighbourCount else { return }
        appeared.append((address, now + pause))
        appeared.sort { $0.at < $1.at }
    }

    /// Records that a dial begins to a peer that we never had a link with, or had one through a firewall.
    package mutating func dialBegan(_ link: LinkID, to address: IPAddress, at now: Instant) {
        guard pendingDials.count < DialSchedule.underWayCount else { return }
        pendingDials.append((link, address, now + Self.dialTimeout))
    }

    /// Records the end of a dial: it was answered or refused, or it failed unanswered, perhaps because of a firewall.
    package mutating func dialEnded(_ link: LinkID, isUnanswered: Bool, at now: Instant) {
        guard let place = pendingDials.firstIndex(where: { $0.link == link }) else { return }
        let address = pendingDials.remove(at: place).address
        if isUnanswered { introduce(to: address, at: now) }
    }

    /// Records a genuine announcement by unicast of a peer without a link.
    mutating func announcementReceived(from peer: PeerID, at endpoint: Endpoint, now: Instant) {
        exchanged.note(peer, at: now)
        crossings.exchanged(with: peer, at: endpoint, now: now)
    }

    /// Returns whether to answer an announcement received by unicast from this address now.
    mutating func takeReply(to address: IPAddress, at now: Instant) -> Bool { replies.take(to: address, at: now) }

    /// Records that a link with a peer is up.
    package mutating func linkUp(_ peer: PeerID) { crossings.cancel(peer) }

    /// Performs the work that is due.
    package mutating func deadlineReached(at now: Instant) {
        update(at: now)
        while let first = appeared.first, first.at <= now {
            appeared.removeFirst()
            // In the first second, a new neighbour may still find us by multicast.
            guard let network = network(of: first.address), network.neededSince != nil else { continue }
            if network.isSilenceLong(at: now) { introduce(to: first.address, at: now) }
        }
        while let first = pendingDials.first, first.at <= now {
            pendingDials.removeFirst()
            introduce(to: first.address, at: now)
        }
        for place in networks.indices {
            if networks[place].takeRound(at: now) { introduceToKnownAddresses(on: networks[place], at: now) }
            if usesSweep, networks[place].takeSweep(at: now) { sweep(networks[place], at: now) }
        }
        let batch = queue.takeBatch(at: now)
        if !batch.isEmpty {
            for address in batch { introduced.note(address, at: now) }
            acts.append(.introduce(batch))
        }
        for (peer, endpoint) in crossings.takeDue(at: now) { acts.append(.dial(peer, endpoint)) }
    }

    // Queries.

    /// Whether no peer is linked and we search for others, so that we announce ourselves more often.
    var isSearching: Bool { isAlone && networks.contains { $0.neededSince != nil } }

    /// Whether there is no link with another machine.
    package var isAlone: Bool { linked.isEmpty }

    /// Returns the names of the interfaces on which our own multicast does not come back although it does on loopback.
    package func deafInterfaces(at now: Instant) -> [String] {
        guard networks.contains(where: { $0.interface.isLoopback && $0.hasReturned }) else { return [] }
        return networks.filter { $0.isSearchable && $0.isDeaf(at: now) }.map(\.interface.name)
    }

    /// Returns whether an address is on one of our own networks, so that its packets pass no router.
    package func isOnLink(_ address: IPAddress) -> Bool {
        !address.isLoopback && networks.contains { !$0.interface.isLoopback && $0.contains(address) }
    }

    /// Returns whether a unicast datagram of this peer was received recently.
    package func hasExchanged(with peer: PeerID, at now: Instant) -> Bool { exchanged.contains(peer, at: now) }

    /// Returns whether our own firewall is between us and this address.
    package func isDeaf(towards address: IPAddress, at now: Instant) -> Bool {
        network(of: address)?.isDeaf(at: now) ?? false
    }

    package var nextDeadline: Deadline? {
        var next = Deadline.earlier(queue.nextDeadline, crossings.nextDeadline)
        if let first = appeared.first { next = .earlier(next, Deadline(at: first.at, reason: "a new neighbour")) }
        if let first = pendingDials.first {
            next = .earlier(next, Deadline(at: first.at, reason: "a dial that is not answered"))
        }
        return .earlier(next, nextSearch.map { Deadline(at: $0, reason: "nobody is heard") })
    }

    package mutating func nextAct() -> Act? { acts.isEmpty ? nil : acts.removeFirst() }

    // Implementation.

    private func isOwn(_ address: IPAddress) -> Bool {
        networks.contains { network in
            network.interface.addresses.contains { $0.address.withoutScope == address.withoutScope }
        }
    }

    private func network(of address: IPAddress) -> SearchedNetwork? { Self.network(of: address, in: networks) }

    private static func network(of address: IPAddress, in networks: [SearchedNetwork]) -> SearchedNetwork? {
        networks.first { $0.isSearchable && $0.contains(address) }
    }

    /// When a network becomes deaf or doubtful, or the next round or sweep is due.
    private var nextSearch: Instant? {
        networks.lazy.flatMap { network -> [Instant] in
            let times = [
                network.deafAt.flatMap { $0 > updatedAt ? $0 : nil },
                network.isSearchable && network.doubtfulAt > updatedAt ? network.doubtfulAt : nil,
                network.nextRound(at: updatedAt), usesSweep ? network.nextSweep : nil,
            ]
            return times.compactMap(\.self)
        }.min()
    }

    private mutating func update(at now: Instant) {
        updatedAt = now
        for place in networks.indices {
            let network = networks[place]
            let hasLink = linked.contains { network.contains($0) }
            let isNeeded =
                network.isSearchable && (linked.isEmpty || network.isDoubtful(at: now, hasLink: hasLink))
            if !isNeeded, network.neededSince != nil, !network.isQuiet { queue.remove { network.contains($0) } }
            networks[place].setNeeded(isNeeded, at: now)
        }
    }

    private mutating func introduce(to address: IPAddress, at now: Instant) {
        guard isOnLink(address), !isOwn(address), !linked.contains(address), !introduced.contains(address, at: now)
        else { return }
        queue.add(address, at: now)
    }

    private mutating func introduceToKnownAddresses(on network: SearchedNetwork, at now: Instant) {
        // The latest first; an address may be both.
        let near = neighbours.reversed().filter { network.contains($0) }.prefix(Self.roundCount)
        let met = known.addresses.reversed().filter { network.contains($0) && !near.contains($0) }
        for address in near + met.prefix(Self.roundCount) {
            introduce(to: address.scoped(to: network.interface.index), at: now)
        }
    }

    private mutating func sweep(_ network: SearchedNetwork, at now: Instant) {
        let linked = linked
        let introduced = introduced
        var addresses = network.sweptAddresses.filter {
            !introduced.contains($0, at: now) && !linked.contains($0)
        }
        guard !addresses.isEmpty else { return }
        addresses.shuffle(using: &random)
        acts.append(.sweepBegan(interface: network.interface.name, addressCount: addresses.count))
        queue.sweep(addresses, at: now)
    }
}

/// The rate limit of answers to unicast announcements: a machine that floods us, perhaps with a spoofed address, gets
/// one answer a second.
struct ReplyLimit {
    /// The addresses answered in the last second: 1,024 × about 40 bytes.
    private var recent = RecentTimes<IPAddress>(memory: .seconds(1), capacity: 1_024)
    private var bucket = TokenBucket(capacity: 200, perSecond: 50)

    /// Returns whether to answer now, and records the answer.
    package mutating func take(to address: IPAddress, at now: Instant) -> Bool {
        guard !recent.contains(address, at: now), bucket.take(at: now) else { return false }
        recent.note(address, at: now)
        return true
    }
}
