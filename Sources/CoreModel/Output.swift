public import Wire

/// An action that a core requests of its host. Outputs are carried out in order.
public enum Output: Sendable {
    /// Send by multicast on every interface and address family.
    case multicast([UInt8])
    /// Send to one address.
    case sendDatagram([UInt8], to: Endpoint)
    /// Resolve the name of a host; answered by `hostFound`.
    case findHost(name: String, port: UInt16)
    /// Connect; answered by `linkOpened` or `linkClosed`.
    case openLink(LinkID, to: Endpoint, from: LocalPort)
    /// Send as much as the system accepts, and queue the rest. The host's queue has no bound of its own: a core that
    /// waits for `linkDrained` has at most ``Bounds/outstandingBytes`` and one more frame in it.
    case sendOnLink(LinkID, [UInt8])
    /// Answer with `linkDrained` when the system has accepted everything that was sent on this link so far; in the next
    /// round if it already has.
    case awaitDrained(LinkID)
    /// Send the queue, then close (`abruptly`: close immediately). Answered by `linkClosed(_, .closedByUs)`.
    case closeLink(LinkID, abruptly: Bool)
    /// Pass an event to the front end; `token` if a command caused it. Indirect because an event is large, and outputs
    /// of other kinds are moved for each record of each link.
    indirect case notify(Event, token: CommandToken?)
    /// Write a line to the diagnostic log.
    case note(Note)
    /// End the process after the links are flushed: the core has finished.
    case finished(ExitStatus)
}

/// The local TCP port of an outgoing connection.
public enum LocalPort: Equatable, Sendable {
    /// A port that the system chooses.
    case any
    /// The port that we accept links on. Two peers that dial each other's link port from their own share one
    /// connection, even if the firewalls of both block unsolicited packets (TCP's simultaneous open, RFC 9293 §3.5).
    case linkPort
}

/// The exit status of the process.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    case nameTaken = 3
    case refused = 4
}

/// One line for the diagnostic log.
public struct Note: Equatable, Sendable {
    public enum Level: UInt8, Comparable, Sendable {
        case debug, info, warning

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    public var level: Level
    public var text: String

    public init(_ level: Level, _ text: String) {
        self.level = level
        self.text = text
    }
}
