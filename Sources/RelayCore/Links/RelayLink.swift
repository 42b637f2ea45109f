import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// One connection at a relay, from unauthenticated to a member's. A class, because one round may queue something for
/// thousands of links.
final class RelayLink {
    /// The phases of a link, each named after the input that it waits for. A link only moves forwards.
    enum Phase: Equatable {
        case awaitingHandshake
        case awaitingHello(PeerID)
        case awaitingJoin(PeerID)
        case member(PeerID)
        /// The host was asked to close the link; only `linkClosed` still follows.
        case closing
    }

    let id: LinkID
    let endpoint: Endpoint
    let startedAt: Instant
    var phase = Phase.awaitingHandshake
    var channel: Channel
    var lastHeard: Instant
    var window = SendWindow()
    /// Whether something is queued and the link is among those to be flushed.
    var isDirty = false
    /// Whether the link sent entries that are being passed on in this round.
    var isSpeaking = false
    var capabilities = Capabilities()
    /// The away reason of its `hello`; once it is a member, ``Membership/away`` counts.
    var away: String?
    /// Set while the link is a member's.
    var member: Membership?
    /// Set for a plain text guest, until the link is closing.
    var guest: RelayGuest?

    init(id: LinkID, endpoint: Endpoint, channel: Channel, at now: Instant) {
        self.id = id
        self.endpoint = endpoint
        startedAt = now
        self.channel = channel
        lastHeard = now
    }

    /// The key at the other end, from when it is proved until the link is closing.
    var peer: PeerID? {
        switch phase {
        case .awaitingHello(let peer), .awaitingJoin(let peer), .member(let peer): peer
        case .awaitingHandshake, .closing: nil
        }
    }

    /// Whether the link has not joined yet.
    var isUnauthenticated: Bool {
        switch phase {
        case .awaitingHandshake, .awaitingHello, .awaitingJoin: true
        case .member, .closing: false
        }
    }
}

/// The state of a member while it is present.
struct Membership {
    /// Entries that arrived faster than they may be passed on, oldest first.
    struct Pace {
        var bucket: TokenBucket
        var waiting: [[UInt8]] = []
        /// The index of the first entry that still waits.
        var next = 0
        var wasWarned = false

        var count: Int { waiting.count - next }

        mutating func popFirst() -> [UInt8]? {
            guard next < waiting.count else { return nil }
            defer {
                next += 1
                if next == waiting.count {
                    waiting = []
                    next = 0
                }
            }
            return waiting[next]
        }
    }

    var name: Nickname
    var away: String?
    /// Whether it has received the roster.
    var knowsRoster = false
    var pace: Pace
    var tunnels: TunnelQueue
    /// Authors that are not present and whose names it has been sent.
    var sentAuthors = SentAuthors()
    /// The rate of the moderation acts, renames and roster changes that it may cause.
    var acts = TokenBucket(capacity: Bounds.changeBurst, perSecond: Bounds.changeRate)
    /// Entries that it has requested.
    var pendingAnswers = PendingAnswers()
    /// The IDs of entries that were requested from it. Never iterated.
    var requested: Set<EntryID> = []
    /// Entries that it has offered and that are yet to be requested.
    var planned: [EntryID] = []
}

/// The table of all links of a relay.
struct RelayLinkTable {
    private var links: [LinkID: RelayLink] = [:]
    /// Members in the order in which they joined, which is the order in which they are served.
    private(set) var members: [RelayLink] = []
    private var memberByPeer: [PeerID: RelayLink] = [:]
    /// Links that have not joined.
    private var unauthenticated: [LinkID: RelayLink] = [:]
    var unauthenticatedLinkCount: Int { unauthenticated.count }

    var count: Int { links.count }

    subscript(id: LinkID) -> RelayLink? { links[id] }

    func member(_ peer: PeerID) -> RelayLink? { memberByPeer[peer] }

    /// All links in the order of their IDs.
    var all: [RelayLink] { links.values.sorted { $0.id < $1.id } }

    mutating func insert(_ link: RelayLink) {
        precondition(links[link.id] == nil, "a link's ID is never used again")
        links[link.id] = link
        unauthenticated[link.id] = link
    }

    mutating func remove(_ id: LinkID) -> RelayLink? {
        guard let link = links.removeValue(forKey: id) else { return nil }
        leaveIndexes(link)
        return link
    }

    /// Changes the phase of a link and the indexes that depend on it.
    mutating func setPhase(_ phase: RelayLink.Phase, of link: RelayLink) {
        leaveIndexes(link)
        link.phase = phase
        if link.isUnauthenticated { unauthenticated[link.id] = link }
        if case .member(let peer) = phase {
            members.append(link)
            memberByPeer[peer] = link
        }
    }

    private mutating func leaveIndexes(_ link: RelayLink) {
        unauthenticated[link.id] = nil
        if case .member(let peer) = link.phase {
            if let index = members.firstIndex(where: { $0 === link }) { members.remove(at: index) }
            if memberByPeer[peer] === link { memberByPeer[peer] = nil }
        }
    }

    /// Returns the link to evict when unauthenticated connections fill the table: the oldest of the address that has
    /// the most of them. A link that is younger than ``newcomerGrace`` is evicted only in favour of an address with
    /// fewer, so that thousands of peers that connect together after a restart do not evict each other in
    /// mid-handshake.
    func evictionCandidate(for newcomer: IPAddress, at now: Instant) -> RelayLink? {
        var counts: [AddressKey: Int] = [:]
        for link in unauthenticated.values { counts[AddressKey(link.endpoint.address), default: 0] += 1 }
        func count(_ link: RelayLink) -> Int { counts[AddressKey(link.endpoint.address)] ?? 0 }
        func rank(_ link: RelayLink) -> (Int, Int64, UInt64) {
            (-count(link), link.startedAt.nanoseconds, link.id.number)
        }
        guard let link = unauthenticated.values.min(by: { rank($0) < rank($1) }) else { return nil }
        let isOverdue = now >= link.startedAt + Self.newcomerGrace
        return isOverdue || count(link) > (counts[AddressKey(newcomer)] ?? 0) + 1 ? link : nil
    }

    /// The time that an honest handshake takes over a long distance, at a busy relay.
    private static let newcomerGrace = Duration.seconds(1)
}
