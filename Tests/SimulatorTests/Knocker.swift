import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import Wire

/// A trivial core that records all its inputs. The first word of a command selects its action: `say` multicasts; `tell`
/// reaches an endpoint by `link` (a dial from the link port), by `dial` (from any port) or by a datagram of that text;
/// `nick` sends a word on all links, `topic` sets one that is sent on each as soon as it is open, `quit` closes them.
struct Knocker: Core {
    struct Heard: Equatable {
        var text: String
        var source: Endpoint
        var path: DatagramPath
    }

    private var outputs: [Output] = []
    private var nextLink: UInt64 = 1
    /// The open links, in the order in which they were opened.
    private(set) var links: [LinkID] = []
    private(set) var heard: [Heard] = []
    private(set) var neighbours: [IPAddress] = []
    private(set) var opened: [LinkID] = []
    private(set) var accepted: [LinkID] = []
    /// The endpoints that they came from.
    private(set) var callers: [Endpoint] = []
    private(set) var closed: [LinkID] = []
    private(set) var ends: [LinkEnd] = []
    private(set) var words = ""
    /// The links on which data arrived before they were open.
    private(set) var early: [LinkID] = []
    private var greeting = ""
    let nextDeadline: Deadline? = nil

    mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        switch input {
        case .datagramReceived(let bytes, let source, let path):
            heard.append(Heard(text: String(decoding: bytes, as: UTF8.self), source: source, path: path))
        case .neighbourSeen(let address): neighbours.append(address)
        case .linkAccepted(let link, let source):
            accepted.append(link)
            callers.append(source)
            links.append(link)
        case .linkOpened(let link):
            opened.append(link)
            links.append(link)
            if !greeting.isEmpty { outputs.append(.sendOnLink(link, Array(greeting.utf8))) }
        case .linkBytesReceived(let link, let bytes):
            if !links.contains(link) { early.append(link) }
            words += String(decoding: bytes, as: UTF8.self)
        case .linkClosed(let link, let end):
            closed.append(link)
            ends.append(end)
            links.removeAll { $0 == link }
        case .commanded(let command, _): commanded(command)
        case .started, .interfacesChanged, .resumed, .hostFound, .obstaclesChanged, .deadlineReached, .linkDrained:
            break
        }
    }

    private mutating func commanded(_ command: Command) {
        switch command {
        case .say(let text, _, _): outputs.append(.multicast(Array(text.utf8)))
        case .tell(let place, "link", _): dial(place, from: .linkPort)
        case .tell(let place, "dial", _): dial(place, from: .any)
        case .tell(let place, let text, _): outputs.append(.sendDatagram(Array(text.utf8), to: Endpoint(place)!))
        case .nick(let word): outputs += links.map { .sendOnLink($0, Array(word.utf8)) }
        case .topic(let word): greeting = word
        case .quit: outputs += links.map { .closeLink($0, abruptly: false) }
        default: break
        }
    }

    private mutating func dial(_ place: String, from port: LocalPort) {
        outputs.append(.openLink(LinkID(number: nextLink), to: Endpoint(place)!, from: port))
        nextLink += 1
    }

    mutating func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }
}

/// Knockers on the virtual network, all started.
struct Street {
    let simulation: Simulation<Knocker>

    init(seed: UInt64 = 1, hosts: Int = 2, _ conditions: Conditions = Conditions()) throws {
        try self.init(seed: seed, on: Array(repeating: [LANID(0)], count: hosts), conditions)
    }

    init(seed: UInt64 = 1, on lans: [[LANID]], _ conditions: Conditions = Conditions()) throws {
        simulation = Simulation(seed: seed, conditions: conditions) { _, _, _ in Knocker() }
        for lan in lans { simulation.addHost(on: lan) }
        try simulation.run(for: .milliseconds(1))
    }

    /// The core at this host.
    subscript(_ host: Int) -> Knocker {
        // Tests query only hosts that run.
        simulation.node(of: HostID(host))!
    }

    func endpoint(_ host: Int) -> Endpoint {
        // All of them are on a LAN.
        simulation.endpoint(of: HostID(host))!
    }

    func address(_ host: Int) -> IPAddress { endpoint(host).address }

    func run(for duration: Duration = .milliseconds(10)) throws { try simulation.run(for: duration) }

    func say(_ host: Int, _ text: String) {
        simulation.command(HostID(host), .say(text: text, kind: .text, room: nil))
    }

    /// Sends a datagram, or dials: see ``Knocker``.
    func tell(_ host: Int, _ other: Int, _ text: String) {
        simulation.command(HostID(host), .tell(to: endpoint(other).description, text: text, kind: .text))
    }

    func sayOnLinks(_ host: Int, _ word: String) { simulation.command(HostID(host), .nick(word)) }

    func shield(_ hosts: Int..., by firewall: Firewall = .dropping) {
        for host in hosts { simulation.perform(.firewall(HostID(host), firewall)) }
    }

    /// Returns the texts that this host received by this path, in order.
    func texts(_ host: Int, by path: DatagramPath) -> [String] {
        self[host].heard.filter { $0.path == path }.map(\.text)
    }
}
