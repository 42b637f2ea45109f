public import CoreModel

/// Something that goes wrong, or right again.
public enum Fault: Sendable {
    /// Nothing gets from one host to the other; the way back is another matter. Nobody is told.
    case cut(from: HostID, to: HostID)
    case heal(from: HostID, to: HostID)
    /// Nothing passes between these and all others, in either direction (`oneWay`: only from these to the others).
    case partition([HostID], oneWay: Bool)
    case healAll
    /// The cable is pulled: the host is told that its interfaces are gone, the others are not.
    case unplug(HostID)
    case plug(HostID)
    /// Every interface gets another address; links bound to the old one are dead, but nobody says so.
    case changeAddress(HostID)
    /// The connections that are between the two now carry nothing any more, and nobody is told.
    case deaden(HostID, HostID)
    case sleep(HostID)
    case wake(HostID)
    /// The process gets no time, its kernel goes on: it reads late, and all at once.
    case pause(HostID)
    case resume(HostID)
    /// The wall clock jumps by so much.
    case shiftWall(HostID, Duration)
    /// The process dies, the machine lives on: its links are reset.
    case crash(HostID)
    /// The process dies in its next round, before or after it commits; nothing of that round leaves the machine.
    case crashInNextRound(HostID, afterCommit: Bool)
    /// The machine dies: its links are never heard of again.
    case powerCut(HostID)
    /// A crashed process or machine starts again.
    case restart(HostID)
    /// The host gets a firewall, another, or none (nil). Connections that exist go on.
    case firewall(HostID, Firewall?)
    /// The LAN's switch passes no multicast any more; unicast passes.
    case deafen(LANID)
    case undeafen(LANID)
    /// What a host sends and receives on any of its links is no faster than this, in bytes a second; nil: as fast as the
    /// network.
    case slow(HostID, bytesPerSecond: Int?)
    case conditions(Conditions)
}

/// A schedule of faults, drawn from a seed.
public struct FaultPlan: Sendable {
    /// Kinds that a swarm switches on or off as a whole, because bugs hide where one kind keeps another from acting.
    public enum Kind: String, CaseIterable, Sendable {
        case loss, slowLinks, oneWayCut, deadLink, partition, flapping, unplugging, addressChange, sleep, pause
        case clockJump, crash, powerCut
        /// From the start and for good: some hosts have firewalls.
        case firewall
        /// A LAN's switch passes no multicast, for good or for a while.
        case deafSwitch
        /// A host takes bytes slowly for a while, and what it sends leaves slowly.
        case slowHost

        /// Whether it hinders hosts from hearing each other without breaking anything that they have. These are drawn
        /// apart, from a random stream of their own.
        public var limitsReach: Bool { self == .firewall || self == .deafSwitch || self == .slowHost }

        /// Those that limit reach.
        public static var reach: [Kind] { allCases.filter(\.limitsReach) }
    }

    public private(set) var faults: [(at: Instant, fault: Fault)] = []
    /// What this plan has switched on.
    public let kinds: [Kind]
    private let base: Conditions

    /// - Parameter faults: in order.
    init(kinds: [Kind], faults: [(at: Instant, fault: Fault)]) {
        self.kinds = kinds
        base = Conditions()
        self.faults = faults
    }

    /// - Parameters:
    ///   - kinds: those that may be on; each is by a coin's toss. Those that limit reach are passed over.
    ///   - start: no fault before.
    ///   - duration: all faults are over, and undone, when it has passed.
    ///   - count: how many times something goes wrong.
    ///   - base: the conditions while nothing is wrong with them.
    public init(
        swarm random: inout some RandomNumberGenerator, kinds: [Kind] = Kind.allCases, hosts: [HostID],
        from start: Instant, for duration: Duration, count: Int, base: Conditions = Conditions()
    ) {
        precondition(hosts.count >= 2 && duration > .zero, "nothing could go wrong")
        self.base = base
        self.kinds = kinds.filter { !$0.limitsReach && Bool.random(using: &random) }
        guard !self.kinds.isEmpty else { return }
        let span = duration.wholeNanoseconds
        for _ in 0..<count {
            let kind = self.kinds.randomElement(using: &random) ?? self.kinds[0]
            let first = Int64.random(in: 0..<span, using: &random)
            let last = Int64.random(in: first...span, using: &random)
            let chosen = hosts.shuffled(using: &random)
            add(
                kind, chosen, from: start + .nanoseconds(first), to: start + .nanoseconds(last), random: &random)
        }
        add(.healAll, at: start + duration)
        add(.conditions(base), at: start + duration)
        // Stable: what was drawn first happens first.
        faults = faults.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    private mutating func add(_ fault: Fault, at: Instant) { faults.append((at, fault)) }

    /// - Parameter hosts: shuffled; as many as the kind needs are taken from the front.
    private mutating func add(
        _ kind: Kind, _ hosts: [HostID], from start: Instant, to end: Instant,
        random: inout some RandomNumberGenerator
    ) {
        let host = hosts[0]
        switch kind {
        case .firewall, .deafSwitch, .slowHost: preconditionFailure("\(kind) is drawn apart")
        case .loss:
            var conditions = base
            conditions.loss = Double.random(in: 0...0.5, using: &random)
            conditions.duplication = Double.random(in: 0...0.2, using: &random)
            conditions.reordering = Double.random(in: 0...0.2, using: &random)
            add(.conditions(conditions), at: start)
            add(.conditions(base), at: end)
        case .slowLinks:
            var conditions = base
            conditions.linkBytesPerSecond = Int.random(in: 5_000...100_000, using: &random)
            add(.conditions(conditions), at: start)
            add(.conditions(base), at: end)
        case .deadLink: add(.deaden(host, hosts[1]), at: start)
        case .oneWayCut:
            add(.cut(from: host, to: hosts[1]), at: start)
            add(.heal(from: host, to: hosts[1]), at: end)
        case .partition, .flapping:
            let side = Array(hosts.prefix(Int.random(in: 1..<hosts.count, using: &random)))
            let isOneWay = UInt8.random(in: 0..<4, using: &random) == 0
            let times = kind == .flapping ? 8 : 1
            let step = (end - start) / (2 * times)
            for turn in 0..<times {
                add(.partition(side, oneWay: isOneWay), at: start + step * (2 * turn))
                add(.healAll, at: start + step * (2 * turn + 1))
            }
        case .unplugging:
            add(.unplug(host), at: start)
            add(.plug(host), at: end)
        case .addressChange: add(.changeAddress(host), at: start)
        case .sleep:
            add(.sleep(host), at: start)
            add(.wake(host), at: end)
        case .pause:
            add(.pause(host), at: start)
            add(.resume(host), at: end)
        case .clockJump:
            add(.shiftWall(host, .seconds(Int64.random(in: -86_400...86_400, using: &random))), at: start)
        case .crash, .powerCut:
            let when = UInt8.random(in: 0..<4, using: &random)
            if kind == .powerCut {
                add(.powerCut(host), at: start)
            } else {
                add(when < 2 ? .crash(host) : .crashInNextRound(host, afterCommit: when == 2), at: start)
            }
            add(.restart(host), at: end)
        }
    }
}
