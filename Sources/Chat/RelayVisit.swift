import Wire

/// How we stand with one relay.
struct RelayVisit {
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
    /// Its key: given, remembered, or proved once. Nil before the first visit.
    var relay: PeerID?
    /// What it calls itself; before it has said so, its address.
    var name: String
    /// What we are called there, or were last.
    var ownName: Nickname?
    /// What we asked to be called.
    var wantedName: Nickname?
    var roster = RelayRoster()
    var attempts = RelayAttempts()
    /// What asked for each act of moderation that is under way.
    var asked = RelayQuestions()
    /// Commands to say something that came before its key was known, oldest first.
    var unsaid: [(text: String, kind: Entry.Kind, token: CommandToken?)] = []
    /// Entries of ours that it may not have, of this run, and whether it was offered them. Not walked.
    var unsent: [EntryID: Bool] = [:]
    /// Guests that speak plain text, as the person has been told. Only asked "is it in there?".
    var warnedOf: Set<PeerID> = []
    /// It has let us in once in this run.
    var wasMember = false

    init(target: RelayTarget, relay: PeerID?, name: String?) {
        self.target = target
        self.relay = relay
        self.name = name ?? target.address
        stage = .awaitingTime(Instant(nanoseconds: 0))
    }

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
        return relay != nil && relay == PeerID(hexadecimal: text)
    }
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
    }
}

/// Who is at a relay, as it told us.
struct RelayRoster {
    /// Members that are kept; what a relay tells beyond that is passed over.
    private static let count = 20_000

    private(set) var members: [PeerID: RelayMember] = [:]
    private var peerByName: [String: PeerID] = [:]
    private var guests: [RoomID: PeerID] = [:]
    /// Who had a name last, here or no longer: what is for them can be said while they, or we, are away.
    private var lastHolders: [String: PeerID] = [:]
    private var lastNames: [PeerID: Nickname] = [:]
    /// The names that keys have or last had there.
    private(set) var lookalikes = LookalikeIndex()

    subscript(peer: PeerID) -> RelayMember? { members[peer] }

    func peer(named name: Nickname) -> PeerID? { peerByName[name.folded] }

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
        peerByName = [:]
        guests = [:]
    }

    /// The guest that the room is our conversation with.
    func guest(in room: RoomID) -> PeerID? { guests[room] }

    /// By name, for people.
    var sorted: [RelayMember] { members.values.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) } }

    /// - Returns: what was known of it.
    mutating func update(_ member: RelayMember, named name: Nickname, of own: PeerID) -> RelayMember? {
        let former = remove(member.peer)
        guard members.count < Self.count else { return former }
        let formerName = self.name(of: member.peer)
        if member.traits.contains(.isGuest) { guests[.conversation(own, member.peer)] = member.peer }
        members[member.peer] = member
        peerByName[name.folded] = member.peer
        if lastNames.count < Self.count || lastNames[member.peer] != nil {
            lastHolders[name.folded] = member.peer
            lastNames[member.peer] = name
        }
        lookalikes.replace(formerName, by: name, of: member.peer)
        return former
    }

    @discardableResult
    mutating func remove(_ peer: PeerID) -> RelayMember? {
        let formerName = name(of: peer)
        guard let former = members.removeValue(forKey: peer) else { return nil }
        lookalikes.replace(formerName, by: lastNames[peer], of: peer)
        if former.traits.contains(.isGuest) { guests = guests.filter { $0.value != peer } }
        if let name = try? Nickname(former.name), peerByName[name.folded] == peer { peerByName[name.folded] = nil }
        return former
    }
}

/// Acts of moderation that a relay has not answered.
struct RelayQuestions {
    private var next: UInt64 = 1
    private var tokens: [UInt64: (act: RelayModeration.Act, token: CommandToken?)] = [:]
    /// Bans that came in frames before the last one, by number.
    private var bans: [UInt64: [RelayBan]] = [:]
    private static let count = 100
    private static let banCount = 10_000

    mutating func ask(_ act: RelayModeration.Act, token: CommandToken?) -> UInt64? {
        guard tokens.count < Self.count else { return nil }
        defer { next += 1 }
        tokens[next] = (act, token)
        return next
    }

    /// - Returns: nil if nobody asked, or if more is to come.
    mutating func answered(_ answer: RelayModerated) -> (
        act: RelayModeration.Act, token: CommandToken?, bans: [RelayBan]
    )? {
        guard let (act, token) = tokens[answer.number] else { return nil }
        var list = bans.removeValue(forKey: answer.number) ?? []
        list.append(contentsOf: answer.bans)
        if act == .bans, answer.outcome == .done, answer.bans.count == Limits.frameBanCount,
            list.count < Self.banCount
        {
            bans[answer.number] = list
            return nil
        }
        tokens[answer.number] = nil
        return (act, token, list)
    }

    /// Nothing is answered any more.
    mutating func lost() -> [CommandToken?] {
        let order = tokens.keys.sorted()
        defer {
            tokens = [:]
            bans = [:]
        }
        return order.compactMap { tokens[$0]?.token }
    }
}

/// All relays that we take part in, and the tunnels that they carry.
struct RelayVisits {
    /// Tunnels that others opened or that we did, in all.
    static let tunnelCount = 256

    /// Which tunnel: of which visit, and as we name it when we send.
    struct TunnelPlace: Hashable {
        var visit: Int
        var tunnel: RelayTunnel
    }

    var all: [RelayVisit] = []
    /// Links that relays carry, in the order in which they were made.
    private(set) var tunnels: [LinkID] = []
    private var linkByPlace: [TunnelPlace: LinkID] = [:]
    private var placeByLink: [LinkID: TunnelPlace] = [:]
    private var lastTunnelNumber: UInt64
    /// Peers that owe us receipts. Only asked "is it in there?".
    var debtors: Set<PeerID> = []

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

    mutating func remove(_ link: LinkID) {
        guard let place = placeByLink.removeValue(forKey: link) else { return }
        linkByPlace[place] = nil
        tunnels.removeAll { $0 == link }
    }

    /// Where a peer is a member, with a link there.
    func visit(with peer: PeerID) -> Int? {
        all.indices.first { all[$0].memberLink != nil && all[$0].roster[peer] != nil }
    }

    func visit(at relay: PeerID) -> Int? { all.indices.first { all[$0].relay == relay } }

    var nextDeadline: Deadline? {
        var next: Deadline?
        for visit in all {
            if case .awaitingTime(let time) = visit.stage {
                next = .earlier(next, Deadline(at: time, reason: "a relay to dial"))
            }
        }
        return next
    }
}
