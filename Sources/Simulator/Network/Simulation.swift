public import CoreModel
import Secure
public import Wire

/// Many cores on one virtual network, clock and disk. Everything that happens follows from the seed: equal seeds give
/// equal traces, to the byte.
public final class Simulation<Node: Core> {
    /// A scheduled event.
    enum Happening {
        case input(HostID, generation: Int, Input)
        case datagram(Datagram)
        case deadline(HostID, generation: Int, at: Instant)
        case connectionAsked(Int)
        case connectionAnswered(Int, end: Int)
        case pump(Int, direction: Int)
        case refusal(Int)
        case reset(Int, end: Int, text: String)
        case fault(Fault)
    }

    /// A machine. A class, so that its process is never copied.
    final class Machine {
        /// The core of the process; nil while it is not running.
        var node: Node?
        var generation = 0
        var isPowered = true
        var isAsleep = false
        /// Whether the process gets no time while its kernel goes on.
        var isPaused = false
        /// The inputs that have arrived for a paused process.
        var waiting: [Input] = []
        var waitingDatagrams = 0
        /// Set if the process dies in its next round, before (false) or after (true) that round is committed.
        var doom: Bool?
        var wallOffset = Duration.zero
        var wallShiftedAt = Instant(nanoseconds: 0)
        var nextAcceptedLink: UInt64 = 1 << 63
        /// The indices of its links in `connections`.
        var links: [LinkID: Int] = [:]
        /// The addresses whose hardware addresses its kernel knows. Only used for membership tests and sorted
        /// iteration.
        var neighbours: Set<IPAddress> = []
        var scheduledDeadline: Instant?
    }

    public let seed: UInt64
    public internal(set) var now = Instant(nanoseconds: 0)
    public var recorder = Recorder()
    /// Called after every step; an error that it throws ends the run.
    public var invariant: ((Simulation<Node>) throws -> Void)?
    var network = VirtualNetwork()
    var machines: [Machine] = []
    var connections: [Connection?] = []
    var queue = EventQueue<Happening>()
    var random: RandomStream
    /// The disks, by host; each lives as long as its machine, over all starts of the process.
    public internal(set) var disks: [Disk] = []
    /// The hosts that had a round in this step or were stopped, possibly repeated.
    public internal(set) var stirred: [HostID] = []
    /// The number of steps taken.
    public private(set) var stepCount = 0
    private let makeNode: (HostID, _ generation: Int, Disk) -> Node
    /// 2026-01-01, at zero of the virtual clock.
    private let wallStart: UInt64 = 1_767_225_600_000
    static var linkPort: UInt16 { 47474 }

    /// - Parameters:
    ///   - seed: Determines everything that the network does. Print it when a test fails.
    ///   - conditions: The initial conditions, which a fault can change later.
    ///   - makeNode: Makes the core of a process on its machine's disk; the generation counts the starts on that host
    ///     from 0.
    public init(
        seed: UInt64, conditions: Conditions = Conditions(),
        makeNode: @escaping (HostID, _ generation: Int, Disk) -> Node
    ) {
        self.seed = seed
        self.makeNode = makeNode
        random = RandomStream(simulationSeed: seed)
        network.conditions = conditions
    }

    public var hosts: [HostID] { machines.indices.map(HostID.init) }
    var hostCount: Int { machines.count }

    /// Adds a machine with one interface on each of these LANs. Its process starts after `delay`.
    @discardableResult
    public func addHost(on lans: [LANID] = [LANID(0)], startingAfter delay: Duration = .zero) -> HostID {
        let host = network.addHost(on: lans)
        machines.append(Machine())
        disks.append(Disk())
        recorder.addHost()
        queue.push(.fault(.restart(host)), at: now + delay)
        return host
    }

    public func node(of host: HostID) -> Node? { machines[host.number].node }

    /// Returns the endpoint for links to this host.
    public func endpoint(of host: HostID) -> Endpoint? {
        network.attachments[host.number].first.map { Endpoint(address: $0.address, port: Self.linkPort) }
    }

    public func wall(of host: HostID) -> WallTime {
        let since = now.nanoseconds / 1_000_000 + machines[host.number].wallOffset.wholeNanoseconds / 1_000_000
        return WallTime(milliseconds: UInt64(clamping: Int64(wallStart) + since))
    }

    /// Returns the time when its clock last jumped.
    func wallShift(of host: HostID) -> Instant { machines[host.number].wallShiftedAt }

    // MARK: Running

    /// Takes one step.
    /// - Returns: False if no event is left.
    @discardableResult
    public func step() throws -> Bool {
        guard let (at, happening) = queue.pop() else { return false }
        now = at
        stepCount += 1
        stirred.removeAll(keepingCapacity: true)
        perform(happening)
        try invariant?(self)
        return true
    }

    public func run(for duration: Duration) throws {
        let end = now + duration
        while let next = queue.nextTime, next <= end { try step() }
        now = end
    }

    /// Runs until the condition holds, checking it after every step.
    /// - Returns: How long that took; nil if it did not hold within the limit.
    public func run(limit: Duration, until condition: (Simulation<Node>) -> Bool) throws -> Duration? {
        let start = now
        if condition(self) { return .zero }
        while let next = queue.nextTime, next <= start + limit {
            try step()
            if condition(self) { return now - start }
        }
        now = start + limit
        return nil
    }

    /// Hands a command of the person at this host to its core, now.
    public func command(_ host: HostID, _ command: Command, token: CommandToken? = nil) {
        deliver(.commanded(command, token: token), to: host)
    }

    /// Delivers a datagram that no core sent, from an address that no host has.
    public func inject(datagram bytes: [UInt8], to host: HostID) {
        deliver(.datagramReceived(bytes, from: Self.stranger, by: .multicast(interface: 0)), to: host)
    }

    static var stranger: Endpoint { Endpoint(address: .v4(0x0AFF_0001), port: linkPort) }

    public func apply(_ plan: FaultPlan) {
        for (at, fault) in plan.faults { queue.push(.fault(fault), at: max(at, now)) }
    }

    // MARK: Rounds of a host

    func start(_ host: HostID) {
        guard machines[host.number].node == nil else { return }
        machines[host.number].isPowered = true
        machines[host.number].node = makeNode(
            host, machines[host.number].generation, disks[host.number])
        recorder.starts[host.number] += 1
        recorder.events[host.number] = []
        recorder.exits[host.number] = nil
        deliver(.started(linkPort: Self.linkPort, interfaces: network.interfaces(of: host)), to: host)
        // A starting host asks its kernel for the neighbours that it already knows.
        for address in machines[host.number].neighbours.sorted(by: { "\($0)" < "\($1)" }) {
            deliver(.neighbourSeen(address), to: host)
        }
    }

    /// Runs one round of a host's loop, with one input.
    func deliver(_ input: Input, to host: HostID, from source: HostID? = nil) {
        guard machines[host.number].node != nil, !machines[host.number].isAsleep else { return }
        if machines[host.number].isPaused {
            hold(input, for: host)
            return
        }
        if recorder.isTracing { trace(host, input, from: source) }
        stirred.append(host)
        let wall = wall(of: host)
        machines[host.number].node?.handle(input, at: now, wall: wall)
        if machines[host.number].doom == false { return stopProcess(host, orderly: false) }
        // A simulated disk does not fail.
        try! disks[host.number].commit()
        if machines[host.number].doom == true { return stopProcess(host, orderly: false) }
        while let output = machines[host.number].node?.nextOutput() {
            perform(output, of: host)
        }
        scheduleDeadline(of: host)
    }

    /// Holds input for a paused process: of datagrams, only as many as fit in a socket.
    private func hold(_ input: Input, for host: HostID) {
        switch input {
        case .deadlineReached: return
        case .datagramReceived:
            guard machines[host.number].waitingDatagrams < Self.socketDatagrams else { return }
            machines[host.number].waitingDatagrams += 1
        default: break
        }
        machines[host.number].waiting.append(input)
    }

    /// About the number that fit in 208 KiB, Linux's default.
    private static var socketDatagrams: Int { 256 }

    func scheduleDeadline(of host: HostID) {
        guard let deadline = machines[host.number].node?.askDeadline() else { return }
        // However soon the deadline is, some time passes before a real loop runs again.
        let at = max(deadline.at, now + .microseconds(1))
        guard machines[host.number].scheduledDeadline != at else { return }
        machines[host.number].scheduledDeadline = at
        queue.push(.deadline(host, generation: machines[host.number].generation, at: at), at: at)
    }
}

extension Core {
    /// Returns its next deadline in place: a core that is only read is copied first.
    mutating func askDeadline() -> Deadline? { nextDeadline }
}
