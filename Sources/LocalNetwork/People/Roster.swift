package import CoreModel
package import Wire

/// One peer that is here, or was a moment ago.
package struct Person: Equatable {
    package let id: PeerID
    /// As it last claimed it.
    package var name: Nickname
    /// Which process of it spoke last, and the sequence of what it said of itself: what comes by an older link, later,
    /// is old news.
    package var instance: UInt64
    package var sequence: UInt64
    /// Whether the claim is held (`Announcement.Kind.announce`).
    package var isSettled: Bool
    package var endpoint: Endpoint?
    /// Nil: here. Else why it is away, possibly empty.
    package var away: String?
    /// The same as it was last told.
    package var toldAway: String?
    /// Under which name it is shown here; nil while "joined" has not been said.
    package var shownName: Nickname?
    /// What it says of itself while it is blocked, which nobody is shown.
    package var withheld: Withheld?
    /// "joined" waits until then for a name that does not clash.
    package var showBy: Instant?
    /// Its last link broke without a word: "left" is said then, unless it comes back.
    package var goneAt: Instant?

    package init(
        id: PeerID, name: Nickname, instance: UInt64, sequence: UInt64, isSettled: Bool, endpoint: Endpoint? = nil,
        away: String? = nil, toldAway: String? = nil, shownName: Nickname? = nil, withheld: Withheld? = nil,
        showBy: Instant? = nil, goneAt: Instant? = nil
    ) {
        self.id = id
        self.name = name
        self.instance = instance
        self.sequence = sequence
        self.isSettled = isSettled
        self.endpoint = endpoint
        self.away = away
        self.toldAway = toldAway
        self.shownName = shownName
        self.withheld = withheld
        self.showBy = showBy
        self.goneAt = goneAt
    }

    package struct Withheld: Equatable {
        package var name: Nickname
        package var away: String?

        package init(
            name: Nickname, away: String? = nil
        ) {
            self.name = name
            self.away = away
        }
    }
}

/// Who is here, as a person sees it: each peer is said to join once and to leave once.
package struct Roster {
    package private(set) var people: [PeerID: Person] = [:]
    /// Their IDs, ascending: the order in which they are walked.
    package private(set) var ids: [PeerID] = []
    /// How many have not been said to be there.
    package private(set) var unshownCount = 0
    /// Of those on this network.
    package var presenceChanges = PresenceChanges()
    /// Those that are shown under each name (folded), ascending.
    private var shown: [String: [PeerID]] = [:]
    /// Peers of which nothing is shown. Only asked "is it in there?".
    package private(set) var blocked: Set<PeerID> = []
    /// What was told of blocked people before they were: told otherwise, if need be, when they no longer are.
    private var lastTold: [PeerID: [Event.PeerSummary]] = [:]
    /// Who was met before, under which names.
    package private(set) var known = KnownNames()
    /// The names that peers have or last had (``name(of:)``).
    package private(set) var lookalikes = LookalikeIndex()

    package init() {}

    package subscript(id: PeerID) -> Person? { people[id] }

    package mutating func update(_ person: Person) {
        lookalikes.replace(name(of: person.id), by: person.name, of: person.id)
        let former = people.updateValue(person, forKey: person.id)
        if let former {
            if former.shownName == nil { unshownCount -= 1 }
        } else {
            ids.insert(sorted: person.id)
        }
        if person.shownName == nil { unshownCount += 1 }
        show(person.id, as: person.shownName, insteadOf: former?.shownName)
    }

    package mutating func remove(_ id: PeerID) {
        guard let person = people.removeValue(forKey: id) else { return }
        ids.remove(sorted: id)
        if person.shownName == nil { unshownCount -= 1 }
        lookalikes.replace(person.name, by: name(of: id), of: id)
        show(id, as: nil, insteadOf: person.shownName)
    }

    private mutating func show(_ id: PeerID, as name: Nickname?, insteadOf former: Nickname?) {
        guard name?.folded != former?.folded else { return }
        if let former {
            shown[former.folded]?.remove(sorted: id)
            if shown[former.folded]?.isEmpty == true { shown[former.folded] = nil }
        }
        if let name { shown[name.folded, default: []].insert(sorted: id) }
    }

    /// Those that are shown under this name, ascending by ID: also one whose link broke a moment ago, and none whose
    /// coming has not been told yet.
    package func shown(as name: Nickname) -> [PeerID] { shown[name.folded] ?? [] }

    // Names and keys from earlier.

    /// Takes up what was kept from earlier starts.
    /// - Returns: those that are too many. However many there are and however long ago somebody was seen, none who is
    ///   blocked is among them.
    package mutating func load(_ known: [KnownPeer]) -> [PeerID] {
        for peer in known where peer.isBlocked { blocked.insert(peer.id) }
        var surplus: [PeerID] = []
        var surplusCount = known.count { KnownNames.reported(in: $0.name) == nil } - Bounds.knownPeerCount
        for peer in known.sorted(by: { ($0.lastSeen, $0.id) < ($1.lastSeen, $1.id) }) {
            if let name = KnownNames.reported(in: peer.name) {
                if !report(peer.id, as: name), !peer.isBlocked { surplus.append(peer.id) }
                continue
            }
            if !peer.isBlocked, surplusCount > 0 {
                surplus.append(peer.id)
                surplusCount -= 1
                continue
            }
            guard let (name, relay) = KnownNames.parts(of: peer.name) else { continue }
            remember(peer.id, as: name, at: relay, since: peer.firstSeen, until: peer.lastSeen)
        }
        return surplus
    }

    package mutating func remember(
        _ id: PeerID, as name: Nickname, at relay: PeerID? = nil, since first: WallTime, until last: WallTime
    ) {
        let former = self.name(of: id)
        known.remember(id, as: name, at: relay, since: first, until: last)
        lookalikes.replace(former, by: self.name(of: id), of: id)
    }

    /// Others told under which name they knew a key that we have never met.
    /// - Returns: whether that is new.
    package mutating func report(_ id: PeerID, as name: Nickname) -> Bool { known.report(id, as: name) }

    /// Some of the keys that were met before give way to others: none who is here or blocked.
    /// - Returns: which they were.
    package mutating func forgetSome(sparing isSpared: (PeerID) -> Bool) -> [PeerID] {
        let formerNames = known
        let gone = known.forgetSome { people[$0] != nil || blocked.contains($0) || isSpared($0) }
        for id in gone { lookalikes.replace(formerNames.name(of: id), by: nil, of: id) }
        return gone
    }

    package func firstSeen(_ id: PeerID) -> WallTime? { known.firstSeen(id) }

    /// The name that a peer has or last had.
    package func name(of id: PeerID) -> Nickname? { people[id]?.name ?? known.name(of: id) }

    /// The key that last had this name on a network of ours, present or not.
    package func lastHolder(of name: Nickname) -> PeerID? { known.lastHolder(of: name) }

    /// - Parameter told: as the person knows it, in each place where it is.
    package mutating func block(_ id: PeerID, told: [Event.PeerSummary]) {
        guard blocked.insert(id).inserted else { return }
        lastTold[id] = told
    }

    /// - Returns: what was told of it before, in each place where it was.
    package mutating func unblock(_ id: PeerID) -> [Event.PeerSummary] {
        blocked.remove(id)
        return lastTold.removeValue(forKey: id) ?? []
    }

    /// A key came to a name that another had; nil: that has been pointed out.
    package mutating func noteSuccession(of id: PeerID, to former: PeerID?, named name: Nickname) {
        known.noteSuccession(of: id, to: former, named: name)
    }
}
