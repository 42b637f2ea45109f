import CoreModel
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Wire

/// A trivial core for testing the network: it multicasts the text of `say`, dials the recipient of `tell`, sends each
/// text on that link, and shows every line that arrives.
struct Chatterbox: Core {
    private var outputs: [Output] = []
    private var dialled: LinkID?
    private var isOpen = false
    private var waiting: [[UInt8]] = []
    private var nextLink: UInt64 = 1
    private(set) var datagrams: [[UInt8]] = []
    private(set) var received: [UInt8] = []
    private(set) var ends: [LinkEnd] = []
    private(set) var accepted = 0
    private(set) var resumptions = 0
    private(set) var interfaces: [NetworkInterface] = []
    private(set) var walls: [WallTime] = []
    var nextDeadline: Deadline?

    mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        walls.append(wall)
        switch input {
        case .started(_, let list), .interfacesChanged(let list): interfaces = list
        case .resumed: resumptions += 1
        case .hostFound, .neighbourSeen, .obstaclesChanged, .linkDrained: break
        case .datagramReceived(let bytes, _, _): datagrams.append(bytes)
        case .linkAccepted: accepted += 1
        case .linkOpened(let link):
            isOpen = true
            for bytes in waiting { outputs.append(.sendOnLink(link, bytes)) }
        case .linkBytesReceived(_, let bytes): received += bytes
        case .linkClosed(_, let end):
            ends.append(end)
            dialled = nil
        case .deadlineReached:
            nextDeadline = nil
            outputs.append(.notify(.notice("deadline"), token: nil))
        case .commanded(let command, _): commanded(command, at: now)
        }
    }

    private mutating func commanded(_ command: Command, at now: Instant) {
        switch command {
        case .say(let text, _, _): outputs.append(.multicast(Array(text.utf8)))
        case .tell(let place, let text, _): tell(Endpoint(place)!, Array(text.utf8))
        case .away: nextDeadline = Deadline(at: now + .seconds(1), reason: "toy")
        case .kick: if let dialled { outputs.append(.closeLink(dialled, abruptly: false)) }
        case .quit: outputs.append(.finished(.done))
        default: break
        }
    }

    private mutating func tell(_ endpoint: Endpoint, _ bytes: [UInt8]) {
        if let dialled {
            if isOpen { outputs.append(.sendOnLink(dialled, bytes)) } else { waiting.append(bytes) }
            return
        }
        let link = LinkID(number: nextLink)
        nextLink += 1
        dialled = link
        isOpen = false
        waiting = [bytes]
        outputs.append(.openLink(link, to: endpoint, from: .any))
    }

    mutating func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }
}
