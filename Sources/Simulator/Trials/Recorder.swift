public import CoreModel
import PeerCore
public import Wire

/// An event that one process reported to its user, and when.
public struct RecordedEvent: Sendable {
    public var at: Instant
    public var event: Event
    public var token: CommandToken?
}

/// The traffic of a host.
public struct Traffic: Equatable, Sendable {
    /// The datagrams sent; a multicast counts once, however many hosts receive it.
    public var datagrams = 0
    /// The number of them that were sent to one address.
    public var unicastDatagrams = 0
    /// The number of those that were sent to an address that no host has.
    public var datagramsToNobody = 0
    public var datagramBytes = 0
    public var linksOpened = 0
    public var linkBytes = 0

    public init() {}
}

/// One line of a trace.
public struct TraceLine: Sendable, CustomStringConvertible {
    public var at: Instant
    /// The host where it happened; nil for the network.
    public var host: HostID?
    /// The host that caused it, if it is another one.
    public var source: HostID?
    public var text: String

    public var description: String {
        let index = [host.map(\.description), source.map { "<- \($0)" }].compactMap(\.self).joined(separator: " ")
        return "\(at.stamp) \(index.isEmpty ? "" : index + " ")\(text)"
    }
}

extension Instant {
    /// The seconds since the start of the simulation, to the microsecond.
    var stamp: String {
        let microseconds = String(nanoseconds / 1000 % 1_000_000)
        let padding = String(repeating: "0", count: 6 - microseconds.count)
        return "\(nanoseconds / 1_000_000_000).\(padding)\(microseconds)"
    }
}

/// The record of a simulation.
public struct Recorder {
    /// The events, by host; cleared at every start of the host's process.
    public internal(set) var events: [[RecordedEvent]] = []
    /// The number of starts of the host's process, by host.
    public internal(set) var starts: [Int] = []
    public internal(set) var exits: [ExitStatus?] = []
    public internal(set) var traffic: [Traffic] = []
    public internal(set) var total = Traffic()
    /// The fingerprint of everything that was traced: equal for equal seeds.
    public private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Whether ``events`` are kept. If not, the memory of a long run does not grow with them.
    public var keepsEvents = true
    /// Whether anything is traced, which takes most of the time.
    public var isTracing = true
    /// The number of the last lines that are kept.
    public var traceLimit = 2_000
    private var ring: [TraceLine] = []
    private var ringStart = 0

    public init() {}

    /// The last lines, oldest first.
    public var trace: [TraceLine] { Array(ring[ringStart...] + ring[..<ringStart]) }

    mutating func addHost() {
        events.append([])
        starts.append(0)
        exits.append(nil)
        traffic.append(Traffic())
    }

    mutating func traced(
        at now: Instant, _ host: HostID? = nil, from source: HostID? = nil, _ text: @autoclosure () -> String
    ) {
        guard isTracing else { return }
        let line = TraceLine(at: now, host: host, source: source, text: text())
        for byte in line.description.utf8 { fingerprint = (fingerprint ^ UInt64(byte)) &* 0x100_0000_01B3 }
        guard traceLimit > 0 else { return }
        if ring.count < traceLimit {
            ring.append(line)
        } else {
            ring[ringStart] = line
            ringStart = (ringStart + 1) % ring.count
        }
    }

    mutating func shown(_ event: Event, _ token: CommandToken?, by host: HostID, at now: Instant) {
        if keepsEvents { events[host.number].append(RecordedEvent(at: now, event: event, token: token)) }
        traced(at: now, host, "shows \(event.summary)")
    }

    mutating func sent(by host: HostID, _ change: (inout Traffic) -> Void) {
        change(&traffic[host.number])
        change(&total)
    }

    // MARK: The state that a person would infer from the events

    /// Returns the name of the peer, once it is settled.
    public func name(of host: HostID) -> String? {
        var name: String?
        for recorded in events[host.number] {
            switch recorded.event {
            case .ready(let settled, _, _): name = settled
            case .name(let change): name = change.name
            default: break
            }
        }
        return name
    }

    /// Returns the other people present, as shown, with their names.
    public func people(of host: HostID) -> [PeerID: String] {
        var people: [PeerID: String] = [:]
        for recorded in events[host.number] {
            guard case .peer(let change) = recorded.event else { continue }
            switch change.state {
            case .left: people[change.peer.id] = nil
            case .joined, .renamed: people[change.peer.id] = change.peer.name
            case .away, .back, .blocked, .unblocked: break
            }
        }
        return people
    }

    public func messages(of host: HostID) -> [Event.Message] {
        events[host.number].compactMap { if case .message(let message) = $0.event { message } else { nil } }
    }

    public func peerChanges(of host: HostID) -> [(at: Instant, change: Event.PeerChange)] {
        events[host.number].compactMap { recorded in
            if case .peer(let change) = recorded.event { (recorded.at, change) } else { nil }
        }
    }
}
