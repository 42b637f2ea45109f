public import Wire

/// What a core wants done, in this order.
public enum Output: Sendable {
    /// By multicast on every interface and family.
    case multicast([UInt8])
    /// To one place.
    case sendDatagram([UInt8], to: Endpoint)
    /// Look a host up by its name; answered by `hostFound`.
    case findHost(name: String, port: UInt16)
    /// Connect; answered by `linkOpened` or `linkClosed`.
    case openLink(LinkID, to: Endpoint, from: LocalPort)
    /// Send what the system takes, and queue the rest. The host has no bound of its own: a core that asks to be told when
    /// it is gone has ``Bounds/outstandingBytes`` with it at most, and one frame more.
    case sendOnLink(LinkID, [UInt8])
    /// Answer with `linkDrained` when the system has taken everything that was sent on this link until now; at once, in
    /// the next round, if it has.
    case awaitDrained(LinkID)
    /// Send what is queued, then close (`abruptly`: close at once). Answered by `linkClosed(_, .closedByUs)`.
    case closeLink(LinkID, abruptly: Bool)
    /// For the person or program in front of this peer. `token` if a command asked for it.
    /// Kept apart: an event is large, and an output of another kind is moved for each record of each link.
    indirect case notify(Event, token: CommandToken?)
    /// For the diagnostic log.
    case note(Note)
    /// The core is done: flush the links and end the process.
    case finished(ExitStatus)
}

/// The TCP port that a connection of ours is made from.
public enum LocalPort: Equatable, Sendable {
    /// One that the system chooses.
    case any
    /// The one that we accept links on. Two peers that dial each other so, each at the other's link port, meet in one
    /// connection although neither lets in what it did not ask for (TCP's simultaneous open, RFC 9293 §3.5).
    case linkPort
}

/// The process's exit status (DESIGN §6).
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
