package import CoreModel
package import Secure
package import Wire

/// The peers that we want links with. On a small LAN these are all peers that are present. On a big one they are a few,
/// chosen at random by a secret of our own; the others are present by the link-state advertisements
/// (``LinkStateDatabase``).
///
/// Each peer dials k others at random, so that all links together form a random graph: connected even if a third of the
/// peers misbehave, and three or four links across for a thousand peers. A peer that does not know the secret cannot
/// arrange to be all of our neighbours, and an arrival or departure changes few links.
package struct Mesh {
    /// The number of present peers, ourselves included, up to which each peer has a link with every other.
    package let fullMeshCount: Int
    private let secret: UInt64
    /// The link-state advertisements of all peers.
    package var table = LinkStateDatabase()
    /// All present peers, most wanted as neighbours first.
    private(set) var ranking: [Ranked] = []
    /// Whether this LAN is big, so that each peer keeps only a few links.
    package private(set) var isSparse = false
    /// The number of addresses that announcements were received from recently.
    private(set) var heardCount = 0
    private var crowd = CrowdSense()
    /// The number of peers present when neighbours were last selected.
    private var countAtSelection = 0
    /// Our own link-state advertisement.
    package var said = OwnAdvertisements()
    /// Whether we advertise our links.
    package var isAdvertising = false
    /// The recent rate of gossip.
    package var pace = GossipPace()
    /// The pending requests for advertisements.
    package var asked = AdvertisementRequests()
    /// The peers that we have private messages for, and since when.
    package private(set) var called: [PeerID: Instant] = [:]
    /// The peers that cannot be dialled, and until when no dial is attempted.
    private var undiallable: [PeerID: Instant] = [:]
    /// The present peers whose link with us broke: other peers still advertise links with them.
    package private(set) var orphans: Set<PeerID> = []

    /// A present peer and its rank: the lowest is the most wanted neighbour.
    struct Ranked: Comparable {
        let rank: UInt64
        package let peer: PeerID

        package static func < (left: Self, right: Self) -> Bool { (left.rank, left.peer) < (right.rank, right.peer) }
    }

    /// How long flooding waits for more changes.
    package static let gossipDelay = Duration.milliseconds(50)
    /// How long flooding waits after much recent gossip.
    package static let busyGossipDelay = Duration.milliseconds(250)
    /// How soon our advertisement changes when a peer may have appeared, or disappeared, for the whole network.
    package static let urgentDelay = Duration.milliseconds(100)
    /// How soon it changes, times 0.5…1.5, after changes of links that do not affect the presence of any peer.
    package static let calmDelay = Duration.seconds(3)
    /// The time between our advertisements. When many peers arrive together, each further one that reports arrivals
    /// waits twice as long.
    package static let shortestPause = Duration.milliseconds(250)
    package static let maximumBackoff = Duration.seconds(4)
    /// The time between comparisons with a link chosen at random, times 0.5…1.5.
    package static let comparisonInterval = Duration.seconds(15)
    /// How long an unwanted link is kept, so that changes in progress can complete.
    package static let surplusAge = Duration.seconds(4)
    /// How long a link that was opened for private messages is kept after the last one.
    package static let callTime = Duration.seconds(60)
    /// How long a peer is not selected as a neighbour after a failed dial.
    private static let shutTime = Duration.seconds(60)
    /// The expected number of receivers that dial an absent peer immediately on its announcement.
    static let answerCount = 6.0
    /// The number of links that gossip is sent on, chosen at random each time: it reaches all but one peer in 10⁷.
    package static let gossipFanout = 16
    /// When many peers arrive together, all but the first few are dialled after this time, times 1…2, unless they were
    /// advertised by then.
    static let crowdDelay = Duration.milliseconds(400)
    /// The maximum number of entries in each table of peers.
    private static let tableCount = 1_024

    /// Creates the mesh of a process.
    /// - Parameter key: A secret of this process; it cannot be derived from any behaviour that depends on it.
    package init(fullMeshCount: Int, secretFrom key: [UInt8] = []) {
        self.fullMeshCount = fullMeshCount
        let digest = SHA256.hash(Array("earshot neighbours".utf8) + key)
        secret = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Returns the number of links that we open, given the number of others; about as many are opened by others to us.
    package static func neighbourCount(among population: Int) -> Int {
        let bits = Int.bitWidth - (population + 1).leadingZeroBitCount
        return max(3, bits / 2 + 1)
    }

    // Presence.

    /// Returns a peer with its rank.
    func ranked(_ peer: PeerID) -> Ranked {
        let words = peer.words
        var value = secret
        for word in [words.0, words.1, words.2, words.3] {
            // The finalizer of SplitMix64: the result is unpredictable without the secret.
            value = (value ^ word) &+ 0x9E37_79B9_7F4A_7C15
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
        }
        return Ranked(rank: value, peer: peer)
    }

    /// Records the number of addresses that announcements were received from recently: this shows that a LAN is big
    /// before any peer has many links.
    /// - Parameter peers: The number of peers that sent them.
    package mutating func heard(fromAddresses count: Int, peers: Int) {
        heardCount = count
        if min(count, peers) > fullMeshCount / 2 { crowd.isCrowded = true }
        considerDensity()
    }

    /// Records that a linked peer sent a digest, as peers do that count this network as big.
    package mutating func digestReceived() { crowd.isCrowded = true }

    /// Whether announcements of many peers arrive, or a linked peer counts this network as big: advertisements will
    /// then cover the rest.
    var isCrowded: Bool { crowd.isCrowded }

    /// Takes one of the few immediate dials allowed while many peers arrive.
    mutating func mayAnswer(at now: Instant) -> Bool { crowd.answers.take(at: now) }

    /// Adds a present peer.
    package mutating func enter(_ peer: PeerID) {
        guard ranking.insert(sorted: ranked(peer)) else { return }
        considerDensity()
    }

    /// Returns whether a peer is present.
    package func isHere(_ peer: PeerID) -> Bool { ranking.contains(sorted: ranked(peer)) }

    /// Removes a peer that is no longer present.
    package mutating func leave(_ peer: PeerID) {
        guard ranking.remove(sorted: ranked(peer)) else { return }
        called[peer] = nil
        orphans.remove(peer)
        considerDensity()
    }

    /// Updates whether links are few. A LAN becomes small again at a much lower count than the one at which it becomes
    /// big.
    private mutating func considerDensity() {
        let present = max(ranking.count, heardCount) + 1
        if present > fullMeshCount {
            isSparse = true
        } else if present * 3 <= fullMeshCount * 2 {
            isSparse = false
        }
        if present * 3 <= fullMeshCount { crowd.isCrowded = false }
    }

    /// Returns whether many peers have arrived since the last call: neighbours are best selected once arrivals have
    /// slowed.
    package mutating func isGrowing() -> Bool {
        defer { countAtSelection = ranking.count }
        return isSparse && ranking.count * 8 > countAtSelection * 9
    }

    // Neighbours.

    /// Returns the peers that we want links with, most wanted first; on a small LAN all.
    package func wanted(at now: Instant) -> [PeerID] {
        guard isSparse else { return ranking.map(\.peer) }
        let count = Self.neighbourCount(among: ranking.count)
        return Array(ranking.lazy.map(\.peer).filter { !isShut($0, at: now) }.prefix(count))
    }

    /// Returns whether a link with this peer is wanted.
    func isWanted(_ peer: PeerID, at now: Instant) -> Bool {
        !isSparse || called[peer] != nil || wanted(at: now).contains(peer)
    }

    private func isShut(_ peer: PeerID, at now: Instant) -> Bool { undiallable[peer].map { now < $0 } ?? false }

    /// Records that a peer could not be dialled: another one replaces it for a while.
    package mutating func dialFailed(_ peer: PeerID, at now: Instant) {
        guard isSparse else { return }
        if undiallable.count >= Self.tableCount { undiallable = undiallable.filter { now < $0.value } }
        if undiallable.count < Self.tableCount { undiallable[peer] = now + Self.shutTime }
    }

    /// Records that a link with a peer is up.
    package mutating func linkUp(_ peer: PeerID) {
        undiallable[peer] = nil
        orphans.remove(peer)
    }

    /// Records that our link with a present peer broke.
    package mutating func linkBroke(_ peer: PeerID) {
        if orphans.count < Self.tableCount { orphans.insert(peer) }
    }

    /// Requests a link with a peer that we have private messages for.
    package mutating func call(_ peer: PeerID, at now: Instant) {
        called = called.filter { now < $0.value + Self.callTime }
        if called.count < Self.tableCount { called[peer] = now }
    }
}

/// Whether many peers arrive together, and the dials that are made nevertheless.
private struct CrowdSense {
    var isCrowded = false
    /// The dials that are made immediately.
    var answers = TokenBucket(capacity: 4, perSecond: 1)
}

/// Our own link-state advertisement, from the first time that the LAN was big until the process ends.
package struct OwnAdvertisements {
    /// The latest advertisement.
    package var signed: SignedAdvertisement?
    /// The claim that it contains.
    package var claim: Claim?
    /// When it was sent.
    package var at: Instant?
    /// How long the next one waits.
    package var pause = Mesh.shortestPause
    /// Whether a link broke that the advertisement still contains.
    package var isLossUnadvertised = false
}

/// The recent rate of gossip.
package struct GossipPace {
    /// The time to process the advertisements received.
    package var reading = AdvertisementBacklog()
    /// The rate of gossip that is sent without much delay.
    package var brisk = TokenBucket(capacity: 20, perSecond: 4)
}

/// Flow control: the estimated time to process the received advertisements at 1,000 a second. We hold our own back
/// until then, so that all peers together do not advertise more than each can process, however many arrive together.
package struct AdvertisementBacklog {
    /// When the backlog is processed.
    package private(set) var end = Instant(nanoseconds: 0)
    /// When the backlog began.
    private var start = Instant(nanoseconds: 0)
    /// The time to process one advertisement.
    static let each = Duration.milliseconds(1)
    /// The longest backlog that is assumed.
    package static let longest = Duration.seconds(5)
    /// The age beyond which we no longer wait for a backlog.
    package static let timeout = Duration.seconds(30)

    /// Adds an accepted advertisement to the backlog.
    package mutating func taken(at now: Instant) {
        if end < now {
            start = now
            end = now
        }
        end = min(end + Self.each, now + Self.longest)
    }

    /// Returns until when advertisements in transit may report a peer as present; nil: waiting is not worthwhile.
    func mayTell(at now: Instant) -> Instant? {
        end + Self.each * 100 > now && now < start + Self.timeout ? max(end, now) : nil
    }
}

/// The advertisements requested and not yet received: each is requested on one link, and on another when that fails.
package struct AdvertisementRequests {
    /// A request that has not been answered.
    private struct Ask {
        var sequence: UInt64
        var link: LinkID
        var at: Instant
    }

    private var asks: [ProcessTag: Ask] = [:]
    /// How long a request waits for the advertisement.
    package static let timeout = Duration.milliseconds(1_500)
    package static let capacity = 8_192

    /// Returns whether to request an advertisement now on the link that offered it, and records the request.
    package mutating func shouldAsk(_ link: LinkID, for key: AdvertisementKey, at now: Instant) -> Bool {
        if let ask = asks[key.process], ask.sequence >= key.sequence, now < ask.at + Self.timeout { return false }
        if asks.count >= Self.capacity { asks = asks.filter { now < $0.value.at + Self.timeout } }
        guard asks.count < Self.capacity else { return false }
        asks[key.process] = Ask(sequence: key.sequence, link: link, at: now)
        return true
    }

    /// Removes the request for an advertisement that has arrived.
    package mutating func arrived(_ process: ProcessTag) { asks[process] = nil }

    /// Forgets the requests on a lost link, so that other links may be asked.
    package mutating func linkDown(_ link: LinkID) {
        if asks.contains(where: { $0.value.link == link }) { asks = asks.filter { $0.value.link != link } }
    }
}

/// The state of gossip on one link.
package struct LinkGossip {
    /// Whether the other side takes part in gossip.
    package var speaks = false
    /// Whether we have sent a digest.
    package var hasSentDigest = false
    /// When a private message was last sent or received on it.
    package var lastUsed: Instant?
    /// Whether it was closed because it is not needed: the peer stays present.
    package var isReleased = false
    /// The digests that it may have us compare.
    package var digests = TokenBucket(capacity: 5, perSecond: 0.5)
    /// The advertisements that it may send: each new one costs 0.1 ms.
    package var advertisements = TokenBucket(capacity: 10_000, perSecond: 1_000)

    package init() {}
}
