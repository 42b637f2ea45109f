package import CoreModel
package import Secure
package import Wire

/// Introduction by unicast, where multicast is not enough: behind firewalls that let in only what was asked for, and on
/// networks whose switches pass no multicast (Protocol.md, Introduction by unicast; DESIGN, reach).
///
/// It is told what happens on our own networks and says to whom to introduce ourselves, whom to answer, and whom to dial
/// from the link port. In a network where multicast works it says nothing once somebody is there.
package struct Reach {
    package enum Act: Equatable {
        /// Send our announcement, padded, to each of these addresses.
        case introduce([IPAddress])
        /// Dial from our link port.
        case dial(PeerID, Endpoint)
        /// A sweep of this many addresses begins on the interface of this name.
        case sweepBegan(interface: String, addressCount: Int)
    }

    /// How long after it appeared a neighbour is left to find us by itself.
    static let neighbourPause = Duration.milliseconds(150)
    /// A dial that is neither answered nor refused after this long is accompanied by an introduction.
    static let dialPatience = Duration.milliseconds(300)
    /// Neighbours that are remembered: 256 × about 40 bytes.
    package static let neighbourCount = 256
    /// Neighbours and known addresses introduced to in one round, each: 32 × 204 bytes.
    static let roundCount = 32

    package private(set) var networks: [SearchedNetwork] = []
    var crossings = CrossingDials()
    package var known = KnownAddresses()
    private let usesSweep: Bool
    private var random: RandomStream
    /// Where the peers are that we have links with, machines other than this one only.
    private var linked: [IPAddress] = []
    /// In the order in which they appeared.
    private var neighbours: [IPAddress] = []
    /// Neighbours that have just appeared, ascending by when they are introduced to.
    private var appeared: [(address: IPAddress, at: Instant)] = []
    /// Dials that have not been answered yet, ascending by when patience ends.
    private var pendingDials: [(link: LinkID, address: IPAddress, at: Instant)] = []
    private var queue = IntroductionQueue()
    private var replies = ReplyLimit()
    private var introduced = RecentTimes<IPAddress>(memory: .milliseconds(2_500), capacity: 2_048)
    /// Peers that a datagram came from by unicast.
    private var exchanged = RecentTimes<PeerID>(memory: .seconds(10), capacity: 1_024)
    private var acts: [Act] = []
    private var updatedAt = Instant(nanoseconds: 0)

    package init(usesSweep: Bool, random: RandomStream) {
        self.usesSweep = usesSweep
        self.random = random
    }

    // What happens.

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

    /// The addresses of all established links that are no tunnels.
    package mutating func linksChanged(to addresses: [IPAddress], at now: Instant) {
        linked = addresses.filter { !$0.isLoopback && !isOwn($0) }
        update(at: now)
    }

    mutating func multicastSent(at now: Instant) {
        for place in networks.indices { networks[place].multicastSent(at: now) }
        update(at: now)
    }

    /// Our own multicast came back on this interface.
    mutating func multicastReturned(on interface: UInt32, at now: Instant) {
        guard let place = networks.firstIndex(where: { $0.interface.index == interface }) else { return }
        networks[place].multicastReturned()
        update(at: now)
    }

    /// Another peer's multicast came on this interface.
    mutating func othersHeard(on interface: UInt32, at now: Instant) {
        guard let place = networks.firstIndex(where: { $0.interface.index == interface }) else { return }
        networks[place].othersHeard(at: now)
    }

    /// A link is established that somebody dialled of its own accord, having heard us.
    package mutating func unaskedLinkAccepted(from address: IPAddress) {
        guard let place = networks.firstIndex(where: { $0.isSearchable && $0.contains(address) }) else { return }
        networks[place].unaskedLinkAccepted()
    }

    package mutating func neighbourSeen(_ address: IPAddress, at now: Instant) {
        guard isOnLink(address), !isOwn(address) else { return }
        neighbours.removeAll { $0 == address }
        neighbours.append(address)
        if neighbours.count > Self.neighbourCount { neighbours.removeFirst() }
        guard let network = network(of: address), network.neededSince != nil else { return }
        // Who cannot hear is not found by waiting.
        let pause = network.isDeaf(at: now) ? .zero : Self.neighbourPause
        guard appeared.count < Self.neighbourCount else { return }
        appeared.append((address, now + pause))
        appeared.sort { $0.at < $1.at }
    }

    /// A dial is under way to a peer that we never had a link with, or had one through a firewall.
    package mutating func dialBegan(_ link: LinkID, to address: IPAddress, at now: Instant) {
        guard pendingDials.count < DialSchedule.underWayCount else { return }
        pendingDials.append((link, address, now + Self.dialPatience))
    }

    /// It is answered or refused, or it failed (`isUnanswered`): a firewall may be why.
    package mutating func dialEnded(_ link: LinkID, isUnanswered: Bool, at now: Instant) {
        guard let place = pendingDials.firstIndex(where: { $0.link == link }) else { return }
        let address = pendingDials.remove(at: place).address
        if isUnanswered { introduce(to: address, at: now) }
    }

    /// A genuine announcement of a peer came by unicast, and we have no link with it.
    mutating func announcementReceived(from peer: PeerID, at endpoint: Endpoint, now: Instant) {
        exchanged.note(peer, at: now)
        crossings.exchanged(with: peer, at: endpoint, now: now)
    }

    /// Whether an announcement that came from there by unicast is answered now.
    mutating func takeReply(to address: IPAddress, at now: Instant) -> Bool { replies.take(to: address, at: now) }

    package mutating func linkUp(_ peer: PeerID) { crossings.cancel(peer) }

    package mutating func deadlineReached(at now: Instant) {
        update(at: now)
        while let first = appeared.first, first.at <= now {
            appeared.removeFirst()
            // Before the silence has lasted, whoever is new may still find us as ever.
            guard let network = network(of: first.address), network.neededSince != nil else { continue }
            if network.isSilenceLong(at: now) { introduce(to: first.address, at: now) }
        }
        while let first = pendingDials.first, first.at <= now {
            pendingDials.removeFirst()
            introduce(to: first.address, at: now)
        }
        for place in networks.indices {
            if networks[place].takeRound(at: now) { introduceToAcquaintances(on: networks[place], at: now) }
            if usesSweep, networks[place].takeSweep(at: now) { sweep(networks[place], at: now) }
        }
        let batch = queue.takeBatch(at: now)
        if !batch.isEmpty {
            for address in batch { introduced.note(address, at: now) }
            acts.append(.introduce(batch))
        }
        for (peer, endpoint) in crossings.takeDue(at: now) { acts.append(.dial(peer, endpoint)) }
    }

    // What is asked.

    /// Whether nobody is there and others are looked for, so that we announce ourselves more often.
    var isSearching: Bool { isAlone && networks.contains { $0.neededSince != nil } }

    /// Whether there is a link with no other machine at all.
    package var isAlone: Bool { linked.isEmpty }

    /// Names of the interfaces on which our own multicast does not come back although it does on the machine's own.
    package func deafInterfaces(at now: Instant) -> [String] {
        guard networks.contains(where: { $0.interface.isLoopback && $0.hasReturned }) else { return [] }
        return networks.filter { $0.isSearchable && $0.isDeaf(at: now) }.map(\.interface.name)
    }

    /// Whether an address lies on one of our own networks, so that what comes from there comes over no router.
    package func isOnLink(_ address: IPAddress) -> Bool {
        !address.isLoopback && networks.contains { !$0.interface.isLoopback && $0.contains(address) }
    }

    /// Whether a datagram of this peer came by unicast just now.
    package func hasExchanged(with peer: PeerID, at now: Instant) -> Bool { exchanged.contains(peer, at: now) }

    /// Whether our own firewall is between us and this address.
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

    // How.

    private func isOwn(_ address: IPAddress) -> Bool {
        networks.contains { network in
            network.interface.addresses.contains { $0.address.withoutScope == address.withoutScope }
        }
    }

    private func network(of address: IPAddress) -> SearchedNetwork? { Self.network(of: address, in: networks) }

    private static func network(of address: IPAddress, in networks: [SearchedNetwork]) -> SearchedNetwork? {
        networks.first { $0.isSearchable && $0.contains(address) }
    }

    /// When a network turns deaf, or is to be searched further.
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

    private mutating func introduceToAcquaintances(on network: SearchedNetwork, at now: Instant) {
        // The latest first; some may be both.
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

/// How often announcements that come by unicast are answered: a machine that floods us, perhaps in another's name, gets
/// one answer a second.
struct ReplyLimit {
    /// 1,024 × about 40 bytes.
    private var recent = RecentTimes<IPAddress>(memory: .seconds(1), capacity: 1_024)
    private var bucket = TokenBucket(capacity: 200, perSecond: 50)

    package mutating func take(to address: IPAddress, at now: Instant) -> Bool {
        guard !recent.contains(address, at: now), bucket.take(at: now) else { return false }
        recent.note(address, at: now)
        return true
    }
}
