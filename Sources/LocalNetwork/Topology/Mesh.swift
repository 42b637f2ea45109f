package import CoreModel
package import Secure
package import Wire

/// With whom we want links. On a small LAN that is everybody who is here. On a big one it is a few, chosen at random by
/// a secret of our own; all others are here by what peers state of their links (``LinkStateDatabase``).
///
/// Each peer dials k others at random, so all links together are a random graph: in one piece, whatever a third of the
/// peers do, and three or four links across for a thousand. Nobody who does not know the secret can arrange to be all
/// of our neighbours, and who comes and goes changes few links.
package struct Mesh {
    /// Present peers, ourselves among them, up to which everybody has a link with everybody.
    package let fullMeshCount: Int
    private let secret: UInt64
    package var table = LinkStateDatabase()
    /// Everybody who is here, in the order in which we want links with them.
    private(set) var ranking: [Ranked] = []
    package private(set) var isSparse = false
    private(set) var heardCount = 0
    private var crowd = CrowdSense()
    /// How many were here when links were chosen last.
    private var countAtSelection = 0
    /// What we state ourselves.
    package var said = OwnAdvertisements()
    package var isAdvertising = false
    package var pace = GossipPace()
    package var asked = AdvertisementRequests()
    /// Peers that we have something for alone, and since when.
    package private(set) var called: [PeerID: Instant] = [:]
    /// Peers that cannot be dialled just now, and until when nobody tries.
    private var shut: [PeerID: Instant] = [:]
    /// Peers whose links broke and who are here still, as others state.
    package private(set) var orphans: Set<PeerID> = []

    /// One who is here, and how much we want a link with it: the lowest most.
    struct Ranked: Comparable {
        let rank: UInt64
        package let peer: PeerID

        package static func < (left: Self, right: Self) -> Bool { (left.rank, left.peer) < (right.rank, right.peer) }
    }

    /// Flooding waits this long for more.
    package static let gossipDelay = Duration.milliseconds(50)
    /// And this long when there was much to tell lately.
    package static let busyGossipDelay = Duration.milliseconds(250)
    /// Our statement changes so soon when somebody may be gone or new for all.
    package static let urgentDelay = Duration.milliseconds(100)
    /// And so soon, times 0.5…1.5, when links changed that say nothing new of who is here.
    package static let calmDelay = Duration.seconds(3)
    /// Between our statements. When many come at once the next one that says who is new waits twice as long each time.
    package static let shortestPause = Duration.milliseconds(250)
    package static let longestPause = Duration.seconds(4)
    /// Between comparisons with a link chosen at random, times 0.5…1.5.
    package static let comparisonInterval = Duration.seconds(15)
    /// A link that is not wanted stays this long, so that what is about to come right does.
    package static let surplusAge = Duration.seconds(4)
    /// A link that was opened for private messages stays this long after the last.
    package static let callTime = Duration.seconds(60)
    private static let shutTime = Duration.seconds(60)
    /// How many of those who hear somebody that is not here dial at once.
    static let answerCount = 6.0
    /// News goes on so many links, chosen at random each time: one in 10⁷ hears of it by none.
    package static let gossipFanout = 16
    /// Where many come at once others than the first few are dialled after this, times 1…2, if nothing was stated of
    /// them by then.
    static let crowdDelay = Duration.milliseconds(400)
    private static let tableCount = 1_024

    /// - Parameter key: something that nobody else knows; nothing of it can be found out from what comes of it here.
    package init(fullMeshCount: Int, secretFrom key: [UInt8] = []) {
        self.fullMeshCount = fullMeshCount
        let digest = SHA256.hash(Array("earshot neighbours".utf8) + key)
        secret = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// How many links we want of ourselves, of so many others: as many again are wanted by others with us.
    package static func neighbourCount(among population: Int) -> Int {
        let bits = Int.bitWidth - (population + 1).leadingZeroBitCount
        return max(3, bits / 2 + 1)
    }

    // Who is here.

    func ranked(_ peer: PeerID) -> Ranked {
        let words = peer.words
        var value = secret
        for word in [words.0, words.1, words.2, words.3] {
            // The finalizer of SplitMix64: what comes of it cannot be foreseen without the secret.
            value = (value ^ word) &+ 0x9E37_79B9_7F4A_7C15
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
        }
        return Ranked(rank: value, peer: peer)
    }

    /// How many addresses announcements came from lately: a LAN is big before anybody has many links.
    /// - Parameter peers: how many they are of.
    package mutating func heard(fromAddresses count: Int, peers: Int) {
        heardCount = count
        if min(count, peers) > fullMeshCount / 2 { crowd.isCrowded = true }
        considerDensity()
    }

    /// Somebody with a link states what it knows, as those do who count this network as big.
    package mutating func statesHeard() { crowd.isCrowded = true }

    /// Whether many are heard, or somebody with links counts this network as big: what is stated will tell.
    var isCrowded: Bool { crowd.isCrowded }

    /// Whether somebody may be dialled at once where many come at once.
    mutating func mayAnswer(at now: Instant) -> Bool { crowd.answers.take(at: now) }

    package mutating func enter(_ peer: PeerID) {
        guard ranking.insert(sorted: ranked(peer)) else { return }
        considerDensity()
    }

    package func isHere(_ peer: PeerID) -> Bool { ranking.contains(sorted: ranked(peer)) }

    package mutating func leave(_ peer: PeerID) {
        guard ranking.remove(sorted: ranked(peer)) else { return }
        called[peer] = nil
        orphans.remove(peer)
        considerDensity()
    }

    /// Whether links are few now. A LAN that shrinks goes back a good deal later than one that grows comes here.
    private mutating func considerDensity() {
        let present = max(ranking.count, heardCount) + 1
        if present > fullMeshCount {
            isSparse = true
        } else if present * 3 <= fullMeshCount * 2 {
            isSparse = false
        }
        if present * 3 <= fullMeshCount { crowd.isCrowded = false }
    }

    /// Whether many have come since this was asked last: who is wanted of them is known when no more come.
    package mutating func isGrowing() -> Bool {
        defer { countAtSelection = ranking.count }
        return isSparse && ranking.count * 8 > countAtSelection * 9
    }

    // Whom we want links with.

    /// The peers that we want links with, most wanted first; on a small LAN all.
    package func wanted(at now: Instant) -> [PeerID] {
        guard isSparse else { return ranking.map(\.peer) }
        let count = Self.neighbourCount(among: ranking.count)
        return Array(ranking.lazy.map(\.peer).filter { !isShut($0, at: now) }.prefix(count))
    }

    func isWanted(_ peer: PeerID, at now: Instant) -> Bool {
        !isSparse || called[peer] != nil || wanted(at: now).contains(peer)
    }

    private func isShut(_ peer: PeerID, at now: Instant) -> Bool { shut[peer].map { now < $0 } ?? false }

    /// It could not be dialled: another one is taken for it.
    package mutating func dialFailed(_ peer: PeerID, at now: Instant) {
        guard isSparse else { return }
        if shut.count >= Self.tableCount { shut = shut.filter { now < $0.value } }
        if shut.count < Self.tableCount { shut[peer] = now + Self.shutTime }
    }

    package mutating func linkUp(_ peer: PeerID) {
        shut[peer] = nil
        orphans.remove(peer)
    }

    package mutating func linkBroke(_ peer: PeerID) {
        if orphans.count < Self.tableCount { orphans.insert(peer) }
    }

    /// We have something for it alone.
    package mutating func call(_ peer: PeerID, at now: Instant) {
        called = called.filter { now < $0.value + Self.callTime }
        if called.count < Self.tableCount { called[peer] = now }
    }
}

/// Whether many come at once, and what is done all the same.
private struct CrowdSense {
    var isCrowded = false
    /// Dials that are made at once.
    var answers = TokenBucket(capacity: 4, perSecond: 1)
}

/// What we state ourselves, from the first time that the LAN was big until the process ends.
package struct OwnAdvertisements {
    /// The latest.
    package var signed: SignedAdvertisement?
    /// The claim in it.
    package var claim: Claim?
    package var at: Instant?
    package var pause = Mesh.shortestPause
    /// A link broke and we have not stated so.
    package var isLossUntold = false
}

/// How much is stated and told lately.
package struct GossipPace {
    package var reading = AdvertisementBacklog()
    /// How often news is told without much delay.
    package var brisk = TokenBucket(capacity: 20, perSecond: 4)
}

/// How long the statements that have come take to read, for whoever reads 1,000 a second. Until then nobody makes
/// others: so all together do not state more than each can read, however many come at once.
package struct AdvertisementBacklog {
    package private(set) var end = Instant(nanoseconds: 0)
    /// Since when there was no pause.
    private var start = Instant(nanoseconds: 0)
    static let each = Duration.milliseconds(1)
    package static let longest = Duration.seconds(5)
    /// After this long nobody waits for the end any more.
    package static let timeout = Duration.seconds(30)

    package mutating func taken(at now: Instant) {
        if end < now {
            start = now
            end = now
        }
        end = min(end + Self.each, now + Self.longest)
    }

    /// Until when what has come or is coming may tell that somebody is here; nil: it is worth no wait.
    func mayTell(at now: Instant) -> Instant? {
        end + Self.each * 100 > now && now < start + Self.timeout ? max(end, now) : nil
    }
}

/// Statements that were asked for and have not come: each is asked of one link, and of another when that fails.
package struct AdvertisementRequests {
    private struct Ask {
        var sequence: UInt64
        var link: LinkID
        var at: Instant
    }

    private var asks: [ProcessTag: Ask] = [:]
    package static let timeout = Duration.milliseconds(1_500)
    package static let capacity = 8_192

    /// Whether to ask this link now for what it told of.
    package mutating func shouldAsk(_ link: LinkID, for key: AdvertisementKey, at now: Instant) -> Bool {
        if let ask = asks[key.process], ask.sequence >= key.sequence, now < ask.at + Self.timeout { return false }
        if asks.count >= Self.capacity { asks = asks.filter { now < $0.value.at + Self.timeout } }
        guard asks.count < Self.capacity else { return false }
        asks[key.process] = Ask(sequence: key.sequence, link: link, at: now)
        return true
    }

    package mutating func arrived(_ process: ProcessTag) { asks[process] = nil }

    /// What it was asked for may be asked of others.
    package mutating func linkDown(_ link: LinkID) {
        if asks.contains(where: { $0.value.link == link }) { asks = asks.filter { $0.value.link != link } }
    }
}

/// How far a link has come in telling what is stated.
package struct LinkGossip {
    /// The other side takes part.
    package var speaks = false
    package var hasSentDigest = false
    /// What is private went over it last then.
    package var lastUsed: Instant?
    /// It was given up because it is not needed: nobody is gone by that.
    package var isReleased = false
    /// Digests that it may ask to be compared.
    package var digests = TokenBucket(capacity: 5, perSecond: 0.5)
    /// Statements that it may send: each costs 0.1 ms if it is new.
    package var advertisements = TokenBucket(capacity: 10_000, perSecond: 1_000)

    package init() {}
}
