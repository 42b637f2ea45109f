import CoreModel
import PeerCore
import Secure
import Wire

/// How a trial is set up; the rest follows from its seed.
public struct TrialSettings: Sendable {
    /// Honest peers, at least 2.
    public var peers: Int
    /// Faults that may be on; each is by a coin's toss of the seed.
    public var faults: [FaultPlan.Kind]
    /// What people may do; each is by a coin's toss too.
    public var habits: [Habit]
    /// How long things go wrong, of virtual time.
    public var turmoil: Duration
    /// How often something goes wrong in that time, at most.
    public var faultCount: Int
    /// How much is said, at most.
    public var messageCount: Int
    /// Within this after the last fault everything must have come right.
    public var recovery = Duration.seconds(120)
    /// Peers up to which all have links with all (``PeerConfiguration/fullMeshCount``); nil: as it ships.
    public var fullMeshCount: Int?
    /// And stay so for this long.
    public var calm = Duration.seconds(4)

    /// What people do that peers must bear with.
    public enum Habit: String, CaseIterable, Sendable {
        /// They come one after another, all the time.
        case lateJoining
        /// They quit in order and come back.
        case quitting
        /// They change their names.
        case renaming
        /// They want names that others have.
        case sharedNames
        /// They go away and come back.
        case beingAway
        /// One or two hostile ones are among them.
        case lying
        /// Some are on another LAN, and some of both at a relay, which suffers faults too.
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

    /// Things go wrong for this long; as much happens in a minute as otherwise in all.
    public mutating func last(_ duration: Duration) {
        turmoil = duration
        let minutes = Int(clamping: max(1, duration.components.seconds / 60))
        faultCount *= minutes
        messageCount *= minutes
    }
}

/// What came of a trial in which nothing was violated.
public struct TrialOutcome: Equatable, Sendable {
    /// From the last fault until everything had come right.
    public var recovery: Duration
    /// From the last start of a peer, or the last fault, until every peer saw every other one on its LAN.
    public var fullView: Duration
    /// What came right last; nil if all was right at once.
    public var last: String?
    public var steps: Int
    public var messages: Int
    public var traffic: Traffic
    /// Of the trace; the same for the same seed. Nothing is traced, and this says nothing, in a quick trial.
    public var fingerprint: UInt64
}

/// One run of real peers through faults drawn from a seed: safety is checked after every step while the faults rage,
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
    /// What befalls the relay, and one peer with it; nil without one.
    let relayPlan: FaultPlan?
    /// Firewalls and deaf switches.
    let reachPlan: FaultPlan
    let neighbourhood: Neighbourhood
    /// How far everything had come right, at regular times; empty unless asked for.
    public internal(set) var samples: [Sample] = []
    /// Take samples, for a ``ConvergenceChart``.
    public var isSampled = false
    /// Lent by one trial to the next, because the keys for links are the same few in all.
    private let signing: Signing

    /// - Parameters:
    ///   - isTraced: keep a trace, which takes most of the time.
    ///   - earlier: what it has computed is not computed again; nothing else comes of it.
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
            // A disk of the simulation does not fail.
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

    /// Nothing goes wrong before, and nothing is said.
    static let start = Instant(nanoseconds: 500_000_000)

    /// The relay's host gets no firewall: a relay that nobody reaches is none.
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

    /// `peer` and the number.
    static func name(_ number: Int) -> Nickname {
        // All of these are names.
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

    /// Runs it to the end.
    /// - Throws: the ``Violation``, if there is one.
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

    /// Asked when everything has come right.
    private var fullView: Duration {
        let plans = [plan, reachPlan] + [relayPlan].compactMap(\.self)
        let last = plans.compactMap { $0.faults.last?.at }.max() ?? Instant(nanoseconds: 0)
        guard let delay = witness.fullView.delay(after: last) else {
            preconditionFailure("all was right, but somebody does not see somebody")
        }
        return delay
    }

    /// All faults are over, and everybody is there.
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
                        "everything comes right within \(settings.recovery) of the last fault", unrest,
                        step: simulation.stepCount, at: simulation.now)
                }
            } else if simulation.now - start >= (relayPlan == nil ? Self.latency : Self.relayLatency) {
                return (recovery, last)
            }
            try advance(to: simulation.now + Self.interval)
        }
    }

    /// How long it may take until peers notice that a link died during the last fault.
    private static let latency = Duration.seconds(11)

    /// And until a relay notices that it hears nothing of a member that hears it.
    private static let relayLatency = Duration.seconds(32)

    /// Between looks at the whole.
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
