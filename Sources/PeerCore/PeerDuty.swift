import CoreModel

/// A peer's own timers.
enum PeerDuty: Int, AgendaDuty {
    /// Look after links: pings, deaths, handshakes that take too long.
    case care
    /// Look after people: who has been gone long enough, who has been held back long enough.
    case people
    /// Pass news on to a few others.
    case rumour
    /// Compare logs with somebody chosen at random.
    case reconciliation
    /// Tell neighbours of what others state.
    case news
    /// Say again which links we have.
    case statement
    /// Compare with somebody what is stated.
    case comparison
    /// Dial whom we want links with, let go of the others.
    case tending
    /// Note that private messages have been shown.
    case seen
    /// Nobody is there: look whether there is a cause that a person can be told.
    case silence
    /// Keep where we are, for the next start.
    case whereabouts
    /// Go over to another gathering.
    case gathering
    /// Let go of what is old.
    case retention
    /// Private messages for members of relays wait for receipts: ask again.
    case debts
    /// Show what was said before this peer came.
    case backlog
    /// Tell how many lines came too fast to be shown.
    case surplus
    /// Receipts have been waited for long enough.
    case patience
    /// Tell who came and went with others.
    case company
    /// Ask for more where nothing that was asked for has come.
    case asking

    var reason: StaticReason {
        switch self {
        case .care: "links need care"
        case .people: "somebody has left or settled"
        case .rumour: "news to pass on"
        case .reconciliation: "logs to compare"
        case .news: "others' statements to tell of"
        case .statement: "our links have changed"
        case .comparison: "statements to compare"
        case .tending: "links to choose"
        case .seen: "messages have been shown"
        case .silence: "nobody is there"
        case .whereabouts: "where we are is kept"
        case .gathering: "gatherings have met"
        case .retention: "old entries are let go of"
        case .debts: "receipts have not come"
        case .surplus: "lines came too fast"
        case .backlog: "what was said before has come"
        case .patience: "waited long enough for receipts"
        case .company: "many have come or gone"
        case .asking: "entries have not come"
        }
    }
}
