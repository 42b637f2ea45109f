package import CoreModel
package import Wire

/// The notice to the user when no peer appears: one quiet line, and only if a cause is known.
package struct Silence {
    /// Why no peer appears.
    package enum Cause: Equatable {
        case noNetwork
        case obstacle(ReachObstacle)
        /// A firewall drops incoming multicast on this interface.
        case firewall(interface: String)
        /// Announcements of this peer arrive, but no dial reaches it.
        case unreachable(name: String, at: Endpoint)
    }

    /// How long no peer is linked before a cause is determined, and how often that is repeated.
    package static let reportDelay = Duration.seconds(15)
    package static let interval = Duration.seconds(5)
    /// The number of dials in a row that fail to reach a peer before it counts as unreachable.
    package static let failedDialCount = 6
    /// The maximum number of causes reported by a process: an unstable network is no reason for more.
    private static let toldCount = 4

    /// Since when no peer is linked; nil before the start.
    package var since: Instant?
    /// The obstacles that the host has found.
    package var obstacles: [ReachObstacle] = []
    private var told: [Cause] = []

    package init() {}

    /// Records a cause as reported.
    /// - Returns: The line to show; nil if it was shown before.
    package mutating func tell(_ cause: Cause) -> String? {
        guard told.count < Self.toldCount, !told.contains(cause) else { return nil }
        told.append(cause)
        return cause.text
    }
}

extension Silence.Cause {
    /// The line to show.
    package var text: String {
        switch self {
        case .noNetwork:
            "nobody heard yet; this machine is not connected to a network (earshot doctor)"
        case .obstacle(.discoveryPortTaken):
            "nobody heard yet; another program on this machine uses UDP port 47474 exclusively (earshot doctor)"
        case .obstacle(.sendingForbidden(let interface)):
            "nobody heard yet; this machine does not let earshot send on \(interface), as the kill switch of a VPN "
                + "does (earshot doctor)"
        case .firewall:
            "nobody heard yet; a firewall on this machine drops what others send (earshot doctor)"
        case .unreachable(let name, let endpoint):
            "\(name) is heard but does not answer at \(endpoint) (earshot doctor \(endpoint.address))"
        }
    }
}
