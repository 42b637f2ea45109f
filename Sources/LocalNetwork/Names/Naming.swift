package import CoreModel
package import Wire

/// A peer's claim to a name: the name, since when, and whether it is held or still probed for.
package struct Claim: Equatable {
    package var name: Nickname
    package var time: WallTime
    package internal(set) var isHeld: Bool

    package init(
        name: Nickname, time: WallTime, isHeld: Bool
    ) {
        self.name = name
        self.time = time
        self.isHeld = isHeld
    }

    /// Returns whether this claim of `peer` prevails over another peer's for the same name: a held one over a probe,
    /// then the earlier, then the lower peer ID. The order is total, so all peers reach the same result (RFC 6762 §8.2,
    /// with the time in front so that the peer that had the name for longer keeps it).
    func prevails(by peer: PeerID, over other: Claim, by otherPeer: PeerID) -> Bool {
        if isHeld != other.isHeld { return isHeld }
        if time != other.time { return time < other.time }
        return peer < otherPeer
    }
}

/// Keeps our name unique among the peers that we have live links with (Protocol.md, Names; RFC 6762 §8–9).
///
///     (no claim) ──claim──▶ probing ──0.75 s, no objection──▶ holding
///                             ▲ │ a better claim                │ a better claim (networks that met)
///                             └─┴──── next free name-N ◀────────┘
///
/// Claims are accepted over live links only, where the claimant is certainly present: no forged or replayed datagram
/// changes a name.
package struct Naming {
    /// What the peer has to do or report.
    package enum Act: Equatable {
        /// Send our claim to all peers: it is new, due to be repeated, or to be defended.
        case announce
        /// The name is now held.
        case settled(Nickname)
        /// Another peer's claim prevails over ours: we take another name.
        case lost(Nickname, to: PeerID, now: Nickname, wasHeld: Bool)
        /// The first name is taken, and no other is acceptable.
        case taken(Nickname, by: PeerID)
        /// A change of name is refused: the name is taken.
        case refused(Nickname, by: PeerID)
    }

    /// Time between probes, and from the last one to holding the name (RFC 6762 §8.1).
    static let probeInterval = Duration.milliseconds(250)
    /// The number of probes before a name is held (RFC 6762 §8.1).
    static let probeCount = 3

    private let peer: PeerID
    private let isStrict: Bool
    /// Our own claim; nil before the first.
    package private(set) var claim: Claim?
    /// The name originally wanted, which `name-N` counts from.
    package private(set) var wanted: Nickname?
    private var probesSent = 0
    private var nextProbe: Instant?
    private var nextDefence: Instant?
    private var hasEverHeld = false
    private var claims: [PeerID: Claim] = [:]
    /// The claimants of each name, ascending.
    private var claimants: [Nickname: [PeerID]] = [:]
    private var acts: [Act] = []

    /// Creates a machine without a claim.
    /// - Parameter isStrict: Whether no other name is acceptable if the first one is taken.
    package init(peer: PeerID, isStrict: Bool) {
        self.peer = peer
        self.isStrict = isStrict
    }

    // Events.

    /// Makes the first claim.
    package mutating func claim(_ name: Nickname, at now: Instant, wall: WallTime) {
        precondition(claim == nil, "the first claim is made once")
        wanted = name
        if isStrict, let holder = holders(of: name).first {
            acts.append(.taken(name, by: holder))
            return
        }
        ask(for: firstFree(from: name), at: now, wall: wall)
    }

    /// Changes our name at the user's request. Refused if another peer has the name; the old one is then kept.
    package mutating func rename(to name: Nickname, at now: Instant, wall: WallTime) {
        if let claim, claim.name == name {
            // The same name, perhaps in other letter case: no other peer can have it.
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

    /// Records a peer's claim, received on its own live link.
    package mutating func claimHeard(_ theirs: Claim, from other: PeerID, at now: Instant, wall: WallTime) {
        note(theirs, of: other)
        guard let ours = claim, ours.name == theirs.name else { return }
        if !ours.prevails(by: peer, over: theirs, by: other) {
            yield(to: other, at: now, wall: wall)
        } else if now >= nextDefence ?? now {
            // Defended immediately, but at a limited rate against a peer that does not listen (RFC 6762 §8.1).
            nextDefence = now + Self.probeInterval
            acts.append(.announce)
        }
    }

    /// Removes the claim of a peer that has gone.
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

    /// Sends the next probe, or takes hold of the name after the last one.
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

    // Queries.

    /// Returns the other peers with a claim to this name, ascending.
    package func holders(of name: Nickname) -> [PeerID] {
        claimants[name] ?? []
    }

    package var nextDeadline: Deadline? { nextProbe.map { Deadline(at: $0, reason: "our name is being claimed") } }

    /// Returns the next act, in the order in which they arose.
    package mutating func nextAct() -> Act? { acts.isEmpty ? nil : acts.removeFirst() }

    // Implementation.

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

    /// Returns the name itself, or otherwise name-2, name-3, … (counted from its own number): the first unclaimed one.
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
