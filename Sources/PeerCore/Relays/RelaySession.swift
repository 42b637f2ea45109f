import CoreModel
import LocalNetwork
import Wire

/// How we stand with one relay.
struct RelaySession {
    /// Named by what is awaited.
    enum Stage: Equatable {
        /// To be dialled then.
        case awaitingTime(Instant)
        /// A link is being made, or our wish to join is being looked at.
        case awaitingWelcome(LinkID)
        case member(LinkID)
        /// It will not have us, and asking again is of no use.
        case refused
    }

    var target: RelayTarget
    var stage: Stage
    var recognition: RelayRecognition
    /// What it calls itself; before it has said so, its address.
    var name: String
    /// What we are called there, or were last.
    var ownName: Nickname?
    /// What we asked to be called.
    var wantedName: Nickname?
    var roster = RelayRoster()
    var presenceChanges = PresenceChanges()
    var attempts = RelayAttempts()
    /// What asked for each act of moderation that is under way.
    var asked = RelayQuestions()
    /// Commands to say something that came before its key was known, oldest first.
    var queuedTexts: [(text: String, kind: Entry.Kind, token: CommandToken?)] = []
    /// Entries of ours that it may not have, of this run, and whether it was offered them. Not walked.
    var unsent: [EntryID: Bool] = [:]
    /// Guests that speak plain text, as the person has been told. Only asked "is it in there?".
    var warnedOf: Set<PeerID> = []
    /// It has let us in once in this run.
    var wasMember = false
    /// What the lobby is about by somebody who is blocked.
    var hiddenTopic: String?

    init(target: RelayTarget, community: PeerID?, name: String?) {
        self.target = target
        recognition = RelayRecognition(community: community)
        self.name = name ?? target.address
        stage = .awaitingTime(Instant(nanoseconds: 0))
    }

    /// The key of its community, by which its room is known: for most relays their own.
    var community: PeerID? { recognition.community }

    var link: LinkID? {
        switch stage {
        case .awaitingWelcome(let link), .member(let link): link
        case .awaitingTime, .refused: nil
        }
    }

    var memberLink: LinkID? {
        if case .member(let link) = stage { return link }
        return nil
    }

    /// Whether a person means this one: by its name, its address with or without the port, or its ID.
    func isMeant(by text: String) -> Bool {
        let wanted = text.lowercased()
        if wanted == name.lowercased() || wanted == target.address.lowercased() { return true }
        if let colon = target.address.lastIndex(of: ":"), target.address[..<colon].lowercased() == wanted {
            return true
        }
        return community != nil && community == PeerID(hexadecimal: text)
    }
}

/// Which relay is meant, and which one has answered.
struct RelayRecognition {
    /// The community's key: given, remembered, or proved once. Nil before the first visit.
    var community: PeerID?
    /// What the relay at the other end of the present link has proved to belong to.
    var shown: PeerID?
}

/// When to try again: at once and quickly at first, so that a relay that is started anew has everybody back within
/// seconds, then ever more seldom. The jitter keeps thousands from coming in one moment.
struct RelayAttempts {
    /// Pauses before the next attempts, in milliseconds; the last one is for all that follow.
    private static let pauses = [250, 500, 500, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
    /// The same when it said that it has no room.
    static let fullPause = Duration.seconds(30)

    private(set) var count = 0
    /// The trouble has been told; the same again is not.
    var wasTold = false
    /// The same of a refusal, which is told also when it was told before that the relay is not reached.
    var wasRefusalTold = false
    /// Which of its endpoints is next.
    private(set) var endpoint = 0

    /// - Parameter jitter: 0.5..<1.5.
    mutating func failed(jitter: Double, endpointCount: Int) -> Duration {
        let pause = Self.pauses[min(count, Self.pauses.count - 1)]
        count += 1
        endpoint = endpointCount == 0 ? 0 : (endpoint + 1) % endpointCount
        return .milliseconds(pause) * jitter
    }

    /// Somebody else is better placed; not at once again.
    mutating func slowDown() { count = Self.pauses.count - 1 }

    mutating func succeeded() {
        count = 0
        wasTold = false
        wasRefusalTold = false
    }
}

/// Who is at a relay, as it told us.
struct RelayRoster {
    /// Members that are kept; what a relay tells beyond that is passed over.
    private static let count = 20_000

    private(set) var members: [PeerID: RelayMember] = [:]
    /// Ascending; more than one only for a moment, or where a relay does not keep names apart.
    private var peersByName: [String: [PeerID]] = [:]
    private var guests: [RoomID: PeerID] = [:]
    /// Who had a name last, here or no longer: what is for them can be said while they, or we, are away.
    private var lastHolders: [String: PeerID] = [:]
    private var lastNames: [PeerID: Nickname] = [:]
    /// The names that keys have or last had there.
    private(set) var lookalikes = LookalikeIndex()
    /// What the relay last told of members that are blocked, which nobody is shown. Looked at by key, or asked for a
    /// name.
    private var withheld: [PeerID: RelayMember] = [:]

    subscript(peer: PeerID) -> RelayMember? { members[peer] }

    /// Those that have this name there now, ascending.
    func peers(named name: Nickname) -> [PeerID] { peersByName[name.folded] ?? [] }

    /// The key that last had this name there.
    func lastHolder(of name: Nickname) -> PeerID? { lastHolders[name.folded] }

    /// What a key was last called there.
    func lastName(of peer: PeerID) -> Nickname? { lastNames[peer] }

    private func name(of peer: PeerID) -> Nickname? {
        lastNames[peer] ?? members[peer].flatMap { try? Nickname($0.name) }
    }

    /// We are not there any more, so nobody is.
    mutating func forgetPresence() {
        for peer in members.keys where lastNames[peer] == nil {
            lookalikes.replace(name(of: peer), by: nil, of: peer)
        }
        members = [:]
        peersByName = [:]
        guests = [:]
    }

    /// The guest that the room is our conversation with.
    func guest(in room: RoomID) -> PeerID? { guests[room] }

    /// By name, for people.
    var sorted: [RelayMember] { members.values.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) } }

    /// - Parameter isRemembered: what this key is called counts also when it is no longer there.
    /// - Returns: what was known of it.
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

    /// All keys that were seen there, ascending. Walks over all of them.
    var knownPeers: [PeerID] { lastNames.keys.sorted() }

    // Members that are blocked.

    /// What is told of a blocked member is put aside.
    /// - Returns: the member as it may be known here: under a name from before, and here whether away or not.
    mutating func withhold(_ member: RelayMember, knownAs name: Nickname) -> RelayMember {
        if withheld[member.peer] != nil || withheld.count < Self.count { withheld[member.peer] = member }
        var known = member
        known.name = name.text
        known.away = nil
        return known
    }

    /// It is no longer blocked: what the relay last told of it.
    mutating func release(_ peer: PeerID) -> RelayMember? { withheld.removeValue(forKey: peer) }

    /// Whether a blocked member of this name has been told of.
    func isWithheld(_ name: String) -> Bool { withheld.contains { $0.value.name == name } }
}

/// Acts of moderation that a relay has not answered.
struct RelayQuestions {
    struct Question {
        var act: RelayModeration.Act
        /// Whom it is about, if that is one key.
        var peer: PeerID?
        var token: CommandToken?
    }

    private var next: UInt64 = 1
    private var asked: [UInt64: Question] = [:]
    /// Bans that came in frames before the last one, by number.
    private var bans: [UInt64: [RelayBan]] = [:]
    private static let count = 100
    private static let banCount = 10_000

    mutating func ask(_ act: RelayModeration.Act, about peer: PeerID? = nil, token: CommandToken?) -> UInt64? {
        guard asked.count < Self.count else { return nil }
        defer { next += 1 }
        asked[next] = Question(act: act, peer: peer, token: token)
        return next
    }

    /// - Returns: nil if nobody asked, or if more is to come.
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

    /// Nothing is answered any more.
    mutating func lost() -> [CommandToken?] {
        let order = asked.keys.sorted()
        defer {
            asked = [:]
            bans = [:]
        }
        return order.compactMap { asked[$0]?.token }
    }
}

/// All relays that we take part in, and the tunnels that they carry.
struct RelaySessions {
    /// Tunnels that others opened or that we did, in all.
    static let tunnelCount = 256

    /// Which tunnel: of which visit, and as we name it when we send.
    struct TunnelPlace: Hashable {
        var session: Int
        var tunnel: RelayTunnel
    }

    var all: [RelaySession] = []
    /// Links that relays carry, in the order in which they were made.
    private(set) var tunnels: [LinkID] = []
    private var turn = 0
    private var linkByPlace: [TunnelPlace: LinkID] = [:]
    private var placeByLink: [LinkID: TunnelPlace] = [:]
    private var lastTunnelNumber: UInt64
    /// Peers that owe us receipts. Only asked "is it in there?".
    var unacknowledgedPeers: Set<PeerID> = []

    init(firstTunnelNumber: UInt64 = 0) { lastTunnelNumber = firstTunnelNumber }

    func link(of place: TunnelPlace) -> LinkID? { linkByPlace[place] }
    func place(of link: LinkID) -> TunnelPlace? { placeByLink[link] }

    mutating func nextTunnelNumber() -> UInt64 {
        lastTunnelNumber &+= 1
        return lastTunnelNumber
    }

    mutating func insert(_ link: LinkID, at place: TunnelPlace) {
        tunnels.append(link)
        linkByPlace[place] = link
        placeByLink[link] = place
    }

    /// All tunnels, another one first each time: who is first gets what room the carrier has.
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

    /// Where a peer is a member, with a link there.
    func session(with peer: PeerID) -> Int? {
        all.indices.first { all[$0].memberLink != nil && all[$0].roster[peer] != nil }
    }

    /// Of several relays of one community the first one that has let us in.
    func session(at community: PeerID) -> Int? {
        let sessions = sessions(at: community)
        return sessions.first { all[$0].memberLink != nil } ?? sessions.first
    }

    /// All relays of one community that we take part in.
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
