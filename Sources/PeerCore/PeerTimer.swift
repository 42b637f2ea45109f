import CoreModel

/// A peer's own timers.
enum PeerTimer: Int, TimerKind {
    /// Look after links: pings, deaths, handshakes that take too long.
    case maintenance
    /// Look after people: who has been gone long enough, who has been held back long enough.
    case people
    /// Pass news on to a few others.
    case rumour
    /// Compare logs with somebody chosen at random.
    case reconciliation
    /// Tell neighbours of what others state.
    case gossip
    /// Say again which links we have.
    case advertisement
    /// Compare with somebody what is stated.
    case comparison
    /// Dial whom we want links with, let go of the others.
    case neighbourSelection
    /// Note that private messages have been shown.
    case shownMessages
    /// Nobody is there: look whether there is a cause that a person can be told.
    case silence
    /// Keep where we are, for the next start.
    case location
    /// Go over to another gathering.
    case gathering
    /// Let go of what is old.
    case retention
    /// Private messages for members of relays wait for receipts: ask again.
    case redelivery
    /// Show what was said before this peer came.
    case backlog
    /// Tell how many lines came too fast to be shown.
    case suppressedLines
    /// Receipts have been waited for long enough.
    case receiptTimeout
    /// Tell who came and went with others.
    case presenceSummary
    /// Ask for more where nothing that was asked for has come.
    case requests

    var reason: StaticReason {
        switch self {
        case .maintenance: "links need care"
        case .people: "somebody has left or settled"
        case .rumour: "news to pass on"
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
