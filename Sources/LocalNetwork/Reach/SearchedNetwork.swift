package import CoreModel
package import Wire

/// One interface as introduction by unicast sees it: who is on it, whether our own multicast comes back on it, and how
/// far we are with introducing ourselves.
package struct SearchedNetwork {
    /// When neighbours and known addresses are introduced to, counted from when the need arose; then at the last interval.
    package static let rounds: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(30)]
    static let roundInterval = Duration.seconds(30)
    /// When the network is swept, counted in the same way.
    static let sweeps: [Duration] = [.seconds(3), .seconds(63), .seconds(363)]
    static let sweepInterval = Duration.seconds(1_800)
    /// Our own multicast comes back within microseconds, or a firewall drops it.
    static let deafness = Duration.milliseconds(300)
    static let deafnessCount = 2
    /// The widest prefix that is swept whole: /22, 1,022 addresses in 5 s. Of a wider one the /24 around our own address.
    static let widestPrefix: UInt8 = 22
    static let narrowPrefix: UInt8 = 24

    /// Nobody's multicast has come for this long, although somebody is there: beacons of two peers are 3 s apart at most,
    /// of more peers closer together, and some are lost on Wi-Fi.
    package static let silence = Duration.seconds(20)

    package let interface: NetworkInterface
    /// Multicasts of ours that have not come back since the last that did.
    private var unreturned = 0
    private var unreturnedSince: Instant?
    /// One came back.
    private(set) var hasReturned = false
    /// When another peer's multicast last came, or since when we listen.
    private var othersHeardAt: Instant
    private var hasHeardOthers = false
    /// Somebody's dial came in that we had not asked for: whoever hears us reaches us.
    private(set) var isReachable = false
    /// Since when there is nobody here and reason to look for somebody; nil: no need.
    private(set) var neededSince: Instant?
    private var roundCount = 0
    private var sweepCount = 0

    package init(_ interface: NetworkInterface, since now: Instant) {
        self.interface = interface
        othersHeardAt = now
    }

    /// Whether others are to be looked for here at all.
    var isSearchable: Bool { !interface.isLoopback && interface.kind == .lan }

    package func contains(_ address: IPAddress) -> Bool {
        interface.addresses.contains { $0.contains(address) && $0.address.isOfTheSameLink(as: address) }
    }

    // Our own multicast.

    mutating func multicastSent(at now: Instant) {
        unreturned += 1
        if unreturnedSince == nil { unreturnedSince = now }
    }

    mutating func multicastReturned() {
        unreturned = 0
        unreturnedSince = nil
        hasReturned = true
    }

    mutating func othersHeard(at now: Instant) {
        othersHeardAt = now
        hasHeardOthers = true
    }

    package mutating func unaskedLinkAccepted() { isReachable = true }

    /// Whether it may be that no multicast passes here: a sweep that has begun is carried on.
    package var isQuiet: Bool { !hasHeardOthers }

    /// Whether multicast does not tell us of others, or not them of us, so that those who are linked may be no more than
    /// an island.
    /// - Parameter hasLink: There is a link with somebody on this network, whose multicast should be heard.
    func isDoubtful(at now: Instant, hasLink: Bool) -> Bool {
        isDeaf(at: now) ? !isReachable : hasLink && now >= othersHeardAt + Self.silence
    }

    /// When it becomes doubtful if nothing is heard.
    var doubtfulAt: Instant { othersHeardAt + Self.silence }

    /// Our own multicast does not come back: an input firewall drops it, and what others say with it.
    package func isDeaf(at now: Instant) -> Bool {
        guard unreturned >= Self.deafnessCount, let since = unreturnedSince else { return false }
        return now >= since + Self.deafness
    }

    /// When ``isDeaf(at:)`` becomes true if nothing comes back.
    var deafAt: Instant? {
        guard isSearchable, unreturned >= Self.deafnessCount else { return nil }
        return unreturnedSince.map { $0 + Self.deafness }
    }

    // The need.

    mutating func setNeeded(_ isNeeded: Bool, at now: Instant) {
        guard isNeeded != (neededSince != nil) else { return }
        neededSince = isNeeded ? now : nil
        roundCount = 0
        sweepCount = 0
    }

    /// Whether a neighbour that appears is introduced to without waiting for whether it finds us.
    func isSilenceLong(at now: Instant) -> Bool {
        guard let since = neededSince else { return false }
        return isDeaf(at: now) || now >= since + Self.rounds[0]
    }

    func nextRound(at now: Instant) -> Instant? {
        guard let since = neededSince else { return nil }
        if roundCount == 0, isDeaf(at: now) { return since }
        return since + Self.time(roundCount, Self.rounds, Self.roundInterval)
    }

    var nextSweep: Instant? {
        neededSince.map { $0 + Self.time(sweepCount, Self.sweeps, Self.sweepInterval) }
    }

    mutating func takeRound(at now: Instant) -> Bool {
        guard let next = nextRound(at: now), next <= now else { return false }
        roundCount += 1
        return true
    }

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
            // Of a /24 within a wider network the ends are hosts like others, and left out all the same.
            all += (first + 1..<last).filter { !own.contains(.v4($0)) }
        }
        all.sort()
        // Two prefixes of one interface may overlap.
        return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }.map { .v4(all[$0]) }
    }
}

extension IPAddress {
    /// Link-local addresses of IPv6 mean something on their interface only.
    fileprivate func isOfTheSameLink(as other: IPAddress) -> Bool {
        guard case .v6(_, _, let own) = self, case .v6(_, _, let theirs) = other else { return true }
        return own == theirs || own == 0 || theirs == 0
    }
}
