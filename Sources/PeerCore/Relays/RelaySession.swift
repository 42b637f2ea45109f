import CoreModel
import LocalNetwork
import Wire

/// The session with one relay.
struct RelaySession {
    /// The stages of a session, named after the awaited event.
    enum Stage: Equatable {
        /// Dialled again at this time.
        case awaitingTime(Instant)
        /// A link is being opened, or our request to join is being considered.
        case awaitingWelcome(LinkID)
        case member(LinkID)
        /// The relay refused us, and another attempt is of no use.
        case refused
    }

    var target: RelayTarget
    var stage: Stage
    var recognition: RelayRecognition
    /// The relay's own name; its address until that is known.
    var name: String
    /// Our name there, current or last.
    var ownName: Nickname?
    /// The name that we requested.
    var wantedName: Nickname?
    var roster = RelayRoster()
    var presenceChanges = PresenceChanges()
    var attempts = RelayAttempts()
    /// The acts of moderation that await an answer.
    var asked = RelayQuestions()
    /// Texts entered before the relay's key was known, oldest first.
    var queuedTexts: [(text: String, kind: Entry.Kind, token: CommandToken?)] = []
    /// Our entries since the start that the relay may not have, and whether it was offered them. Never iterated where
    /// the order matters.
    var unsent: [EntryID: Bool] = [:]
    /// The plain-text guests that the user has been warned about. Membership tests only, never iterated.
    var warnedOf: Set<PeerID> = []
    /// Whether the relay has admitted us in this run.
    var wasMember = false
    /// The topic of the lobby if a blocked peer set it.
    var hiddenTopic: String?

    init(target: RelayTarget, community: PeerID?, name: String?) {
        self.target = target
        recognition = RelayRecognition(community: community)
        self.name = name ?? target.address
        stage = .awaitingTime(Instant(nanoseconds: 0))
    }

    /// The key of its community, which identifies its room; for most relays their own key.
    var community: PeerID? { recognition.community }

    /// The link with the relay, admitted or not.
    var link: LinkID? {
        switch stage {
        case .awaitingWelcome(let link), .member(let link): link
        case .awaitingTime, .refused: nil
        }
    }

    /// The link with the relay once it has admitted us.
    var memberLink: LinkID? {
        if case .member(let link) = stage { return link }
        return nil
    }

    /// Whether a text refers to this relay: by its name, its address with or without the port, or its ID.
    func isMeant(by text: String) -> Bool {
        let wanted = text.lowercased()
        if wanted == name.lowercased() || wanted == target.address.lowercased() { return true }
        if let colon = target.address.lastIndex(of: ":"), target.address[..<colon].lowercased() == wanted {
            return true
        }
        return community != nil && community == PeerID(hexadecimal: text)
    }
}

/// The expected community of a relay, and the one that it has proved.
struct RelayRecognition {
    /// The community's key: given, stored, or proved once. Nil before the first session.
    var community: PeerID?
    /// The community that the relay at the other end of the current link has proved to belong to.
    var shown: PeerID?
}

/// Exponential backoff of dial attempts: short pauses at first, so that all members of a restarted relay are back
/// within seconds, then longer and longer ones. Jitter keeps thousands from arriving at the same moment.
struct RelayAttempts {
    /// The pauses before the next attempts, in milliseconds; the last one repeats.
    private static let pauses = [250, 500, 500, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]

    private(set) var count = 0
    /// Whether the user has been notified of the failure; the same failure is not reported again.
    var wasTold = false
    /// Whether the user has been notified of a refusal, which is reported even after a failure to reach the relay
    /// was.
    var wasRefusalTold = false
    /// The index of the next endpoint to dial.
    private(set) var endpoint = 0

    /// Records a failed attempt.
    /// - Parameter jitter: 0.5..<1.5.
    /// - Returns: The pause before the next attempt.
    mutating func failed(jitter: Double, endpointCount: Int) -> Duration {
        let pause = Self.pauses[min(count, Self.pauses.count - 1)]
        count += 1
        endpoint = endpointCount == 0 ? 0 : (endpoint + 1) % endpointCount
        return .milliseconds(pause) * jitter
    }

    /// Skips to the longest pause, because another process with our key has the session.
    mutating func slowDown() { count = Self.pauses.count - 1 }

    /// Resets the backoff after an admission.
    mutating func succeeded() {
        count = 0
        wasTold = false
        wasRefusalTold = false
    }
}

/// The members of a relay, as reported by it.
struct RelayRoster {
    /// The maximum number of members stored; further ones are ignored.
    private static let count = 20_000

    private(set) var members: [PeerID: RelayMember] = [:]
    /// Ascending; more than one only for a moment, or where a relay does not keep names unique.
    private var peersByName: [String: [PeerID]] = [:]
    private var guests: [RoomID: PeerID] = [:]
    /// The peer that had a name last, present or not: messages for it can be written while it is, or we are, away.
    private var lastHolders: [String: PeerID] = [:]
    private var lastNames: [PeerID: Nickname] = [:]
    /// The names that keys have or last had there.
    private(set) var lookalikes = LookalikeIndex()
    /// The latest reports about blocked members, which are not shown. Looked up by key, or searched for a name.
    private var withheld: [PeerID: RelayMember] = [:]

    subscript(peer: PeerID) -> RelayMember? { members[peer] }

    /// Returns the members with this name, ascending.
    func peers(named name: Nickname) -> [PeerID] { peersByName[name.folded] ?? [] }

    /// Returns the key that last had this name there.
    func lastHolder(of name: Nickname) -> PeerID? { lastHolders[name.folded] }

    /// Returns the last name of a key there.
    func lastName(of peer: PeerID) -> Nickname? { lastNames[peer] }

    private func name(of peer: PeerID) -> Nickname? {
        lastNames[peer] ?? members[peer].flatMap { try? Nickname($0.name) }
    }

    /// Removes all members, because we have left the relay; their last names are kept.
    mutating func forgetPresence() {
        for peer in members.keys where lastNames[peer] == nil {
            lookalikes.replace(name(of: peer), by: nil, of: peer)
        }
        members = [:]
        peersByName = [:]
        guests = [:]
    }

    /// Returns the guest that our conversation in this room is with.
    func guest(in room: RoomID) -> PeerID? { guests[room] }

    /// The members ordered by name, for display.
    var sorted: [RelayMember] { members.values.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) } }

    /// Adds or updates a member.
    /// - Parameter isRemembered: Whether its name still counts after it has left.
    /// - Returns: The previous state of the member.
    mutating func update(
        _ member: RelayMember, named name: Nickname, of own: PeerID, isRemembered: Bool = true
    ) -> RelayMember? {
        let former = remove(member.peer)
        guard members.count < Self.count else { return former }
        let formerName = self.name(of: member.peer)
        if member.traits.contains(.isGuest) { guests[.conversation(own, member.peer)] = member.peer }
        members[member.peer] = member
        peersByName[name.folded, default: []].insert(sorted: member.peer)
        if isRemembered, lastNames.count < Self.count || lastNames[member.peer] != nil {
            // Names cost nothing, so a key may have had many.
            if lastHolders[name.folded] != nil || lastHolders.count < 2 * Self.count {
                lastHolders[name.folded] = member.peer
            }
            lastNames[member.peer] = name
        }
        lookalikes.replace(formerName, by: self.name(of: member.peer), of: member.peer)
        return former
    }

    /// Removes a member; its last name is kept.
    /// - Returns: The previous state of the member.
    @discardableResult
    mutating func remove(_ peer: PeerID) -> RelayMember? {
        let formerName = name(of: peer)
        guard let former = members.removeValue(forKey: peer) else { return nil }
        lookalikes.replace(formerName, by: lastNames[peer], of: peer)
        if former.traits.contains(.isGuest) { guests = guests.filter { $0.value != peer } }
        if let name = try? Nickname(former.name) {
            peersByName[name.folded]?.remove(sorted: peer)
            if peersByName[name.folded]?.isEmpty == true { peersByName[name.folded] = nil }
        }
        return former
    }

    /// All keys that were seen there, ascending. Iterates over all of them.
    var knownPeers: [PeerID] { lastNames.keys.sorted() }

    // Blocked members.

    /// Puts aside a report about a blocked member.
    /// - Returns: The member as the user may see it: under an earlier name, and not away.
    mutating func withhold(_ member: RelayMember, knownAs name: Nickname) -> RelayMember {
        if withheld[member.peer] != nil || withheld.count < Self.count { withheld[member.peer] = member }
        var known = member
        known.name = name.text
        known.away = nil
        return known
    }

    /// Removes and returns the latest report about a member that is no longer blocked.
    mutating func release(_ peer: PeerID) -> RelayMember? { withheld.removeValue(forKey: peer) }

    /// Whether a blocked member of this name has been reported.
    func isWithheld(_ name: String) -> Bool { withheld.contains { $0.value.name == name } }
}

/// The acts of moderation that a relay has not answered.
struct RelayQuestions {
    /// An unanswered act of moderation.
    struct Question {
        var act: RelayModeration.Act
        /// The peer that it concerns, if it is a single key.
        var peer: PeerID?
        var token: CommandToken?
    }

    private var next: UInt64 = 1
    private var asked: [UInt64: Question] = [:]
    /// The bans from earlier frames of an answer, by number of the question.
    private var bans: [UInt64: [RelayBan]] = [:]
    private static let count = 100
    private static let banCount = 10_000

    /// Adds a question.
    /// - Returns: Its number; nil if too many are unanswered.
    mutating func ask(_ act: RelayModeration.Act, about peer: PeerID? = nil, token: CommandToken?) -> UInt64? {
        guard asked.count < Self.count else { return nil }
        defer { next += 1 }
        asked[next] = Question(act: act, peer: peer, token: token)
        return next
    }

    /// Matches an answer to its question.
    /// - Returns: Nil if there is no such question, or if more frames follow.
    mutating func answered(_ answer: RelayModerated) -> (question: Question, bans: [RelayBan])? {
        guard let question = asked[answer.number] else { return nil }
        var list = bans.removeValue(forKey: answer.number) ?? []
        list.append(contentsOf: answer.bans)
        if question.act == .bans, answer.outcome == .done, answer.bans.count == Limits.frameBanCount,
            list.count < Self.banCount
        {
            bans[answer.number] = list
            return nil
        }
        asked[answer.number] = nil
        return (question, list)
    }

    /// Removes all questions, because no more answers will arrive.
    /// - Returns: The tokens of their commands.
    mutating func lost() -> [CommandToken?] {
        let order = asked.keys.sorted()
        defer {
            asked = [:]
            bans = [:]
        }
        return order.compactMap { asked[$0]?.token }
    }
}

/// The sessions with all our relays, and the tunnels that they carry.
struct RelaySessions {
    /// The maximum number of tunnels, opened by either side.
    static let tunnelCount = 256

    /// A tunnel of a session, as we name it when we send.
    struct TunnelPlace: Hashable {
        var session: Int
        var tunnel: RelayTunnel
    }

    var all: [RelaySession] = []
    /// The links carried by relays, in the order in which they were opened.
    private(set) var tunnels: [LinkID] = []
    private var turn = 0
    private var linkByPlace: [TunnelPlace: LinkID] = [:]
    private var placeByLink: [LinkID: TunnelPlace] = [:]
    private var lastTunnelNumber: UInt64
    /// The peers with unacknowledged messages. Iterated only sorted, or where the order is irrelevant.
    var unacknowledgedPeers: Set<PeerID> = []

    init(firstTunnelNumber: UInt64 = 0) { lastTunnelNumber = firstTunnelNumber }

    func link(of place: TunnelPlace) -> LinkID? { linkByPlace[place] }
    func place(of link: LinkID) -> TunnelPlace? { placeByLink[link] }

    /// Returns the number of the next tunnel that we open.
    mutating func nextTunnelNumber() -> UInt64 {
        lastTunnelNumber &+= 1
        return lastTunnelNumber
    }

    mutating func insert(_ link: LinkID, at place: TunnelPlace) {
        tunnels.append(link)
        linkByPlace[place] = link
        placeByLink[link] = place
    }

    /// Returns all tunnels, starting with another one each time (round robin): the first gets the space that the
    /// carrier has.
    mutating func takeTurns() -> [LinkID] {
        guard tunnels.count > 1 else { return tunnels }
        turn = (turn + 1) % tunnels.count
        return Array(tunnels[turn...] + tunnels[..<turn])
    }

    mutating func remove(_ link: LinkID) {
        guard let place = placeByLink.removeValue(forKey: link) else { return }
        linkByPlace[place] = nil
        tunnels.removeAll { $0 == link }
    }

    /// Returns the session with a connected relay that a peer is a member of.
    func session(with peer: PeerID) -> Int? {
        all.indices.first { all[$0].memberLink != nil && all[$0].roster[peer] != nil }
    }

    /// Returns the session with a relay of a community, preferring one that has admitted us.
    func session(at community: PeerID) -> Int? {
        let sessions = sessions(at: community)
        return sessions.first { all[$0].memberLink != nil } ?? sessions.first
    }

    /// Returns the sessions with all relays of one community.
    func sessions(at community: PeerID) -> [Int] { all.indices.filter { all[$0].community == community } }

    var nextDeadline: Deadline? {
        var next: Deadline?
        for session in all {
            if case .awaitingTime(let time) = session.stage {
                next = .earlier(next, Deadline(at: time, reason: "a relay to dial"))
            }
        }
        return next
    }
}
