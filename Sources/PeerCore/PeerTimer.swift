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
        case .maintenance: "links need care"
        case .people: "somebody has left or settled"
        case .entryGossip: "news to pass on"
        case .reconciliation: "logs to compare"
        case .gossip: "others' statements to tell of"
        case .advertisement: "our links have changed"
        case .comparison: "statements to compare"
        case .neighbourSelection: "links to choose"
        case .shownMessages: "messages have been shown"
        case .silence: "nobody is there"
        case .location: "where we are is kept"
        case .gathering: "gatherings have met"
        case .retention: "old entries are let go of"
        case .redelivery: "receipts have not come"
        case .suppressedLines: "lines came too fast"
        case .backlog: "what was said before has come"
        case .receiptTimeout: "waited long enough for receipts"
        case .presenceSummary: "many have come or gone"
        case .requests: "entries have not come"
        }
    }
}
