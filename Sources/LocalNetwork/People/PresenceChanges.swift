package import CoreModel
package import Wire

/// Who comes and goes in one place: at a relay, or on this network. Where many do for one reason, and we know it or see
/// it by their number, they are gathered for one line.
///
///     each told ──six within 2 s, our network changed, let in by a relay──▶ gathering ──2 s … 45 s──▶ each told
///         ▲                                                                   │   ▲
///         └────────────────────────── told in one line ◀──────────────────────┘   │ let in
///                                                          relay lost ──▶ suspended
package struct PresenceChanges {
    /// Changes within ``burstTime`` that are told one by one.
    static let burstCount = 5
    static let burstTime = Duration.seconds(2)
    /// How long after a change of our own network: links that it broke are given up within 2 s, and 1 s later it is said
    /// that their peers left.
    package static let networkTime = Duration.seconds(4)
    /// How long for a relay's list of its members.
    static let listTime = Duration.seconds(1)
    /// The least and the most for its members to come back after a restart of the relay: their pauses are about as long
    /// as it was away, at most 45 s.
    static let returnTime = Duration.seconds(2)...Duration.seconds(45)
    /// Behind the last of those that were awaited.
    static let lastTime = Duration.milliseconds(100)

    private enum Stage {
        case telling
        case gathering(until: Instant)
        /// Everybody is gone with the relay, since then.
        case suspended(since: Instant)
    }

    private var stage = Stage.telling
    private var came: [(peer: PeerID, name: String)] = []
    private var went: [(peer: PeerID, name: String)] = []
    /// Those that went with the relay and have not come back. Only asked "is it in there?".
    private var missing: Set<PeerID> = []
    /// When the last changes were, at most ``burstCount``.
    private var recent: [Instant] = []

    package init() {}

    /// Our network has changed, or a relay tells who is there for the first time.
    package mutating func gather(for time: Duration, at now: Instant) {
        switch stage {
        case .telling: stage = .gathering(until: now + time)
        case .gathering(let until): stage = .gathering(until: max(until, now + time))
        case .suspended: break
        }
    }

    /// The relay is gone, and everybody with it, which is told as one.
    package mutating func suspend(_ members: [PeerID], at now: Instant) {
        missing.formUnion(members)
        came = []
        went = []
        if case .suspended = stage { return }
        stage = .suspended(since: now)
    }

    /// The relay is back, or there for the first time.
    package mutating func resume(at now: Instant) {
        guard case .suspended(let since) = stage else { return gather(for: Self.listTime, at: now) }
        let time = min(max(now - since, Self.returnTime.lowerBound), Self.returnTime.upperBound)
        stage = .gathering(until: now + (missing.isEmpty ? Self.listTime : time))
    }

    /// - Parameter name: nil if nothing is to be said of it at all.
    /// - Returns: whether it is gathered with others, so that nothing is said of it alone.
    package mutating func joined(_ peer: PeerID, as name: String?, at now: Instant) -> Bool {
        guard isGathering(at: now) else { return isSuspended }
        if let place = went.firstIndex(where: { $0.peer == peer }) {
            went.remove(at: place)
        } else if let name {
            came.append((peer, name))
        }
        if missing.remove(peer) != nil, missing.isEmpty { stage = .gathering(until: now + Self.lastTime) }
        return true
    }

    /// - Returns: whether it is gathered with others, so that nothing is said of it alone.
    package mutating func left(_ peer: PeerID, as name: String?, at now: Instant) -> Bool {
        guard isGathering(at: now) else { return isSuspended }
        if let place = came.firstIndex(where: { $0.peer == peer }) {
            came.remove(at: place)
        } else if let name {
            went.append((peer, name))
        }
        return true
    }

    private var isSuspended: Bool {
        if case .suspended = stage { true } else { false }
    }

    /// Whether changes are gathered now; many at once make it so.
    private mutating func isGathering(at now: Instant) -> Bool {
        switch stage {
        case .suspended: return false
        case .gathering: return true
        case .telling:
            recent.removeAll { now - $0 > Self.burstTime }
            guard recent.count >= Self.burstCount else {
                recent.append(now)
                return false
            }
            stage = .gathering(until: now + Self.burstTime)
            return true
        }
    }

    /// When what was gathered is to be told.
    package var until: Instant? {
        if case .gathering(let until) = stage { until } else { nil }
    }

    /// What is to be told now: names, by which those who came and went were known then.
    package mutating func take(at now: Instant) -> (came: [String], went: [String])? {
        guard let until, until <= now else { return nil }
        defer {
            stage = .telling
            came = []
            went = []
            missing = []
            recent = []
        }
        return (came.map(\.name), went.map(\.name))
    }
}
