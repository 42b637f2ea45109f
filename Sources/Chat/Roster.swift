import Wire

/// One peer that is here, or was a moment ago.
struct Person: Equatable {
    let id: PeerID
    /// As it last claimed it.
    var name: Nickname
    /// Which process of it spoke last, and the sequence of what it said of itself: what comes by an older link, later,
    /// is old news.
    var instance: UInt64
    var sequence: UInt64
    /// Whether the claim is held (`Announcement.Kind.announce`).
    var isSettled: Bool
    var endpoint: Endpoint?
    /// Nil: here. Else why it is away, possibly empty.
    var away: String?
    /// Under which name "joined" was said; nil while it has not been.
    var shownName: Nickname?
    /// "joined" waits until then for a name that does not clash.
    var showBy: Instant?
    /// Its last link broke without a word: "left" is said then, unless it comes back.
    var goneAt: Instant?
}

/// Who is here, as a person sees it: each peer is said to join once and to leave once.
struct Roster {
    private(set) var people: [PeerID: Person] = [:]
    /// Their IDs, ascending: the order in which they are walked.
    private(set) var ids: [PeerID] = []
    /// How many have not been said to be there.
    private(set) var unshownCount = 0
    /// Peers whose words are not shown. Only asked "is it in there?".
    private(set) var blocked: Set<PeerID> = []
    /// The last name of every key that was met, and the last key of every name (folded).
    private var nameByPeer: [PeerID: Nickname] = [:]
    private var peerByFoldedName: [String: PeerID] = [:]
    private var firstSeenByPeer: [PeerID: WallTime] = [:]
    /// The names that peers have or last had (``name(of:)``).
    private(set) var lookalikes = LookalikeIndex()

    subscript(id: PeerID) -> Person? { people[id] }

    mutating func update(_ person: Person) {
        lookalikes.replace(name(of: person.id), by: person.name, of: person.id)
        if let former = people.updateValue(person, forKey: person.id) {
            if former.shownName == nil { unshownCount -= 1 }
        } else {
            ids.insert(sorted: person.id)
        }
        if person.shownName == nil { unshownCount += 1 }
    }

    mutating func remove(_ id: PeerID) {
        guard let person = people.removeValue(forKey: id) else { return }
        ids.remove(sorted: id)
        if person.shownName == nil { unshownCount -= 1 }
        lookalikes.replace(person.name, by: name(of: id), of: id)
    }

    /// Those with this name now, compared as names are, ascending by ID.
    func present(named name: Nickname) -> [PeerID] {
        ids.filter { people[$0]?.name.folded == name.folded && people[$0]?.goneAt == nil }
    }

    // Names and keys from earlier.

    /// Takes up what was kept from earlier starts.
    mutating func load(_ known: [KnownPeer]) {
        for peer in known.sorted(by: { ($0.lastSeen, $0.id) < ($1.lastSeen, $1.id) }).suffix(Bounds.knownPeerCount) {
            if peer.isBlocked { blocked.insert(peer.id) }
            if let name = try? Nickname(peer.name) { remember(peer.id, as: name, since: peer.firstSeen) }
        }
    }

    mutating func remember(_ id: PeerID, as name: Nickname, since wall: WallTime) {
        guard nameByPeer[id] != nil || nameByPeer.count < Bounds.knownPeerCount else { return }
        let former = self.name(of: id)
        nameByPeer[id] = name
        lookalikes.replace(former, by: self.name(of: id), of: id)
        peerByFoldedName[name.folded] = id
        if firstSeenByPeer[id] == nil { firstSeenByPeer[id] = wall }
    }

    func firstSeen(_ id: PeerID) -> WallTime? { firstSeenByPeer[id] }

    /// The name that a peer has or last had.
    func name(of id: PeerID) -> Nickname? { people[id]?.name ?? nameByPeer[id] }

    /// The key that last had this name, present or not.
    func lastHolder(of name: Nickname) -> PeerID? { peerByFoldedName[name.folded] }

    mutating func block(_ id: PeerID) { blocked.insert(id) }
    mutating func unblock(_ id: PeerID) { blocked.remove(id) }
}

extension PeerID {
    /// What a peer is called whose name was never heard: the beginning of its ID.
    var placeholderName: String { "peer-" + description.prefix(8) }
}
