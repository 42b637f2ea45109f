import CoreModel
import PeerCore
import Secure
import Wire

/// Watches a whole run from outside, after every step: the events shown to each person, and the content of each disk.
final class Witness {
    /// A peer as seen in one place: a peer that is on the LAN and at the relay is seen twice.
    struct Sight: Hashable {
        var peer: PeerID
        var via: Event.PeerSummary.Via
    }

    /// The state that the person at one host has seen of the process that runs there now.
    struct View {
        /// The number of the process's start.
        var start = 0
        /// The number of recorded events that were checked.
        var seenEvents = 0
        var isReady = false
        var people: [Sight: String] = [:]
        /// The messages shown by all processes on this host. Of the LAN's lobby, only those of the current process,
        /// because an earlier one may have shown them in a gathering that is over; of a relay's lobby, without those
        /// that a power cut took.
        var shown: Set<EntryID> = []
        /// Messages shown by an earlier process, which may have died before it noted that: they may be shown again, as
        /// history.
        var mayBeRepeated: Set<EntryID> = []
        /// The entries named as parents by a message that was shown without a gap, with that message.
        var answers: [EntryID: String] = [:]
        /// The entries that this process has been notified are delivered.
        var delivered: Set<EntryID> = []
        /// The last time that a peer arrived, left or changed its name.
        var lastChange = Instant(nanoseconds: 0)
        var windowStart = Instant(nanoseconds: 0)
        var roundsInWindow = 0
        var trafficAtWindow = Traffic()
    }

    let peers: [PeerID]
    let neighbourhood: Neighbourhood
    private let hostByPeer: [PeerID: HostID]
    var ledger = Ledger()
    private(set) var views: [View]
    private(set) var fullView: FullView
    private var names = NameWatch()

    init(peers: [PeerID], in neighbourhood: Neighbourhood) {
        self.peers = peers
        self.neighbourhood = neighbourhood
        views = peers.map { _ in View() }
        fullView = FullView(of: neighbourhood)
        hostByPeer = Dictionary(uniqueKeysWithValues: peers.enumerated().map { ($0.element, HostID($0.offset)) })
    }

    /// Returns whether the host is one of the honest peers.
    private func isWatched(_ host: HostID) -> Bool { host.number < peers.count }

    // MARK: After every step

    func look(at simulation: Simulation<Resident>) throws {
        for host in simulation.stirred where isWatched(host) {
            try look(at: host, of: simulation)
        }
        try names.look(at: simulation, peers: peers)
    }

    private func look(at host: HostID, of simulation: Simulation<Resident>) throws {
        renew(host, simulation)
        try countRound(of: host, simulation)
        let events = simulation.recorder.events[host.number]
        while views[host.number].seenEvents < events.count {
            let recorded = events[views[host.number].seenEvents]
            views[host.number].seenEvents += 1
            if let wrong = wrong(with: recorded.event, at: host, simulation) {
                throw Violation(wrong.0, "\(host): \(wrong.1)", step: simulation.stepCount, at: simulation.now)
            }
        }
    }

    /// Resets the view for a new process, which starts with an empty screen. Messages that a power cut took may be
    /// shown again.
    private func renew(_ host: HostID, _ simulation: Simulation<Resident>) {
        let start = simulation.recorder.starts[host.number]
        guard views[host.number].start != start else { return }
        var view = View()
        view.start = start
        view.shown = views[host.number].shown.filter { id in
            guard let said = ledger.place(of: id).map({ ledger[$0] }), said.recipient == nil else { return true }
            guard said.isAtRelay, let key = said.key else { return false }
            return simulation.disks[host.number].bytes(of: key) != nil
        }
        view.mayBeRepeated = view.shown
        view.lastChange = simulation.now
        view.windowStart = simulation.now
        view.trafficAtWindow = simulation.recorder.traffic[host.number]
        fullView.restarted(
            having: views[host.number].people.keys.count { isNeighbour($0, of: host) }, at: simulation.now)
        views[host.number] = view
    }

    /// Detects a process that never comes to rest, or that floods the network.
    private func countRound(of host: HostID, _ simulation: Simulation<Resident>) throws {
        let traffic = simulation.recorder.traffic[host.number]
        views[host.number].roundsInWindow += 1
        let (start, rounds) = (views[host.number].windowStart, views[host.number].roundsInWindow)
        let before = views[host.number].trafficAtWindow
        if simulation.now - start > .seconds(1) {
            views[host.number].windowStart = simulation.now
            views[host.number].roundsInWindow = 0
            views[host.number].trafficAtWindow = traffic
        }
        func broken(_ detail: String) -> Violation {
            Violation(
                "work and traffic are bounded", "\(host): \(detail)", step: simulation.stepCount, at: simulation.now)
        }
        if rounds > 2_000 + 1_000 * peers.count {
            throw broken("\(rounds) rounds within a second")
        }
        let unicasts = traffic.unicastDatagrams - before.unicastDatagrams
        let multicasts = traffic.datagrams - before.datagrams - unicasts
        if multicasts > 50 { throw broken("\(multicasts) datagrams to the group within a second") }
        // A sweep sends 200 a second; the others are introductions and answers, a few for each peer.
        if unicasts > 250 + 4 * simulation.hostCount {
            throw broken("\(unicasts) datagrams by unicast within a second")
        }
        // 32 that are being dialled, as many that are being closed, and the ones that liars dial.
        if let links = simulation.node(of: host)?.linkCount, links > 104 + 8 * simulation.hostCount {
            throw broken("\(links) links")
        }
    }

    /// Returns whether this is a peer on the host's LAN, seen there.
    private func isNeighbour(_ sight: Sight, of host: HostID) -> Bool {
        guard sight.via == .lan, let other = hostByPeer[sight.peer] else { return false }
        return neighbourhood.areNeighbours(host, other)
    }

    // MARK: Events

    private typealias Wrong = (invariant: String, detail: String)

    private func wrong(with event: Event, at host: HostID, _ simulation: Simulation<Resident>) -> Wrong? {
        switch event {
        case .message(let message): return wrong(with: message, at: host, simulation)
        case .delivery(let id, _, .delivered): return wrong(withReceiptFor: id, at: host, simulation)
        case .peer(let change): return wrong(with: change, at: host, simulation)
        case .ready:
            defer { views[host.number].isReady = true }
            return views[host.number].isReady ? ("a peer becomes ready once", "ready again") : nil
        default: return nil
        }
    }

    private func wrong(
        with message: Event.Message, at host: HostID, _ simulation: Simulation<Resident>
    ) -> Wrong? {
        guard let place = ledger.place(of: message.text) else {
            guard let author = hostByPeer[message.fromID] else { return nil }
            return ("nobody is shown a message that was not said", "\"\(message.text)\" of \(author)")
        }
        var said = ledger[place]
        let author = peers[said.author.number]
        guard message.fromID == author, message.isOwn == (host == said.author) else {
            return ("a message is shown under its author", "\"\(said.text)\" of \(said.author)")
        }
        guard isMeant(said, for: host, in: message.room), message.isPrivate == (said.recipient != nil) else {
            return ("a message is shown only to its readers", "\"\(said.text)\"")
        }
        let key = EntryKey(lamport: message.lamport, id: message.id)
        guard said.key == nil || said.key == key else {
            return ("a message said once is one entry", "\"\(said.text)\" is another")
        }
        if message.isHistory, views[host.number].mayBeRepeated.remove(message.id) != nil { return nil }
        guard views[host.number].shown.insert(message.id).inserted else {
            return ("no message is shown twice", "\"\(said.text)\"")
        }
        if said.key == nil {
            said.start = simulation.recorder.starts[said.author.number]
            // A host that is paused right after it spoke is checked when it resumes.
            said.isOffline = said.isOffline || simulation.network.isUnplugged(said.author)
            said.at = simulation.now
            said.wall = simulation.wall(of: said.author)
        }
        said.key = key
        if !said.isOut, host != said.author {
            said.isOut = true
            guard simulation.disks[said.author.number].isSynced(key) else {
                return ("a message shown to others is on its author's disk", "\"\(said.text)\" of \(said.author)")
            }
        }
        if said.parents.isEmpty, let bytes = simulation.disks[host.number].bytes(of: key) {
            said.parents = (try? SignedEntry(trusted: bytes))?.entry.parents ?? []
        }
        ledger[place] = said
        if let answer = views[host.number].answers[message.id],
            key.lamport >= floor(ofLobbyOf: message, seenAt: host, simulation)
        {
            return ("no message is shown after its answer", "\"\(said.text)\", which \"\(answer)\" answers")
        }
        if !message.hasGap {
            for parent in said.parents { views[host.number].answers[parent] = said.text }
        }
        return nil
    }

    /// Returns the floor below which order is not checked. A peer that has pruned the oldest entries delivers their
    /// children as if they had no parents; another peer may deliver the parents later.
    private func floor(
        ofLobbyOf message: Event.Message, seenAt host: HostID, _ simulation: Simulation<Resident>
    ) -> UInt64 {
        if message.room == .lobby, let gathering = simulation.node(of: host)?.gathering {
            return floor(of: .lobby(gathering), simulation)
        }
        return neighbourhood.relay.map { floor(of: .relayLobby($0), simulation) } ?? 0
    }

    private func isMeant(_ said: Said, for host: HostID, in room: RoomName) -> Bool {
        switch room {
        case .lobby: said.recipient == nil && !said.isAtRelay && neighbourhood.areNeighbours(host, said.author)
        case .relayLobby: said.isAtRelay && neighbourhood.isMember[host.number]
        case .conversation: host == said.author || host == said.recipient
        case .everyLobby: false
        }
    }

    private func wrong(withReceiptFor id: EntryID, at host: HostID, _ simulation: Simulation<Resident>) -> Wrong? {
        guard let place = ledger.place(of: id), let recipient = ledger[place].recipient,
            ledger[place].author == host, let key = ledger[place].key
        else { return ("only messages written here are reported delivered", "\(id)") }
        guard views[host.number].delivered.insert(id).inserted else {
            return ("a receipt is reported once", "\"\(ledger[place].text)\"")
        }
        guard simulation.disks[recipient.number].isSynced(key) else {
            return ("a delivered message is on the recipient's disk", "\"\(ledger[place].text)\" at \(recipient)")
        }
        ledger[place].isDelivered = true
        return nil
    }

    private func wrong(
        with change: Event.PeerChange, at host: HostID, _ simulation: Simulation<Resident>
    ) -> Wrong? {
        let sight = Sight(peer: change.peer.id, via: change.peer.via)
        let before = views[host.number].people[sight]
        let who = hostByPeer[change.peer.id].map { "\($0)" } ?? "a stranger"
        views[host.number].lastChange = simulation.now
        switch change.state {
        case .joined:
            guard before == nil, change.peer.id != peers[host.number] else {
                return ("a peer that joins was absent", "\(who) joins as \(change.peer.name)")
            }
            views[host.number].people[sight] = change.peer.name
            if isNeighbour(sight, of: host) { fullView.changed(by: 1, at: simulation.now) }
        case .renamed:
            guard let before, before == change.was, before != change.peer.name else {
                return ("a peer that is renamed was present under its old name", "\(who): \(before ?? "nobody")")
            }
            views[host.number].people[sight] = change.peer.name
        case .left:
            guard before != nil else { return ("a peer that leaves was present", who) }
            views[host.number].people[sight] = nil
            if isNeighbour(sight, of: host) { fullView.changed(by: -1, at: simulation.now) }
        case .away, .back, .blocked, .unblocked: break
        }
        return nil
    }
}
