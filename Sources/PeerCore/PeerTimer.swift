import CoreModel

/// A peer's own timers.
enum PeerTimer: Int, TimerKind {
    /// Maintain links: send pings, close dead links, time out handshakes.
    case maintenance
    /// Maintain people: report peers that have been gone, or held back, for long enough.
    case people
    /// Gossip new entries to a few peers.
    case entryGossip
    /// Reconcile logs with a peer chosen at random.
    case reconciliation
    /// Gossip link-state advertisements to neighbours.
    case gossip
    /// Send a new link-state advertisement of our own.
    case advertisement
    /// Compare link-state advertisements with a peer.
    case comparison
    /// Select neighbours: dial those that are wanted, release the others.
    case neighbourSelection
    /// Record private messages as shown.
    case shownMessages
    /// No peer is present: look for a cause to report to the user.
    case silence
    /// Store our network location for the next start.
    case location
    /// Move to another gathering.
    case gathering
    /// Prune expired entries.
    case retention
    /// Offer unacknowledged private messages to members of relays again.
    case redelivery
    /// Show lobby lines from before this peer arrived.
    case backlog
    /// Report how many lines arrived too fast to be shown.
    case suppressedLines
    /// The wait for receipts has timed out.
    case receiptTimeout
    /// Report arrivals and departures in one line.
    case presenceSummary
    /// Request more entries where none of the requested ones have arrived.
    case requests

    /// The reason for the deadline, for the log.
    var reason: StaticReason {
        switch self {
        case .maintenance: "links to maintain"
        case .people: "somebody has left or settled"
        case .entryGossip: "entries to gossip"
        case .reconciliation: "logs to compare"
        case .gossip: "link-state advertisements to gossip"
        case .advertisement: "our links have changed"
        case .comparison: "link-state advertisements to compare"
        case .neighbourSelection: "links to choose"
        case .shownMessages: "messages have been shown"
        case .silence: "no peer is present"
        case .location: "network location to store"
        case .gathering: "gatherings have met"
        case .retention: "old entries to prune"
        case .redelivery: "receipts are missing"
        case .suppressedLines: "lines arrived too fast"
        case .backlog: "earlier lines to show"
        case .receiptTimeout: "waited long enough for receipts"
        case .presenceSummary: "arrivals and departures to report"
        case .requests: "requested entries are missing"
        }
    }
}
