package import CoreModel
package import Wire

/// The network of one interface as introduction by unicast sees it: whether multicast works on it, and which rounds and
/// sweeps have been made.
package struct SearchedNetwork {
    /// When neighbours and known addresses receive introductions, counted from when the need arose; later at
    /// ``roundInterval``.
    package static let rounds: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(30)]
    static let roundInterval = Duration.seconds(30)
    /// When the network is swept, counted in the same way; later at ``sweepInterval``.
    static let sweeps: [Duration] = [.seconds(3), .seconds(63), .seconds(363)]
    static let sweepInterval = Duration.seconds(1_800)
    /// How long our own multicast may take to come back. It takes microseconds unless a firewall drops it.
    static let deafness = Duration.milliseconds(300)
    /// The number of own multicasts missing before a network counts as deaf.
    static let deafnessCount = 2
    /// The shortest prefix length that is swept as a whole: /22, 1,022 addresses in 5 s. Of a shorter one, only the /24
    /// around our own address.
    static let widestPrefix: UInt8 = 22
    static let narrowPrefix: UInt8 = 24

    /// How long no other peer's multicast may arrive although a peer is linked: announcements of two peers are at most
    /// 3 s apart, those of more peers closer together, and some are lost on Wi-Fi.
    package static let silence = Duration.seconds(20)

    package let interface: NetworkInterface
    /// The number of our multicasts since the last one that came back.
    private var unreturned = 0
    private var unreturnedSince: Instant?
    /// Whether one of our multicasts came back.
    private(set) var hasReturned = false
    /// When another peer's multicast last arrived, or when we started to listen.
    private var othersHeardAt: Instant
    private var hasHeardOthers = false
    /// Whether a dial arrived without an introduction: peers that receive our multicasts can reach us.
    private(set) var isReachable = false
    /// Since when we need to search for others on this network; nil: no need.
    private(set) var neededSince: Instant?
    private var roundCount = 0
    private var sweepCount = 0

    package init(_ interface: NetworkInterface, since now: Instant) {
        self.interface = interface
        othersHeardAt = now
    }

    /// Whether to search for others on this network at all.
    var isSearchable: Bool { !interface.isLoopback && interface.kind == .lan }

    /// Returns whether an address is within the network's prefixes.
    package func contains(_ address: IPAddress) -> Bool {
        interface.addresses.contains { $0.contains(address) && $0.address.isOfTheSameLink(as: address) }
    }

    // Our own multicast.

    /// Records that our announcement was multicast.
    mutating func multicastSent(at now: Instant) {
        unreturned += 1
        if unreturnedSince == nil { unreturnedSince = now }
    }

    /// Records that our own multicast came back.
    mutating func multicastReturned() {
        unreturned = 0
        unreturnedSince = nil
        hasReturned = true
    }

    /// Records that another peer's multicast arrived.
    mutating func othersHeard(at now: Instant) {
        othersHeardAt = now
        hasHeardOthers = true
    }

    /// Records a link that another peer dialled without an introduction.
    package mutating func unsolicitedLinkAccepted() { isReachable = true }

    /// Whether no other peer's multicast was ever received, so that none may pass here: a sweep in progress then
    /// continues.
    package var isQuiet: Bool { !hasHeardOthers }

    /// Returns whether multicast fails to tell us of others, or others of us, so that the linked peers may be only an
    /// island.
    /// - Parameter hasLink: Whether a peer on this network is linked, whose multicast should be received.
    func isDoubtful(at now: Instant, hasLink: Bool) -> Bool {
        isDeaf(at: now) ? !isReachable : hasLink && now >= othersHeardAt + Self.silence
    }

    /// When the network becomes doubtful if no multicast is received.
    var doubtfulAt: Instant { othersHeardAt + Self.silence }

    /// Returns whether our own multicast does not come back: an input firewall drops it, and that of others with it.
    package func isDeaf(at now: Instant) -> Bool {
        guard unreturned >= Self.deafnessCount, let since = unreturnedSince else { return false }
        return now >= since + Self.deafness
    }

    /// When ``isDeaf(at:)`` becomes true if nothing comes back.
    var deafAt: Instant? {
        guard isSearchable, unreturned >= Self.deafnessCount else { return nil }
        return unreturnedSince.map { $0 + Self.deafness }
    }

    // Rounds and sweeps.

    /// Starts or ends the need to search; rounds and sweeps begin again with each need.
    mutating func setNeeded(_ isNeeded: Bool, at now: Instant) {
        guard isNeeded != (neededSince != nil) else { return }
        neededSince = isNeeded ? now : nil
        roundCount = 0
        sweepCount = 0
    }

    /// Returns whether a new neighbour receives an introduction without time to find us by itself.
    func isSilenceLong(at now: Instant) -> Bool {
        guard let since = neededSince else { return false }
        return isDeaf(at: now) || now >= since + Self.rounds[0]
    }

    /// Returns when the next round is due; nil: no need.
    func nextRound(at now: Instant) -> Instant? {
        guard let since = neededSince else { return nil }
        if roundCount == 0, isDeaf(at: now) { return since }
        return since + Self.time(roundCount, Self.rounds, Self.roundInterval)
    }

    /// When the next sweep is due; nil: no need.
    var nextSweep: Instant? {
        neededSince.map { $0 + Self.time(sweepCount, Self.sweeps, Self.sweepInterval) }
    }

    /// Returns whether a round is due, and records it as made.
    mutating func takeRound(at now: Instant) -> Bool {
        guard let next = nextRound(at: now), next <= now else { return false }
        roundCount += 1
        return true
    }

    /// Returns whether a sweep is due, and records it as made.
    mutating func takeSweep(at now: Instant) -> Bool {
        guard let next = nextSweep, next <= now else { return false }
        sweepCount += 1
        return true
    }

    private static func time(_ count: Int, _ times: [Duration], _ interval: Duration) -> Duration {
        count < times.count ? times[count] : times[times.count - 1] + interval * (count - times.count + 1)
    }

    /// The IPv4 addresses to sweep, ascending: of its own prefixes only, without network, broadcast and own addresses.
    var sweptAddresses: [IPAddress] {
        var all: [UInt32] = []
        let own = interface.addresses.map(\.address)
        for prefix in interface.addresses {
            guard case .v4(let bits) = prefix.address, prefix.length < 31 else { continue }
            let length = prefix.length >= Self.widestPrefix ? prefix.length : Self.narrowPrefix
            let mask = UInt32.max << (32 - UInt32(length))
            let (first, last) = (bits & mask, bits | ~mask)
            // In a /24 of a wider network the first and the last may be hosts, but are left out all the same.
            all += (first + 1..<last).filter { !own.contains(.v4($0)) }
        }
        all.sort()
        // Two prefixes of one interface may overlap.
        return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }.map { .v4(all[$0]) }
    }
}

extension IPAddress {
    /// Returns whether two addresses can be on one link: link-local IPv6 addresses are valid on their interface only.
    fileprivate func isOfTheSameLink(as other: IPAddress) -> Bool {
        guard case .v6(_, _, let own) = self, case .v6(_, _, let theirs) = other else { return true }
        return own == theirs || own == 0 || theirs == 0
    }
}
