public import CoreModel
import LocalNetwork
public import Secure
public import Wire

/// One peer: discovery, names, links and rooms, as a value that is told what happened and asked what to do. It makes no
/// system call and reads no clock; `Host` and `Simulator` run the same code (DESIGN §3).
///
/// Use: `handle` any number of inputs, `archive.commit()`, then take `nextOutput()` until nil (which seals what was
/// queued for the links), then wait until `nextDeadline` or the next input.
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
    /// What the clock on the wall says, and by what ages are counted.
    var clock: AgeClock

    /// - Parameters:
    ///   - random: seeded by the host from the system, by the simulator from its seed. All randomness comes from it.
    ///   - archive: what is kept; only this core uses it.
    /// - Throws: when the archive cannot be read.
    public init(
        configuration: PeerConfiguration, identity: Identity, random: RandomStream, archive: any Archive
    ) throws(ArchiveError) {
        var random = random
        self.configuration = configuration
        self.archive = archive
        let privateKey = random.bytes(32)
        keys = Keys(identity: identity, staticKey: identity.linkKey(of: privateKey))
        naming = Naming(peer: identity.peerID, isStrict: configuration.isStrictAboutName)
        // Zero is "not yet known" in a link, so an instance is never zero.
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
        rooms.keeping.unasked = try UnaskedMessages(of: id, in: archive)
        rooms.unseen = UnseenMessages(decoding: try archive.setting(UnseenMessages.setting) ?? [])
    }

    public var id: PeerID { keys.identity.peerID }
    var identity: Identity { keys.identity }
    var wall: WallTime { clock.wall }
    var staticKey: NoiseKeyPair { keys.staticKey }

    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        precondition(now >= self.now, "time never goes back")
        self.now = now
        for news in clock.read(wall, at: now) { outputs.push(.note(news.note)) }
        // The host asks for more only when it has carried out what it was given.
        if outputs.isEmpty { rooms.unseen.outputsTaken() }
        switch input {
        case .started(let linkPort, let interfaces):
            started(linkPort: linkPort, interfaces: interfaces)
        case .interfacesChanged(let interfaces):
            interfacesChanged(interfaces)
        case .resumed:
            discovery.resumed(at: now)
            pingAllLinks()
            hurryRelays()
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

    /// What to do next; nil when there is nothing left for now. Behind all else, what is queued for each link is sealed
    /// as one record a link, at the moment when it is asked for.
    public mutating func nextOutput() -> Output? {
        if let output = outputs.pop() { return output }
        wrapTunnels()
        if let flush = links.nextFlush(at: now) { return .sendOnLink(flush.id, flush.bytes) }
        if let link = links.nextAwaited() { return .awaitDrained(link) }
        // What the flushes led to.
        return outputs.pop()
    }

    public var nextDeadline: Deadline? {
        var next = Deadline.earlier(discovery.nextDeadline, naming.nextDeadline)
        next = .earlier(next, rooms.nextDeadline)
        next = .earlier(next, sessions.nextDeadline)
        return .earlier(next, timers.next)
    }

    private mutating func deadlineReached() {
        discovery.deadlineReached(at: now)
        naming.deadlineReached(at: now, wall: wall)
        rooms.deadlineReached(at: now)
        dialRelays()
        for timer in timers.takeDue(at: now) {
            switch timer {
            case .maintenance: maintainLinks()
            case .people: maintainPeople()
            case .rumour: passOnRumours()
            case .reconciliation: reconcileWithSomebody()
            case .gossip: sendGossip()
            case .advertisement: makeAdvertisement()
            case .comparison: compareAdvertisements()
            case .neighbourSelection: selectNeighbours()
            // To be handed an input was all that it took.
            case .shownMessages: break
            case .location: noteGathering()
            case .gathering: meetLowestGathering()
            case .retention: pruneExpired()
            case .redelivery: redeliver()
            case .silence: considerSilence()
            case .backlog: showCompleteBacklogs()
            case .suppressedLines: tellSurplus()
            case .receiptTimeout: quitNow(.done)
            case .presenceSummary: tellCompany()
            case .requests: for id in links.ids { askForPlanned(on: id) }
            }
        }
    }

    /// Carries out what the machines ask for until they are quiet. Each act is finite and consumes what asked for it,
    /// so this ends.
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

    mutating func note(_ level: Note.Level, _ text: String) {
        outputs.push(.note(Note(level, text)))
    }

    /// The only way to the person in front.
    mutating func notify(_ event: Event, token: CommandToken? = nil) {
        // Its own exit is no leaving of the others.
        if presence.stage == .finished, case .peer(let change) = event, change.state == .left { return }
        guard let event = withoutBlocked(event) else { return }
        outputs.push(.notify(gathered(event), token: token))
    }
}

/// What proves who we are.
struct Keys {
    let identity: Identity
    /// The key that this process proves its identity with in handshakes.
    let staticKey: NoiseKeyPair
}

/// How we stand ourselves.
struct OwnPresence {
    /// Named by what is awaited.
    enum Stage: Equatable {
        case awaitingStart
        case awaitingName
        case ready
        /// Quit once all that is owed has been received.
        case awaitingReceipts
        case finished
    }

    let instance: UInt64
    var stage = Stage.awaitingStart
    var sequence: UInt64 = 0
    var linkPort: UInt16 = 0
    var away: String?
    var lastLinkNumber: UInt64 = 0
    /// What asked for the change of name that is under way.
    var nickToken: CommandToken?
    /// Commands whose private messages wait for receipts.
    var receiptTokens = ReceiptTokens()
    /// Commands given before the name was settled, oldest first.
    var deferred: [(command: Command, token: CommandToken?)] = []
    /// Where our gathering was met.
    var place = NetworkLocation()
    /// Since when all of its networks are gone and no other has come.
    var offlineSince: Instant?
    /// That somebody speaks a later version of the protocol has been told.
    var hasToldVersion = false
    var silence = Silence()
    /// How much each author may put on the screen.
    var rates = ShownRates()
    /// What the person types goes there.
    var open: Peer.OpenConversation?

    init(instance: UInt64) { self.instance = instance }
}
