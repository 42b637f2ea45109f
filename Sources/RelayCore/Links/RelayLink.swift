import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// One connection at a relay, from a stranger's to a member's. A class, because one round may queue something for
/// thousands of them.
final class RelayLink {
    /// Named by what is awaited. Only forwards.
    enum Phase: Equatable {
        case awaitingHandshake
        case awaitingHello(PeerID)
        case awaitingJoin(PeerID)
        case member(PeerID)
        /// We asked the host to close it; only `linkClosed` still comes.
        case closing
    }

    let id: LinkID
    let endpoint: Endpoint
    let startedAt: Instant
    var phase = Phase.awaitingHandshake
    var channel: Channel
    var lastHeard: Instant
    var window = SendWindow()
    /// Something is queued: it is among those to be flushed.
    var isDirty = false
    /// It has said something that is being passed on in this round.
    var isSpeaking = false
    var capabilities = Capabilities()
    /// Why it was away when it came, as `hello` says; while it is a member, ``Membership/away`` counts.
    var away: String?
    /// Set while it is a member.
    var member: Membership?
    /// Set for a guest with plain text, until the link is closing.
    var guest: RelayGuest?

    init(id: LinkID, endpoint: Endpoint, channel: Channel, at now: Instant) {
        self.id = id
        self.endpoint = endpoint
        startedAt = now
        self.channel = channel
        lastHeard = now
    }

    /// The key at the other end, once it has proved it and until the link is closing.
    var peer: PeerID? {
        switch phase {
        case .awaitingHello(let peer), .awaitingJoin(let peer), .member(let peer): peer
        case .awaitingHandshake, .closing: nil
        }
    }

    var isUnauthenticated: Bool {
        switch phase {
        case .awaitingHandshake, .awaitingHello, .awaitingJoin: true
        case .member, .closing: false
        }
    }
}

/// What a relay keeps of a member while it is here.
struct Membership {
    /// Entries that came faster than they are passed on, oldest first.
    struct Pace {
        var bucket: TokenBucket
        var waiting: [[UInt8]] = []
        /// Index of the first that still waits.
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
    /// Whether it has been told who is here.
    var knowsRoster = false
    var pace: Pace
    var tunnels: TunnelQueue
    /// Authors who are not here and whose names it has been told.
    var toldAuthors = ToldAuthors()
    /// Acts of moderation, renames and roster news that it may cause.
    var acts = TokenBucket(capacity: Bounds.changeBurst, perSecond: Bounds.changeRate)
    /// Entries that it has asked for.
    var owed = PendingAnswers()
    /// Entries that it was asked for, by ID. Not walked.
    var requested: Set<EntryID> = []
    /// Entries that it has and that are still to be asked for.
    var planned: [EntryID] = []
}

/// All links of a relay.
struct RelayLinkTable {
    private var links: [LinkID: RelayLink] = [:]
    /// Members in the order in which they joined: the order in which they are served.
    private(set) var members: [RelayLink] = []
    private var memberByPeer: [PeerID: RelayLink] = [:]
    /// Links that have not joined.
    private var unauthenticated: [LinkID: RelayLink] = [:]
    var unauthenticatedLinkCount: Int { unauthenticated.count }

    var count: Int { links.count }

    subscript(id: LinkID) -> RelayLink? { links[id] }

    func member(_ peer: PeerID) -> RelayLink? { memberByPeer[peer] }

    /// In the order of their IDs.
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
            if let place = members.firstIndex(where: { $0 === link }) { members.remove(at: place) }
            if memberByPeer[peer] === link { memberByPeer[peer] = nil }
        }
    }

    /// Who gives way when strangers fill the table: the oldest of the address that has the most of them. One that has
    /// just come gives way only to an address with fewer, so that thousands who come at once, after a restart, do not
    /// push each other out halfway in.
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

    /// What an honest handshake takes on a long way, at a busy relay.
    private static let newcomerGrace = Duration.seconds(1)
}
