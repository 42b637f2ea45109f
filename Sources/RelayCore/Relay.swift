public import CoreModel
import Links
import RoomSync
public import Secure
public import Wire

/// A relay: a peer that is a hub (Protocol.md, Relays).
///
/// It hands out names, keeps its lobby's log, passes on members' messages, carries tunnels between them that it cannot
/// read, and moderates. It is sans-I/O, like ``Peer``, and is run in the same way.
///
/// Its links are objects, so a copy of a relay is not an independent relay.
public struct Relay: Core {
    let keys: RelayKeys
    let archive: any Archive
    var configuration: RelayConfiguration
    var random: RandomStream
    var links = RelayLinkTable()
    var gate: RelayGate
    var names: RelayNames
    var lobby: RoomLog
    var moderation: RelayModerationBook
    var rosterChanges = RosterChanges()
    var timers = TimerTable<RelayTimer>()
    var outputs = OutputQueue()
    var state: RelayRuntime
    public var counters = RelayCounters()

    /// Creates a relay, with the log and the decisions that its archive holds.
    ///
    /// - Parameters:
    ///   - random: Seeded by the host from the system, by the simulator from its seed.
    ///   - archive: The storage; only this core uses it.
    /// - Throws: If the archive cannot be read.
    public init(
        configuration: RelayConfiguration, identity: Identity, random: RandomStream, archive: any Archive
    ) throws(ArchiveError) {
        var random = random
        self.configuration = configuration
        self.archive = archive
        keys = RelayKeys(
            identity: identity, staticKey: identity.linkKey(of: random.bytes(32)),
            community: configuration.community(identity))
        gate = RelayGate(digestKey: random.bytes(32))
        lobby = try RoomLog(
            log: .relayLobby(keys.community), room: .relayLobby(of: keys.community), archive: archive)
        try keys.keepCommunity(in: archive)
        moderation = try RelayModerationBook(archive: archive)
        state = RelayRuntime(instance: random.next() | 1, clock: try AgeClock(keptIn: archive))
        self.random = random
        for peer in try archive.knownPeers() { state.retentionState.authors[peer.id] = .some(try? Nickname(peer.name)) }
        names = RelayNames(ContestedNames(decoding: try archive.setting(ContestedNames.setting) ?? []))
    }

    public var id: PeerID { identity.peerID }
    /// The key of its community, which is its own unless it has a certificate. Its room and its address are derived
    /// from it.
    public var community: PeerID { keys.community }
    var identity: Identity { keys.identity }
    var staticKey: NoiseKeyPair { keys.staticKey }

    /// Applies another configuration (`SIGHUP`). Members that it would not admit stay until they leave.
    public mutating func configure(_ configuration: RelayConfiguration) {
        var configuration = configuration
        if configuration.community(identity) != community {
            note(.warning, "another community takes effect only at the next start")
            configuration.certificate = self.configuration.certificate
        }
        let isRenewed = configuration.certificate != self.configuration.certificate
        self.configuration = configuration
        gate.forgetPasswords()
        note(.info, "the configuration has been read again")
        if isRenewed { checkCertificate(isNew: true) }
    }

    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        precondition(now >= state.now, "time never goes back")
        state.now = now
        read(wall)
        switch input {
        case .started(let port, _): started(port: port)
        case .linkAccepted(let id, let endpoint): linkAccepted(id, from: endpoint)
        case .linkBytesReceived(let id, let bytes): linkBytesReceived(id, bytes)
        case .linkDrained(let id): linkDrained(id)
        case .linkClosed(let id, let end): linkClosed(id, end)
        case .deadlineReached: deadlineReached()
        case .commanded(let command, let token): commanded(command, token: token)
        // A relay does not dial and receives no datagrams; its members ping on their own.
        case .interfacesChanged, .resumed, .datagramReceived, .neighbourSeen, .obstaclesChanged, .linkOpened,
            .hostFound:
            break
        }
        settle()
    }

    public mutating func nextOutput() -> Output? {
        if let output = outputs.pop() { return output }
        // Outputs that the flushes caused come last.
        return nextFlush() ?? outputs.pop()
    }

    public var nextDeadline: Deadline? {
        var next = Deadline.earlier(timers.next, names.nextDeadline)
        next = .earlier(next, lobby.nextDeadline)
        return .earlier(next, state.nextExpiry)
    }

    var now: Instant { state.now }
    var wall: WallTime { state.clock.wall }
    /// The clock by which ages and the ends of bans and mutes are counted.
    var clock: AgeClock { state.clock }

    private mutating func started(port: UInt16) {
        precondition(!state.isStarted, "a relay is started once")
        state.isStarted = true
        state.port = port
        note(
            .info,
            "relay \(configuration.name.text) with the ID \(id): \(lobby.count) entries, \(moderation.bans.count) bans")
        notify(.ready(name: configuration.name.text, id: id, port: port))
        checkCertificate(isNew: true)
        names.resume(at: now)
        beginAges()
        timers.schedule(.retention, at: now)
        removeExpired()
    }

    private mutating func deadlineReached() {
        names.deadlineReached(at: now)
        lobby.deadlineReached(at: now)
        removeExpired()
        for timer in timers.takeDue(at: now) {
            switch timer {
            case .maintenance: maintainLinks()
            case .roster: sendRosterChanges()
            case .pace: passOnWaiting()
            case .retention: trimLog()
            case .certificate: checkCertificate(isNew: false)
            }
        }
    }

    /// Does what follows from any input.
    private mutating func settle() {
        settleLobby()
        considerRosterChanges()
        // Members that leave because the relay stops will return.
        if !state.isFinished, let contested = names.takeContested() {
            keep { archive throws(ArchiveError) in try archive.setSetting(ContestedNames.setting, to: contested) }
        }
        counters.members = links.members.count
        counters.guests = state.guests.count
        counters.unauthenticated = links.unauthenticatedLinkCount
        counters.entriesKept = lobby.count
        counters.bans = moderation.bans.count
    }

    /// Handles a command from the relay's own console.
    private mutating func commanded(_ command: Command, token: CommandToken?) {
        switch command {
        case .quit:
            quit()
        case .who:
            notify(.who(links.members.compactMap { summary(of: $0) }), token: token)
        default:
            notify(.failed(.init(.notAllowed, "a relay takes no part in the chat")), token: token)
        }
    }

    private func summary(of link: RelayLink) -> Event.PeerSummary? {
        guard let peer = link.peer, let member = link.member else { return nil }
        return Event.PeerSummary(
            name: member.name.text, id: peer, via: .relay, address: link.endpoint, away: member.away)
    }

    /// Notifies every member and flushes what is queued.
    private mutating func quit() {
        guard !state.isFinished else { return }
        state.isFinished = true
        note(.info, "the relay is being stopped: \(links.members.count) members are notified")
        passOnAccepted()
        tellAll(.notice(RelayNotice.stopping))
        for link in links.all where link.phase != .closing { dismiss(link, .leaving) }
        keepClock(isUrgent: true)
        outputs.push(.finished(.done))
    }

    // Reporting.

    mutating func note(_ level: Note.Level, _ text: String) { outputs.push(.note(Note(level, text))) }

    mutating func notify(_ event: Event, token: CommandToken? = nil) { outputs.push(.notify(event, token: token)) }

    /// Reads or changes the archive. A failure is noted and gives nil.
    @discardableResult
    mutating func keep<Result>(_ change: (any Archive) throws(ArchiveError) -> Result) -> Result? {
        do {
            return try change(archive)
        } catch {
            archiveFailed(error)
            return nil
        }
    }

    mutating func archiveFailed(_ error: ArchiveError) {
        counters.sinceStart.failures.archiveFailures += 1
        note(.warning, "not kept: \(error.text)")
    }
}

/// The relay's own state while it runs.
struct RelayRuntime {
    static let retentionInterval = Duration.seconds(60)

    let instance: UInt64
    var isStarted = false
    var isFinished = false
    /// The time of the input that is being handled.
    var now = Instant(nanoseconds: 0)
    var clock: AgeClock
    var outbox = RelayOutbox()
    /// Entries that were accepted in this round and are sent to all members.
    var accepted: [(bytes: [UInt8], from: RelayLink, isKnown: Bool)] = []
    /// Members with entries or tunnel frames that wait for their rate.
    var paced: [RelayLink] = []
    var retentionState = RelayRetention()
    /// The member that last sent an entry: the first to be asked for missing ones.
    var lastSource: RelayLink?
    var guests = RelayGuests()
    /// The rate of signature checks of entries that authenticated authors send themselves. Members check them all, so
    /// the relay checks samples, for a thousandth of a processor.
    var verifications = TokenBucket(capacity: 20, perSecond: 20)

    var port: UInt16 = 0
    /// The relay's own announcement, made once because nothing in it changes.
    var announcement: SignedAnnouncement?
    /// The end of the next ban or mute.
    var nextExpiry: Deadline?

    init(instance: UInt64, clock: AgeClock) {
        self.instance = instance
        self.clock = clock
    }
}

/// Links with something queued, and the buffer that their records are sealed in.
struct RelayOutbox {
    var links: [RelayLink] = []
    var sealing = SealingBuffer()
    /// The number of links at the front that have been returned.
    private var done = 0

    /// Returns the next link to flush, and empties the list after the last.
    mutating func next() -> RelayLink? {
        guard done < links.count else {
            links.removeAll(keepingCapacity: true)
            done = 0
            return nil
        }
        defer { done += 1 }
        return links[done]
    }
}

/// The timers of a relay.
enum RelayTimer: Int, TimerKind {
    /// Link maintenance: handshakes that take too long, members that are silent.
    case maintenance
    /// Send roster changes.
    case roster
    /// Pass on entries and tunnel frames that wait for their rate.
    case pace
    /// Prune expired entries.
    case retention
    /// Check whether the certificate ends soon.
    case certificate

    var reason: StaticReason {
        switch self {
        case .maintenance: "links to maintain"
        case .roster: "members came or went"
        case .pace: "entries wait for their rate"
        case .retention: "old entries to drop"
        case .certificate: "a certificate to check"
        }
    }
}
