package import CoreModel
package import Wire

/// What a peer says about its name: which, since when, and whether it holds it or still asks.
package struct Claim: Equatable {
    package var name: Nickname
    package var time: WallTime
    package var isHeld: Bool

    package init(
        name: Nickname, time: WallTime, isHeld: Bool
    ) {
        self.name = name
        self.time = time
        self.isHeld = isHeld
    }

    /// Whether this claim of `peer` stands against another's for the same name: a held one before one that asks, then
    /// the earlier, then the lower peer ID. A total order, so every peer comes to the same result (RFC 6762 §8.2, with
    /// time in front so that who had the name for longer keeps it).
    func prevails(by peer: PeerID, over other: Claim, by otherPeer: PeerID) -> Bool {
        if isHeld != other.isHeld { return isHeld }
        if time != other.time { return time < other.time }
        return peer < otherPeer
    }
}

/// Keeps our name unique among the peers that we have live links with (DESIGN §5; RFC 6762 §8–9).
///
///     (no claim) ──claim──▶ asking ──0.75 s, nobody objects──▶ holding
///                             ▲ │ a better claim                │ a better claim (networks that met)
///                             └─┴──── next free name-N ◀────────┘
///
/// Claims are heard over live links only: whoever can be heard there is there now, so a datagram that somebody made or
/// kept changes no name.
package struct Naming {
    package enum Act: Equatable {
        /// Our claim is new, due to be repeated, or to be defended: tell everybody.
        case announce
        /// The name is held now.
        case settled(Nickname)
        /// Another peer's claim stands against ours: we go by another name.
        case lost(Nickname, to: PeerID, now: Nickname, wasHeld: Bool)
        /// The first name is taken and no other will do.
        case taken(Nickname, by: PeerID)
        /// A change of name that is not done: the name is taken.
        case refused(Nickname, by: PeerID)
    }

    /// Time between probes, and from the last one to holding the name (RFC 6762 §8.1).
    static let probeInterval = Duration.milliseconds(250)
    static let probeCount = 3

    private let peer: PeerID
    private let isStrict: Bool
    /// Our own; nil before the first.
    package private(set) var claim: Claim?
    /// The name that was first wanted, which `name-N` counts from.
    package private(set) var wanted: Nickname?
    private var probesSent = 0
    private var nextProbe: Instant?
    private var nextDefence: Instant?
    private var hasEverHeld = false
    private var claims: [PeerID: Claim] = [:]
    /// Who claims a name, ascending.
    private var claimants: [Nickname: [PeerID]] = [:]
    private var acts: [Act] = []

    package init(peer: PeerID, isStrict: Bool) {
        self.peer = peer
        self.isStrict = isStrict
    }

    // What happens.

    /// The first claim.
    package mutating func claim(_ name: Nickname, at now: Instant, wall: WallTime) {
        precondition(claim == nil, "the first claim is made once")
        wanted = name
        if isStrict, let holder = holders(of: name).first {
            acts.append(.taken(name, by: holder))
            return
        }
        ask(for: firstFree(from: name), at: now, wall: wall)
    }

    /// The person wants another name. Refused if somebody has it; the old one is kept then.
    package mutating func rename(to name: Nickname, at now: Instant, wall: WallTime) {
        if let claim, claim.name == name {
            // The same name, perhaps in other letters: nobody else can have it.
            self.claim?.name = name
            wanted = name
            acts.append(.announce)
            if claim.isHeld { acts.append(.settled(name)) }
            return
        }
        if let holder = holders(of: name).first {
            acts.append(.refused(name, by: holder))
            return
        }
        wanted = name
        ask(for: name, at: now, wall: wall)
    }

    /// A peer's claim, from its own live link.
    package mutating func claimHeard(_ theirs: Claim, from other: PeerID, at now: Instant, wall: WallTime) {
        note(theirs, of: other)
        guard let ours = claim, ours.name == theirs.name else { return }
        if !ours.prevails(by: peer, over: theirs, by: other) {
            yield(to: other, at: now, wall: wall)
        } else if now >= nextDefence ?? now {
            // Defended at once, but not for ever against one that does not listen (RFC 6762 §8.1).
            nextDefence = now + Self.probeInterval
            acts.append(.announce)
        }
    }

    /// The peer is gone, and its claim with it.
    package mutating func claimWithdrawn(by other: PeerID) { note(nil, of: other) }

    private mutating func note(_ claim: Claim?, of other: PeerID) {
        if let former = claims[other], former.name != claim?.name {
            claimants[former.name]?.removeAll { $0 == other }
            if claimants[former.name]?.isEmpty == true { claimants[former.name] = nil }
        }
        if let claim, claims[other]?.name != claim.name {
            claimants[claim.name, default: []].insert(sorted: other)
        }
        claims[other] = claim
    }

    package mutating func deadlineReached(at now: Instant, wall: WallTime) {
        guard let due = nextProbe, due <= now else { return }
        if probesSent < Self.probeCount {
            probe(at: now)
        } else {
            nextProbe = nil
            claim?.isHeld = true
            hasEverHeld = true
            acts.append(.announce)
            if let claim { acts.append(.settled(claim.name)) }
        }
    }

    // What is asked.

    /// Other peers with a claim to this name, ascending.
    package func holders(of name: Nickname) -> [PeerID] {
        claimants[name] ?? []
    }

    package var nextDeadline: Deadline? { nextProbe.map { Deadline(at: $0, reason: "our name is being claimed") } }

    package mutating func nextAct() -> Act? { acts.isEmpty ? nil : acts.removeFirst() }

    // How.

    private mutating func yield(to winner: PeerID, at now: Instant, wall: WallTime) {
        guard let ours = claim, let wanted else { return }
        if isStrict, !hasEverHeld {
            nextProbe = nil
            acts.append(.taken(ours.name, by: winner))
            return
        }
        let next = firstFree(from: wanted)
        acts.append(.lost(ours.name, to: winner, now: next, wasHeld: ours.isHeld))
        ask(for: next, at: now, wall: wall)
    }

    private mutating func ask(for name: Nickname, at now: Instant, wall: WallTime) {
        claim = Claim(name: name, time: wall, isHeld: false)
        probesSent = 0
        probe(at: now)
    }

    private mutating func probe(at now: Instant) {
        probesSent += 1
        nextProbe = now + Self.probeInterval
        acts.append(.announce)
    }

    /// The name itself, else name-2, name-3, … (counted on from its own number): the first that nobody claims.
    private func firstFree(from name: Nickname) -> Nickname {
        var candidate = name
        var number = name.nextNumber
        while claimants[candidate] != nil {
            candidate = name.numbered(number)
            number += 1
        }
        return candidate
    }
}
