public import CoreModel

/// A fault, or its repair.
public enum Fault: Sendable {
    /// No packets pass from one host to the other; the way back is independent. Neither is notified.
    case cut(from: HostID, to: HostID)
    case heal(from: HostID, to: HostID)
    /// No packets pass between these hosts and all others, in either direction (`oneWay`: only from these to the
    /// others).
    case partition([HostID], oneWay: Bool)
    case healAll
    /// The cable is pulled: the host is notified that its interfaces are gone, the others are not.
    case unplug(HostID)
    case plug(HostID)
    /// Every interface gets another address; links bound to the old one are dead, without notice.
    case changeAddress(HostID)
    /// The existing connections between the two carry no more data, without notice.
    case deaden(HostID, HostID)
    case sleep(HostID)
    case wake(HostID)
    /// The process gets no time, but its kernel goes on: it reads late, and everything together.
    case pause(HostID)
    case resume(HostID)
    /// The wall clock jumps by this much.
    case shiftWall(HostID, Duration)
    /// The process dies, but the machine lives on: its links are reset.
    case crash(HostID)
    /// The process dies in its next round, before or after it commits; no output of that round leaves the machine.
    case crashInNextRound(HostID, afterCommit: Bool)
    /// The machine dies: its links fall silent.
    case powerCut(HostID)
    /// A crashed process or machine starts again.
    case restart(HostID)
    /// The host gets a firewall, another one, or none (nil). Existing connections continue.
    case firewall(HostID, Firewall?)
    /// The LAN's switch stops passing multicast; unicast passes.
    case deafen(LANID)
    case undeafen(LANID)
    /// The host sends and receives no faster than this on any of its links, in bytes a second; nil: as fast as the
    /// network.
    case slow(HostID, bytesPerSecond: Int?)
    case conditions(Conditions)
}

/// A schedule of faults, drawn from a seed.
public struct FaultPlan: Sendable {
    /// The kinds of faults. A swarm switches each on or off as a whole, because one kind can mask bugs that another
    /// reveals.
    public enum Kind: String, CaseIterable, Sendable {
        case loss, slowLinks, oneWayCut, deadLink, partition, flapping, unplugging, addressChange, sleep, pause
        case clockJump, crash, powerCut
        /// Some hosts have firewalls for the whole run.
        case firewall
        /// A LAN's switch passes no multicast, for the whole run or temporarily.
        case deafSwitch
        /// A host receives and sends slowly for a while.
        case slowHost

        /// Whether it keeps hosts from hearing each other without breaking anything that they have. These kinds are
        /// drawn from a random stream of their own.
        public var limitsReach: Bool { self == .firewall || self == .deafSwitch || self == .slowHost }

        /// The kinds that limit reach.
        public static var reach: [Kind] { allCases.filter(\.limitsReach) }
    }

    public private(set) var faults: [(at: Instant, fault: Fault)] = []
    /// The kinds that this plan has switched on.
    public let kinds: [Kind]
    private let base: Conditions

    /// - Parameter faults: The faults in order.
    init(kinds: [Kind], faults: [(at: Instant, fault: Fault)]) {
        self.kinds = kinds
        base = Conditions()
        self.faults = faults
    }

    /// - Parameters:
    ///   - kinds: The kinds that may be on; a coin is tossed for each. Those that limit reach are ignored.
    ///   - start: The time before which there is no fault.
    ///   - duration: The time after which all faults are over and undone.
    ///   - count: The number of faults.
    ///   - base: The conditions in the absence of faults.
    public init(
        swarm random: inout some RandomNumberGenerator, kinds: [Kind] = Kind.allCases, hosts: [HostID],
        from start: Instant, for duration: Duration, count: Int, base: Conditions = Conditions()
    ) {
        precondition(hosts.count >= 2 && duration > .zero, "no fault is possible")
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
        // A stable sort: faults at the same time keep the order in which they were drawn.
        faults = faults.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    private mutating func add(_ fault: Fault, at: Instant) { faults.append((at, fault)) }

    /// - Parameter hosts: The shuffled hosts; a kind takes as many as it needs from the front.
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
