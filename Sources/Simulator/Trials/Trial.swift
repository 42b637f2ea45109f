import CoreModel
import PeerCore
import Secure
import Wire

/// The settings of a trial; everything else follows from its seed.
public struct TrialSettings: Sendable {
    /// The number of honest peers, at least 2.
    public var peers: Int
    /// The faults that may be on; the seed tosses a coin for each.
    public var faults: [FaultPlan.Kind]
    /// The habits that people may have; the seed tosses a coin for each of them too.
    public var habits: [Habit]
    /// The virtual time during which faults occur.
    public var turmoil: Duration
    /// The maximum number of faults in that time.
    public var faultCount: Int
    /// The maximum number of messages.
    public var messageCount: Int
    /// The time after the last fault within which everything must have converged.
    public var recovery = Duration.seconds(120)
    /// The number of peers up to which all have links with all (``PeerConfiguration/fullMeshCount``); nil for the
    /// default.
    public var fullMeshCount: Int?
    /// The time for which everything must then stay converged.
    public var calm = Duration.seconds(4)

    /// Behaviour of people that peers must cope with.
    public enum Habit: String, CaseIterable, Sendable {
        /// They join one after another, all the time.
        case lateJoining
        /// They quit in order and come back.
        case quitting
        /// They change their names.
        case renaming
        /// They want names that others have.
        case sharedNames
        /// They go away and come back.
        case beingAway
        /// One or two of them are hostile.
        case lying
        /// Some are on another LAN, and some on both LANs are at a relay, which has faults too.
        case relaying
    }

    public init(peers: Int) {
        self.peers = peers
        faults = FaultPlan.Kind.allCases
        habits = Habit.allCases
        turmoil = .seconds(20)
        faultCount = 2 * peers
        messageCount = 4 * peers
    }

    /// Sets the time during which faults occur; each minute of it has as many faults and messages as a default trial.
    public mutating func last(_ duration: Duration) {
        turmoil = duration
        let minutes = Int(clamping: max(1, duration.components.seconds / 60))
        faultCount *= minutes
        messageCount *= minutes
    }
}

/// The outcome of a trial without a violation.
public struct TrialOutcome: Equatable, Sendable {
    /// The time from the last fault until everything had converged.
    public var recovery: Duration
    /// The time from the last start of a peer, or the last fault, until every peer saw every other one on its LAN.
    public var fullView: Duration
    /// The condition that was met last; nil if all were met immediately.
    public var last: String?
    public var steps: Int
    public var messages: Int
    public var traffic: Traffic
    /// The fingerprint of the trace, equal for equal seeds. In a quick trial nothing is traced, so it is meaningless.
    public var fingerprint: UInt64
}

/// One run of real peers through faults drawn from a seed: safety is checked after every step while faults occur,
/// liveness after they stop.
public final class Trial {
    public let seed: UInt64
    public let settings: TrialSettings
    /// The faults and habits that this seed has switched on.
    public let kinds: [String]
    public let simulation: Simulation<Resident>
    let witness: Witness
    var script: [ScriptedAct]
    let plan: FaultPlan
    /// The faults of the relay and of one peer; nil without a relay.
    let relayPlan: FaultPlan?
    /// Firewalls and switches without multicast.
    let reachPlan: FaultPlan
    let neighbourhood: Neighbourhood
    /// The degree of convergence at regular times; empty unless ``isSampled``.
    public internal(set) var samples: [Sample] = []
    /// Whether to take samples, for a ``ConvergenceChart``.
    public var isSampled = false
    /// The signing, which one trial hands to the next because all use the same few link keys.
    private let signing: Signing

    /// - Parameters:
    ///   - isTraced: Whether to keep a trace, which takes most of the time.
    ///   - earlier: A trial whose computed signatures are reused, without any other effect.
    public init(seed: UInt64, settings: TrialSettings, isTraced: Bool = false, after earlier: Trial? = nil) {
        precondition(settings.peers >= 2, "a trial needs two peers")
        let signing = earlier?.signing ?? .simulated()
        self.signing = signing
        self.seed = seed
        self.settings = settings
        var random = RandomStream(simulationSeed: seed)
        let identities = (0..<settings.peers).map { _ in
            Identity(seed: random.bytes(Identity.seedBytes), signing: signing)
        }
        let seeds = identities.map { _ in random.next() }
        let habits = settings.habits.filter { $0 != .relaying && random.unit() < 0.5 }
        let names = Self.names(settings.peers, areShared: habits.contains(.sharedNames), random: &random)
        let conditions = Self.conditions(&random)
        let end = Self.start + settings.turmoil
        let liars = habits.contains(.lying) ? 1 + Int(random.uniform(below: 2)) : 0
        let liarSeeds = (0..<liars).map { _ in random.bytes(Identity.seedBytes) }
        var relaying = Relaying(seed: seed, settings: settings, conditions: conditions, signing: signing)
        let (neighbourhood, relay) = (relaying.neighbourhood, relaying.relay)
        self.neighbourhood = neighbourhood
        relayPlan = relaying.plan
        simulation = Simulation(seed: random.next(), conditions: conditions) { host, generation, disk in
            if host == neighbourhood.relayHost, let relay { return relay.resident(generation, disk) }
            guard host.number < identities.count else {
                let number = host.number - identities.count - (neighbourhood.relay == nil ? 0 : 1)
                let stream = RandomStream(simulationSeed: seeds[0] ^ UInt64(identities.count + number))
                return Resident(
                    Liar(
                        identity: Identity(seed: liarSeeds[number], signing: signing), random: stream, until: end,
                        hasStatements: settings.fullMeshCount != nil))
            }
            let stream = RandomStream(simulationSeed: seeds[host.number] &+ UInt64(generation))
            var configuration = PeerConfiguration(name: names[host.number])
            if let count = settings.fullMeshCount { configuration.fullMeshCount = count }
            configuration.relays = neighbourhood.relays(of: host)
            // A simulated disk does not fail.
            return try! Resident(
                Peer(configuration: configuration, identity: identities[host.number], random: stream, archive: disk))
        }
        simulation.recorder.isTracing = isTraced
        witness = Witness(peers: identities.map(\.peerID), in: neighbourhood)
        let hosts = identities.indices.map(HostID.init)
        plan = FaultPlan(
            swarm: &random, kinds: settings.faults, hosts: hosts, from: Self.start,
            for: settings.turmoil, count: Int(random.uniform(below: UInt64(settings.faultCount + 1))), base: conditions)
        reachPlan = Self.reachPlan(seed: seed, settings: settings, in: neighbourhood)
        kinds =
            (plan.kinds + reachPlan.kinds).map(\.rawValue) + habits.map(\.rawValue) + (relay == nil ? [] : ["relaying"])
            + (relay?.certificate == nil ? [] : ["community"])
        script = []
        script = makeScript(habits: habits, random: &random)
        if relay != nil { script = Self.inOrder(script + relaying.acts(settings)) }
        let span = habits.contains(.lateJoining) ? settings.turmoil : .milliseconds(500)
        for host in hosts {
            simulation.addHost(on: [neighbourhood.lans[host.number]], startingAfter: span * random.unit())
        }
        if relay != nil { simulation.addHost(on: [LANID(0), LANID(1)]) }
        for _ in 0..<liars { simulation.addHost(startingAfter: .milliseconds(Int64(random.uniform(below: 5_000)))) }
        if plan.kinds.contains(.clockJump) {
            // Clocks are wrong from the start, too.
            for host in hosts {
                simulation.perform(.shiftWall(host, .seconds(Int64(random.uniform(below: 7_200)) - 3_600)))
            }
        }
    }

    /// The time before which there are no faults and no messages.
    static let start = Instant(nanoseconds: 500_000_000)

    /// Draws the faults of reach. The relay's host gets no firewall: a relay that no peer can reach would be useless.
    private static func reachPlan(
        seed: UInt64, settings: TrialSettings, in neighbourhood: Neighbourhood
    ) -> FaultPlan {
        var random = RandomStream(simulationSeed: seed ^ 0x7265_6163_6800_0000)
        let lans = Set(neighbourhood.lans).sorted().map { lan in
            (lan, neighbourhood.lans.indices.filter { neighbourhood.lans[$0] == lan }.map(HostID.init))
        }
        return FaultPlan(reach: &random, kinds: settings.faults, lans: lans, from: start, for: settings.turmoil)
    }

    private static func names(_ count: Int, areShared: Bool, random: inout RandomStream) -> [Nickname] {
        let pool = areShared ? 1 + Int(random.uniform(below: UInt64(count))) : count
        return (0..<count).map { name(areShared ? Int(random.uniform(below: UInt64(pool))) : $0) }
    }

    /// Returns `peer` and the number.
    static func name(_ number: Int) -> Nickname {
        // All of these names are valid.
        try! Nickname("peer\(number)")
    }

    private static func conditions(_ random: inout RandomStream) -> Conditions {
        var conditions = Conditions()
        if random.unit() < 0.3 {
            conditions.latency = .milliseconds(Int64(random.uniform(below: 100)))
            conditions.jitter = .milliseconds(Int64(random.uniform(below: 100)))
        }
        return conditions
    }

    /// Runs the trial to its end.
    /// - Throws: The ``Violation``, if there is one.
    public func run() throws -> TrialOutcome {
        simulation.invariant = { [witness] simulation in try witness.look(at: simulation) }
        simulation.apply(plan)
        if let relayPlan { simulation.apply(relayPlan) }
        simulation.apply(reachPlan)
        let end = Self.start + settings.turmoil
        for act in script {
            try advance(to: act.at)
            perform(act)
        }
        try advance(to: end + .milliseconds(1))
        repairAll()
        let (recovery, last) = try comeToRest()
        try stayAtRest()
        return TrialOutcome(
            recovery: recovery, fullView: fullView, last: last, steps: simulation.stepCount,
            messages: witness.ledger.accepted.count,
            traffic: simulation.recorder.total, fingerprint: simulation.recorder.fingerprint)
    }

    /// The time until the full view. Read only once everything has converged.
    private var fullView: Duration {
        let plans = [plan, reachPlan] + [relayPlan].compactMap(\.self)
        let last = plans.compactMap { $0.faults.last?.at }.max() ?? Instant(nanoseconds: 0)
        guard let delay = witness.fullView.delay(after: last) else {
            preconditionFailure("everything has converged, but a peer does not see another")
        }
        return delay
    }

    /// Ends all faults and restarts all missing peers.
    private func repairAll() {
        for host in simulation.hosts.prefix(settings.peers + (neighbourhood.relay == nil ? 0 : 1)) {
            simulation.perform(.wake(host))
            simulation.perform(.resume(host))
            simulation.perform(.plug(host))
            simulation.perform(.restart(host))
        }
    }

    private func comeToRest() throws -> (Duration, last: String?) {
        let start = simulation.now
        var recovery = Duration.zero
        var last: String?
        while true {
            if let unrest = witness.unrest(in: simulation) {
                recovery = simulation.now - start
                last = unrest
                guard recovery < settings.recovery else {
                    throw Violation(
                        "everything converges within \(settings.recovery) of the last fault", unrest,
                        step: simulation.stepCount, at: simulation.now)
                }
            } else if simulation.now - start >= (relayPlan == nil ? Self.latency : Self.relayLatency) {
                return (recovery, last)
            }
            try advance(to: simulation.now + Self.interval)
        }
    }

    /// The maximum time until peers notice that a link died during the last fault.
    private static let latency = Duration.seconds(11)

    /// The maximum further time until a relay notices that it receives nothing from a member that receives from it.
    private static let relayLatency = Duration.seconds(32)

    /// The time between checks of convergence.
    private static let interval = Duration.milliseconds(250)

    func advance(to end: Instant) throws {
        while isSampled, simulation.now < end {
            let next = min(end, (samples.last?.at ?? Instant(nanoseconds: 0)) + Self.interval)
            try simulation.run(for: max(.zero, next - simulation.now))
            if next < end || samples.isEmpty || samples.last.map({ $0.at + Self.interval == end }) == true {
                samples.append(witness.sample(of: simulation))
            }
        }
        try simulation.run(for: max(.zero, end - simulation.now))
    }
}
