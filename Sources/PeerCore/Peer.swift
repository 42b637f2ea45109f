public import CoreModel
import LocalNetwork
public import Secure
public import Wire

/// A peer: discovery, names, links and rooms, as a value that is notified of inputs and asked for outputs. It makes no
/// system call and reads no clock; `Host` and `Simulator` run the same code.
///
/// To use it, `handle` any number of inputs, call `archive.commit()`, take `nextOutput()` until it is nil (which seals
/// the bytes queued for the links), then wait until `nextDeadline` or the next input.
public struct Peer: Core {
    let keys: Keys
    let configuration: PeerConfiguration
    let archive: any Archive
    var random: RandomStream
    var naming: Naming
    var discovery: Discovery
    var links = LinkTable()
    var roster = Roster()
    var rooms = Rooms()
    var presence: OwnPresence
    var timers = TimerTable<PeerTimer>()
    var outputs = OutputQueue()
    var sessions: RelaySessions
    /// The time of the input that is being handled.
    var now = Instant(nanoseconds: 0)
    /// The wall clock, and the clock that ages are counted by.
    var clock: AgeClock

    /// Creates a peer and loads its state from the archive.
    ///
    /// - Parameters:
    ///   - configuration: The settings of the peer, fixed from the start.
    ///   - identity: The key pair of the peer.
    ///   - random: The only source of randomness: seeded from the system by the host, from its seed by the simulator.
    ///   - archive: The storage, which only this core uses.
    /// - Throws: If the archive cannot be read.
    public init(
        configuration: PeerConfiguration, identity: Identity, random: RandomStream, archive: any Archive
    ) throws(ArchiveError) {
        var random = random
        self.configuration = configuration
        self.archive = archive
        let privateKey = random.bytes(32)
        keys = Keys(identity: identity, staticKey: identity.linkKey(of: privateKey))
        naming = Naming(peer: identity.peerID, isStrict: configuration.isStrictAboutName)
        // Zero means "not yet known" in a link, so an instance is never zero.
        let instance = random.next() | 1
        discovery = Discovery(
            peer: identity.peerID, instance: instance, signing: identity.signing,
            random: RandomStream(seed: random.bytes(32)),
            mesh: Mesh(fullMeshCount: configuration.fullMeshCount, secretFrom: privateKey),
            usesSweep: configuration.usesSweep)
        presence = OwnPresence(instance: instance)
        sessions = RelaySessions(firstTunnelNumber: random.next())
        self.random = random
        let gatherings = KnownGatherings(
            decoding: try archive.setting(KnownGatherings.setting) ?? [],
            earlier: try archive.setting(EarlierGatherings.setting) ?? [])
        clock = try AgeClock(keptIn: archive, gatheringTimes: gatherings.records.map(\.last.milliseconds))
        try loadSessions()
        let surplus = roster.load(try archive.knownPeers())
        if !surplus.isEmpty { try archive.forget(surplus) }
        rooms.known = gatherings
        discovery.reach.known = KnownAddresses(decoding: try archive.setting(KnownAddresses.setting) ?? [])
        rooms.retentionState.unsolicited = try UnsolicitedMessages(of: id, in: archive)
        rooms.unseen = UnseenMessages(decoding: try archive.setting(UnseenMessages.setting) ?? [])
    }

    /// The ID of this peer: its public key.
    public var id: PeerID { keys.identity.peerID }
    var identity: Identity { keys.identity }
    var wall: WallTime { clock.wall }
    var staticKey: NoiseKeyPair { keys.staticKey }

    /// Handles one input.
    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        precondition(now >= self.now, "time never goes back")
        self.now = now
        for observation in clock.read(wall, at: now) { outputs.push(.note(observation.note)) }
        // The host calls again only when it has carried out all outputs that it took.
        if outputs.isEmpty { rooms.unseen.outputsTaken() }
        switch input {
        case .started(let linkPort, let interfaces):
            started(linkPort: linkPort, interfaces: interfaces)
        case .interfacesChanged(let interfaces):
            interfacesChanged(interfaces)
        case .resumed:
            discovery.resumed(at: now)
            pingAllLinks()
            redialRelaysNow()
            gatherOnNetwork()
        case .datagramReceived(let bytes, let endpoint, let path):
            let version = discovery.datagramReceived(bytes, from: endpoint, by: path, at: now)
            if let version { versionHeard(version) }
        case .neighbourSeen(let address): discovery.neighbourSeen(address, at: now)
        case .obstaclesChanged(let obstacles): presence.silence.obstacles = obstacles
        case .hostFound(let name, let endpoints):
            hostFound(name, endpoints)
        case .linkAccepted(let id, let endpoint):
            linkAccepted(id, from: endpoint)
        case .linkOpened(let id):
            linkOpened(id)
        case .linkBytesReceived(let id, let bytes):
            linkBytesReceived(id, bytes)
        case .linkDrained(let id):
            linkDrained(id)
        case .linkClosed(let id, let end):
            linkClosed(id, end)
        case .deadlineReached:
            deadlineReached()
        case .commanded(let command, let token):
            commanded(command, token: token)
        }
        settle()
    }

    /// Returns the next output, or nil if there is none for now. After all other outputs it seals the bytes queued for
    /// each link, as one record per link and as late as possible.
    public mutating func nextOutput() -> Output? {
        if let output = outputs.pop() { return output }
        wrapTunnels()
        if let flush = links.nextFlush(at: now) { return .sendOnLink(flush.id, flush.bytes) }
        if let link = links.nextAwaited() { return .awaitDrained(link) }
        // Outputs that the flushes produced.
        return outputs.pop()
    }

    /// The earliest time at which this core needs `deadlineReached`, with the reason.
    public var nextDeadline: Deadline? {
        var next = Deadline.earlier(discovery.nextDeadline, naming.nextDeadline)
        next = .earlier(next, rooms.nextDeadline)
        next = .earlier(next, sessions.nextDeadline)
        return .earlier(next, timers.next)
    }

    /// Runs everything that is due now.
    private mutating func deadlineReached() {
        discovery.deadlineReached(at: now)
        naming.deadlineReached(at: now, wall: wall)
        rooms.deadlineReached(at: now)
        dialRelays()
        for timer in timers.takeDue(at: now) {
            switch timer {
            case .maintenance: maintainLinks()
            case .people: maintainPeople()
            case .entryGossip: gossipEntries()
            case .reconciliation: reconcileWithRandomPeer()
            case .gossip: sendGossip()
            case .advertisement: makeAdvertisement()
            case .comparison: compareAdvertisements()
            case .neighbourSelection: selectNeighbours()
            // Handling any input is all that is needed: it shows that the host has taken the outputs.
            case .shownMessages: break
            case .location: noteGathering()
            case .gathering: meetLowestGathering()
            case .retention: pruneExpired()
            case .redelivery: redeliver()
            case .silence: considerSilence()
            case .backlog: showCompleteBacklogs()
            case .suppressedLines: reportSuppressedLines()
            case .receiptTimeout: quitNow(.done)
            case .presenceSummary: reportPresenceSummary()
            case .requests: for id in links.ids { askForPlanned(on: id) }
            }
        }
    }

    /// Performs the acts of the state machines until none is left. Each act is finite and consumes its cause, so this
    /// terminates.
    private mutating func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            while let act = naming.nextAct() {
                perform(act)
                isQuiet = false
            }
            while let act = discovery.nextAct() {
                perform(act)
                isQuiet = false
            }
            if settleRooms() { isQuiet = false }
            if settleMesh() { isQuiet = false }
        }
        considerReadiness()
        considerLeaving()
        keepUnseen()
        followConversation()
    }

    /// Writes a line to the log.
    mutating func note(_ level: Note.Level, _ text: String) {
        outputs.push(.note(Note(level, text)))
    }

    /// Sends an event to the front end. Every event passes through here.
    mutating func notify(_ event: Event, token: CommandToken? = nil) {
        // Our own exit does not mean that the others left.
        if presence.stage == .finished, case .peer(let change) = event, change.state == .left { return }
        guard let event = withoutBlocked(event) else { return }
        outputs.push(.notify(gathered(event), token: token))
    }
}

/// The key pairs that prove our identity.
struct Keys {
    let identity: Identity
    /// The static key that this process uses in handshakes.
    let staticKey: NoiseKeyPair
}

/// The state of this peer itself.
struct OwnPresence {
    /// The stages of a run, named after the awaited event.
    enum Stage: Equatable {
        case awaitingStart
        case awaitingName
        case ready
        /// Quits once all outstanding receipts have arrived.
        case awaitingReceipts
        case finished
    }

    let instance: UInt64
    var stage = Stage.awaitingStart
    var sequence: UInt64 = 0
    var linkPort: UInt16 = 0
    var away: String?
    var lastLinkNumber: UInt64 = 0
    /// The token of the command that started the current change of name.
    var nickToken: CommandToken?
    /// The commands whose private messages wait for receipts.
    var receiptTokens = ReceiptTokens()
    /// The commands given before the name was settled, oldest first.
    var deferred: [(command: Command, token: CommandToken?)] = []
    /// The network location of our gathering.
    var location = NetworkLocation()
    /// The time since which this peer has had no network; nil while it has one.
    var offlineSince: Instant?
    /// Whether the user has been notified that a peer speaks a later version of the protocol.
    var hasReportedVersion = false
    var silence = Silence()
    /// The rates at which each author may put lines on the screen.
    var rates = ShownRates()
    /// The conversation that typed text is sent to.
    var open: Peer.OpenConversation?

    init(instance: UInt64) { self.instance = instance }
}
