import CoreModel
import PeerCore
import Secure
import Wire

/// The actions of people in a crowd while no faults occur, and how others see them: they speak, write to each other,
/// arrive, quit and crash.
public struct CrowdLife: Sendable {
    /// The time that something took, for each peer that was to see it.
    public struct Delays: Sendable {
        public private(set) var all: [Duration] = []

        mutating func add(_ delay: Duration) { all.append(delay) }

        /// The median; nil if there are no delays.
        public var median: Duration? { all.isEmpty ? nil : all.sorted()[all.count / 2] }
        public var longest: Duration? { all.max() }
        public var count: Int { all.count }
    }

    /// Lines of the lobby, until each other person was shown them.
    public internal(set) var lines = Delays()
    /// Private messages to people without a link, until the receipt.
    public internal(set) var tells = Delays()
    /// Newcomers, from the start of the process until each other person saw them.
    public internal(set) var joins = Delays()
    public internal(set) var quits = Delays()
    public internal(set) var crashes = Delays()
    /// Events that a peer should have seen but did not, or saw twice; the first few of them.
    public internal(set) var complaints: [String] = []
    public internal(set) var complaintCount = 0

    mutating func printError(_ text: String) {
        complaintCount += 1
        if complaints.count < 10 { complaints.append(text) }
    }
}

extension Crowd {
    /// An action of a person, and the peers that have not seen it yet.
    private struct Deed {
        enum Kind {
            case line, tell, join, quit, crash
        }

        var kind: Kind
        var host: HostID
        /// The receiver of a private message.
        var other: HostID?
        var text = ""
        var at: Instant
        /// Only used for membership tests.
        var pending: Set<Int>
    }

    /// Lets people act, spread evenly over a time, and checks what the others see.
    /// - Parameter deeds: The number of actions; of ten, five are lines, two are private messages, and one each is an
    ///   arrival, a quit and a crash.
    public func live(for duration: Duration, deeds count: Int) throws -> CrowdLife {
        var life = CrowdLife()
        var open: [Deed] = []
        drop()
        simulation.recorder.keepsEvents = true
        defer { simulation.recorder.keepsEvents = false }
        for number in 0..<count {
            let deed = begin(number)
            open.append(deed)
            let pause = duration / count
            // Actions that are not seen by then are reported.
            try watch(for: min(pause, .seconds(15)), &open, &life)
            try simulation.run(for: max(.zero, pause - .seconds(15)))
            drop()
        }
        try watch(for: .seconds(15), &open, &life)
        for deed in open { life.printError("\(deed.kind) of \(deed.host): not seen by \(deed.pending.count)") }
        checkAgreement(&life)
        return life
    }

    private func drop() {
        for host in simulation.recorder.events.indices { simulation.recorder.events[host] = [] }
    }

    /// Checks that all peers see all others present, and have the same lobby.
    private func checkAgreement(_ life: inout CrowdLife) {
        let running = simulation.hosts.filter { simulation.node(of: $0) != nil }
        let lines = running.first.flatMap { simulation.node(of: $0)?.lobbyCount }
        for host in running {
            guard let peer = simulation.node(of: host) else { continue }
            if peer.presentCount != running.count - 1 {
                life.printError("\(host) sees \(peer.presentCount) of \(running.count - 1) others")
            }
            if peer.lobbyCount != lines { life.printError("\(host) has \(peer.lobbyCount) lines of the lobby") }
        }
    }

    private func begin(_ number: Int) -> Deed {
        let running = simulation.hosts.filter { simulation.node(of: $0)?.heldName != nil }
        let host = running[Int(choice.uniform(below: UInt64(running.count)))]
        let others = Set(running.map(\.number)).subtracting([host.number])
        var deed = Deed(kind: .line, host: host, at: simulation.now, pending: others)
        switch number % 10 {
        case 1, 6:
            deed.kind = .tell
            deed.pending = [host.number]
            deed.text = "for you alone \(number)"
            // A peer without a link, if there is one.
            let unauthenticated = running.filter { other in
                other != host && simulation.node(of: host)?.isLinked(with: identities[other.number].peerID) == false
            }
            let all = unauthenticated.isEmpty ? running.filter { $0 != host } : unauthenticated
            let other = all[Int(choice.uniform(below: UInt64(all.count)))]
            deed.other = other
            let receiver = "\(identities[other.number].peerID)"
            simulation.command(host, .tell(to: receiver, text: deed.text, kind: .text))
        case 3:
            deed.kind = .join
            deed.host = addPeer()
            deed.pending = Set(running.map(\.number))
        case 5:
            deed.kind = .quit
            simulation.command(host, .quit(afterReceipts: false))
        case 8:
            deed.kind = .crash
            simulation.perform(.crash(host))
        default:
            deed.text = "line \(number)"
            simulation.command(host, .say(text: deed.text, kind: .text, room: nil))
        }
        return deed
    }

    private func watch(for duration: Duration, _ open: inout [Deed], _ life: inout CrowdLife) throws {
        let end = simulation.now + duration
        while simulation.now < end, !open.isEmpty || duration < .seconds(15) {
            try simulation.run(for: min(.milliseconds(100), end - simulation.now))
            for host in simulation.hosts where !simulation.recorder.events[host.number].isEmpty {
                let events = simulation.recorder.events[host.number]
                simulation.recorder.events[host.number] = []
                for recorded in events { look(at: recorded, of: host, &open, &life) }
            }
            open.removeAll { $0.pending.isEmpty }
        }
        try simulation.run(for: max(.zero, end - simulation.now))
        let late = open.filter { simulation.now - $0.at > .seconds(14) }
        for deed in late {
            life.printError("\(deed.kind) of \(deed.host) not seen by \(deed.pending.count) within 15 s")
        }
        open.removeAll { simulation.now - $0.at > .seconds(14) }
    }

    private func look(at recorded: RecordedEvent, of host: HostID, _ open: inout [Deed], _ life: inout CrowdLife) {
        for place in open.indices {
            let deed = open[place]
            guard let delay = Self.delay(recorded, deed, identities[deed.host.number].peerID) else { continue }
            // A newcomer is not expected to see earlier actions.
            guard open[place].pending.remove(host.number) != nil else {
                if deed.kind == .line, host != deed.host {
                    life.printError("\(host): \(deed.text), unexpected or again")
                }
                continue
            }
            switch deed.kind {
            case .line: life.lines.add(delay)
            case .tell: life.tells.add(delay)
            case .join: life.joins.add(delay)
            case .quit: life.quits.add(delay)
            case .crash: life.crashes.add(delay)
            }
        }
    }

    /// Returns how long after the action it was seen, if this event shows it.
    private static func delay(_ recorded: RecordedEvent, _ deed: Deed, _ peer: PeerID) -> Duration? {
        let delay = recorded.at - deed.at
        switch (deed.kind, recorded.event) {
        case (.line, .message(let message)): return message.text == deed.text && !message.isHistory ? delay : nil
        case (.tell, .delivery(_, _, .delivered)): return delay
        case (.join, .peer(let change)): return change.peer.id == peer && change.state == .joined ? delay : nil
        case (.quit, .peer(let change)), (.crash, .peer(let change)):
            return change.peer.id == peer && change.state == .left ? delay : nil
        default: return nil
        }
    }
}
