package import CoreModel
package import Wire

/// A peer that is present, or was a moment ago.
package struct Person: Equatable {
    package let id: PeerID
    /// The name that it last claimed.
    package var name: Nickname
    /// The process of this peer that spoke last, and the sequence number of its last announcement: an announcement that
    /// arrives later over an older link is stale.
    package var instance: UInt64
    package var sequence: UInt64
    /// Whether the claim is held (`Announcement.Kind.announce`).
    package var isSettled: Bool
    package var endpoint: Endpoint?
    /// The away message, possibly empty; nil if the peer is not away.
    package var away: String?
    /// The away message that was last reported.
    package var reportedAway: String?
    /// The name that it is shown under; nil while "joined" has not been reported.
    package var shownName: Nickname?
    /// The changes that it announced while blocked, which are not shown.
    package var withheld: Withheld?
    /// When "joined" is reported at the latest: until then it waits for a name that does not clash.
    package var showBy: Instant?
    /// When "left" is reported unless the peer returns: its last link broke without a goodbye.
    package var goneAt: Instant?

    package init(
        id: PeerID, name: Nickname, instance: UInt64, sequence: UInt64, isSettled: Bool, endpoint: Endpoint? = nil,
        away: String? = nil, reportedAway: String? = nil, shownName: Nickname? = nil, withheld: Withheld? = nil,
        showBy: Instant? = nil, goneAt: Instant? = nil
    ) {
        self.id = id
        self.name = name
        self.instance = instance
        self.sequence = sequence
        self.isSettled = isSettled
        self.endpoint = endpoint
        self.away = away
        self.reportedAway = reportedAway
        self.shownName = shownName
        self.withheld = withheld
        self.showBy = showBy
        self.goneAt = goneAt
    }

    /// The name and the away message of a blocked peer.
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

/// The people who are present, as the user sees them: each peer is reported to join once and to leave once.
package struct Roster {
    /// The people who are present, by peer.
    package private(set) var people: [PeerID: Person] = [:]
    /// The peer IDs, ascending: the order of iteration.
    package private(set) var ids: [PeerID] = []
    /// The number of people whose arrival has not been reported.
    package private(set) var unshownCount = 0
    /// The arrivals and departures on this network.
    package var presenceChanges = PresenceChanges()
    /// The peers shown under each folded name, ascending.
    private var shown: [String: [PeerID]] = [:]
    /// The peers that the user has blocked. Used for membership tests only.
    package private(set) var blocked: Set<PeerID> = []
    /// What was reported of blocked people before they were blocked, to be corrected where necessary when they are
    /// unblocked.
    private var lastReported: [PeerID: [Event.PeerSummary]] = [:]
    /// The people met before, and their names.
    package private(set) var known = KnownNames()
    /// An index of the names that peers have or last had (``name(of:)``).
    package private(set) var lookalikes = LookalikeIndex()

    package init() {}

    package subscript(id: PeerID) -> Person? { people[id] }

    /// Inserts a person or replaces the entry of the same peer.
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

    /// Removes a person.
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

    /// Returns the peers shown under this name, ascending by ID. Includes a peer whose link broke a moment ago, and
    /// excludes peers whose arrival has not been reported yet.
    package func shown(as name: Nickname) -> [PeerID] { shown[name.folded] ?? [] }

    // Names and keys from earlier.

    /// Loads the peers saved by earlier runs.
    /// - Returns: The peers beyond the limits. A blocked peer is never among them, however many there are and however
    ///   long ago it was seen.
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

    /// Records a peer and the name that it has.
    package mutating func remember(
        _ id: PeerID, as name: Nickname, at relay: PeerID? = nil, since first: WallTime, until last: WallTime
    ) {
        let former = self.name(of: id)
        known.remember(id, as: name, at: relay, since: first, until: last)
        lookalikes.replace(former, by: self.name(of: id), of: id)
    }

    /// Records the name that others gave for a key that we have never met.
    /// - Returns: Whether it is new.
    package mutating func report(_ id: PeerID, as name: Nickname) -> Bool { known.report(id, as: name) }

    /// Evicts some of the keys met before, but none that is present or blocked.
    /// - Returns: The evicted keys.
    package mutating func forgetSome(sparing isSpared: (PeerID) -> Bool) -> [PeerID] {
        let formerNames = known
        let gone = known.forgetSome { people[$0] != nil || blocked.contains($0) || isSpared($0) }
        for id in gone { lookalikes.replace(formerNames.name(of: id), by: nil, of: id) }
        return gone
    }

    /// Returns when a key was first met.
    package func firstSeen(_ id: PeerID) -> WallTime? { known.firstSeen(id) }

    /// Returns the name that a peer has or last had.
    package func name(of id: PeerID) -> Nickname? { people[id]?.name ?? known.name(of: id) }

    /// Returns the key that last had this name on one of our networks, present or not.
    package func lastHolder(of name: Nickname) -> PeerID? { known.lastHolder(of: name) }

    /// Blocks a peer.
    /// - Parameter told: The peer as last reported to the user, in each place where it is.
    package mutating func block(_ id: PeerID, told: [Event.PeerSummary]) {
        guard blocked.insert(id).inserted else { return }
        lastReported[id] = told
    }

    /// Unblocks a peer.
    /// - Returns: What was reported of it before it was blocked, in each place where it was.
    package mutating func unblock(_ id: PeerID) -> [Event.PeerSummary] {
        blocked.remove(id)
        return lastReported.removeValue(forKey: id) ?? []
    }

    /// Records that a key took a name that another key had; nil: the user has been warned.
    package mutating func noteSuccession(of id: PeerID, to former: PeerID?, named name: Nickname) {
        known.noteSuccession(of: id, to: former, named: name)
    }
}
