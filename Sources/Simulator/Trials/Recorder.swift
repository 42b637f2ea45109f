public import CoreModel
import PeerCore
public import Wire

/// What one process told the person in front of it, and when.
public struct RecordedEvent: Sendable {
    public var at: Instant
    public var event: Event
    public var token: CommandToken?
}

/// How much went over the wire.
public struct Traffic: Equatable, Sendable {
    /// As sent, one for each multicast however many hear it.
    public var datagrams = 0
    /// How many of them went to one address.
    public var unicastDatagrams = 0
    /// How many of those went to an address that nobody has.
    public var datagramsToNobody = 0
    public var datagramBytes = 0
    public var linksOpened = 0
    public var linkBytes = 0

    public init() {}
}

/// One line of a trace.
public struct TraceLine: Sendable, CustomStringConvertible {
    public var at: Instant
    /// Where it happened; nil: to the network.
    public var host: HostID?
    /// Whose doing it was, where that is another host.
    public var source: HostID?
    public var text: String

    public var description: String {
        let place = [host.map(\.description), source.map { "<- \($0)" }].compactMap(\.self).joined(separator: " ")
        return "\(at.stamp) \(place.isEmpty ? "" : place + " ")\(text)"
    }
}

extension Instant {
    /// Seconds since the simulation's start, to the microsecond.
    var stamp: String {
        let microseconds = String(nanoseconds / 1000 % 1_000_000)
        let padding = String(repeating: "0", count: 6 - microseconds.count)
        return "\(nanoseconds / 1_000_000_000).\(padding)\(microseconds)"
    }
}

/// What a simulation remembers.
public struct Recorder {
    /// By host; begins anew with every start of its process.
    public internal(set) var events: [[RecordedEvent]] = []
    /// By host: how often its process was started.
    public internal(set) var starts: [Int] = []
    public internal(set) var exits: [ExitStatus?] = []
    public internal(set) var traffic: [Traffic] = []
    public internal(set) var total = Traffic()
    /// Of everything that was traced: the same for the same seed.
    public private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Whether ``events`` are kept; without, a long run of many takes no more memory for it.
    public var keepsEvents = true
    /// Whether anything is traced; it takes most of the time.
    public var isTracing = true
    /// How many of the last lines are kept.
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

    // What a person would know from what was shown.

    /// What the peer is called, once that is settled.
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

    /// Who is there besides itself, as shown, with their names.
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
