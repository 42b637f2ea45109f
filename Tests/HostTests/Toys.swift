import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Host

/// A core that records its inputs and has the outputs that the test wants.
struct ToyCore: Core {
    /// The inputs about the network and other peers.
    struct Reach {
        /// The path of each of the datagrams.
        var paths: [DatagramPath] = []
        var neighbours: [IPAddress] = []
        var obstacles: [ReachObstacle] = []
    }

    /// The state shared with the test.
    final class Board {
        var inputs: [Input] = []
        var outputs: [Output] = []
        var deadline: Deadline?
        /// The outputs to want in response to an input.
        var answer: (Input) -> [Output] = { _ in [] }

        var interfaces: [NetworkInterface] = []
        var datagrams: [(bytes: [UInt8], from: Endpoint)] = []
        /// By link, in order of arrival.
        var received: [LinkID: [UInt8]] = [:]
        var accepted: [LinkID] = []
        var opened: [LinkID] = []
        var ends: [LinkID: LinkEnd] = [:]
        var drained: [LinkID] = []
        var commands: [Command] = []
        var deadlines = 0
        var reach = Reach()
        var found: [String: [Endpoint]] = [:]
    }

    let board: Board

    mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        board.inputs.append(input)
        switch input {
        case .started(_, let interfaces), .interfacesChanged(let interfaces): board.interfaces = interfaces
        case .datagramReceived(let bytes, let from, let path):
            board.datagrams.append((bytes, from))
            board.reach.paths.append(path)
        case .neighbourSeen(let address): board.reach.neighbours.append(address)
        case .obstaclesChanged(let obstacles): board.reach.obstacles = obstacles
        case .linkAccepted(let link, _): board.accepted.append(link)
        case .linkOpened(let link): board.opened.append(link)
        case .linkBytesReceived(let link, let bytes): board.received[link, default: []] += bytes
        case .linkDrained(let link): board.drained.append(link)
        case .linkClosed(let link, let end): board.ends[link] = end
        case .commanded(let command, _): board.commands.append(command)
        case .deadlineReached:
            board.deadlines += 1
            board.deadline = nil
        case .resumed: break
        case .hostFound(let name, let endpoints): board.found[name] = endpoints
        }
        board.outputs += board.answer(input)
    }

    mutating func nextOutput() -> Output? { board.outputs.isEmpty ? nil : board.outputs.removeFirst() }

    var nextDeadline: Deadline? { board.deadline }
}

/// A front end that sends each line as a message, and prints notices.
final class ToyFrontEnd: FrontEnd {
    var lines: [UInt8] = []
    var commands: [Command] = []
    var output: [UInt8] = []
    var hasEnded = false
    var failures: [Event.Failure] = []

    func inputReceived(_ bytes: [UInt8], at wall: WallTime) {
        lines += bytes
        while let end = lines.firstIndex(of: 10) {
            let text = String(decoding: lines[..<end], as: UTF8.self)
            commands.append(.say(text: text, kind: .text, room: nil))
            lines.removeFirst(end + 1)
        }
    }

    func inputEnded() {
        hasEnded = true
        commands.append(.quit(afterReceipts: true))
    }

    func sizeChanged(columns: Int) {}

    func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime) {
        switch event {
        case .notice(let text): output += Array("\(text)\n".utf8)
        case .failed(let failure): failures.append(failure)
        default: break
        }
    }

    func nextCommand() -> (command: Command, token: CommandToken?)? {
        commands.isEmpty ? nil : (commands.removeFirst(), nil)
    }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }
}

/// A host with toys, for tests that run the loop step by step.
final class ToyHost {
    let board = ToyCore.Board()
    let frontEnd = ToyFrontEnd()
    let host: CoreHost<ToyCore>
    var status: CoreModel.ExitStatus?

    init(archive: any Archive = NoArchive(), _ configure: (inout HostConfiguration) -> Void = { _ in }) throws {
        var configuration = HostConfiguration()
        configuration.port = .any
        configuration.usesMulticast = false
        configuration.input = nil
        configuration.output = nil
        configuration.takesSignals = false
        configure(&configuration)
        host = try CoreHost(
            core: ToyCore(board: board), frontEnd: frontEnd, archive: archive, configuration: configuration)
    }

    var endpoint: Endpoint { Endpoint(address: .v4(0x7F00_0001), port: host.linkPort) }

    func turn() throws {
        if status == nil { status = try host.round(atMost: .milliseconds(1)) }
    }

    func want(_ outputs: Output...) { board.outputs += outputs }
}

/// Runs hosts until a condition holds; returns false if it does not within a generous limit.
func turn(_ hosts: ToyHost..., until holds: () -> Bool) throws -> Bool {
    let end = Clock.now() + .seconds(20)
    while !holds() {
        if Clock.now() > end { return false }
        for host in hosts { try host.turn() }
    }
    return true
}

/// Runs hosts for some rounds in which nothing should happen.
func turn(_ hosts: ToyHost..., times: Int) throws {
    for _ in 0..<times {
        for host in hosts { try host.turn() }
    }
}
