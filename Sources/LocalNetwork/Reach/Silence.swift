package import CoreModel
package import Wire

/// What is said to a person when nobody appears: one quiet line, and only if there is a cause that can be named.
package struct Silence {
    package enum Cause: Equatable {
        case noNetwork
        case obstacle(ReachObstacle)
        /// What others say is dropped on this interface.
        case firewall(interface: String)
        /// This peer is heard, but no dial reaches it.
        case unreachable(name: String, at: Endpoint)
    }

    /// How long nobody is there before a cause is looked for, and how often it is looked for again.
    package static let reportDelay = Duration.seconds(15)
    package static let interval = Duration.seconds(5)
    /// Dials in a row that did not reach a peer that is heard.
    package static let vainDials = 6
    /// Causes that are told in the life of a process: a network that comes and goes is no reason to go on about it.
    private static let toldCount = 4

    /// Since when nobody is there; nil before the start.
    package var since: Instant?
    /// What the host has found.
    package var obstacles: [ReachObstacle] = []
    private var told: [Cause] = []

    package init() {}

    /// - Returns: the line; nil if it was said before.
    package mutating func tell(_ cause: Cause) -> String? {
        guard told.count < Self.toldCount, !told.contains(cause) else { return nil }
        told.append(cause)
        return cause.text
    }
}

extension Silence.Cause {
    package var text: String {
        switch self {
        case .noNetwork:
            "nobody heard yet; this machine is on no network (earshot doctor)"
        case .obstacle(.discoveryPortTaken):
            "nobody heard yet; another program on this machine keeps UDP port 47474 to itself (earshot doctor)"
        case .obstacle(.sendingForbidden(let interface)):
            "nobody heard yet; this machine does not let earshot send on \(interface), as the kill switch of a VPN does "
                + "(earshot doctor)"
        case .firewall:
            "nobody heard yet; a firewall on this machine drops what others say (earshot doctor)"
        case .unreachable(let name, let endpoint):
            "\(name) is heard but does not answer at \(endpoint) (earshot doctor \(endpoint.address))"
        }
    }
}
