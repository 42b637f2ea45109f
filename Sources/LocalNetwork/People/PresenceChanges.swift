package import CoreModel
package import Wire

/// The arrivals and departures in one place: at a relay, or on this network. Many changes with one cause, known or
/// inferred from their number, are collected into one line.
///
///     singly ──six within 2 s, our network changed, let in by a relay──▶ gathering ──2 s … 45 s──▶ singly
///       ▲                                                                  │   ▲
///       └───────────────────────── reported in one line ◀──────────────────┘   │ let in
///                                                        relay lost ──▶ suspended
package struct PresenceChanges {
    /// The maximum number of changes within ``burstTime`` that are reported one by one.
    static let burstCount = 5
    static let burstTime = Duration.seconds(2)
    /// How long changes are collected after our own network changed: links that the change broke are closed within 2 s,
    /// and the departure of their peers is reported 1 s later.
    package static let networkTime = Duration.seconds(4)
    /// How long changes are collected while a relay's member list arrives.
    static let listTime = Duration.seconds(1)
    /// The shortest and the longest time for the members to return after a restart of the relay: they pause between
    /// attempts for about as long as it was away, at most 45 s.
    static let returnTime = Duration.seconds(2)...Duration.seconds(45)
    /// How long to wait for more changes after the last expected member has returned.
    static let lastTime = Duration.milliseconds(100)

    /// How changes are reported at the moment.
    private enum Stage {
        case telling
        case gathering(until: Instant)
        /// The relay is lost since then, and all its members with it.
        case suspended(since: Instant)
    }

    private var stage = Stage.telling
    private var arrived: [(peer: PeerID, name: String)] = []
    private var departed: [(peer: PeerID, name: String)] = []
    /// Members lost with the relay that have not returned. Used for membership tests only.
    private var missing: Set<PeerID> = []
    /// The times of the last changes, at most ``burstCount``.
    private var recent: [Instant] = []

    /// Creates a machine that reports each change.
    package init() {}

    /// Collects changes for this time: our network has changed, or a relay sends its member list for the first time.
    package mutating func gather(for time: Duration, at now: Instant) {
        switch stage {
        case .telling: stage = .gathering(until: now + time)
        case .gathering(let until): stage = .gathering(until: max(until, now + time))
        case .suspended: break
        }
    }

    /// Records that the relay is lost with all its members, which is reported as one change.
    package mutating func suspend(_ members: [PeerID], at now: Instant) {
        missing.formUnion(members)
        arrived = []
        departed = []
        if case .suspended = stage { return }
        stage = .suspended(since: now)
    }

    /// Records that the relay is back, or connected for the first time.
    package mutating func resume(at now: Instant) {
        guard case .suspended(let since) = stage else { return gather(for: Self.listTime, at: now) }
        let time = min(max(now - since, Self.returnTime.lowerBound), Self.returnTime.upperBound)
        stage = .gathering(until: now + (missing.isEmpty ? Self.listTime : time))
    }

    /// Records an arrival.
    /// - Parameter name: Nil if the arrival must not be reported at all.
    /// - Returns: Whether it is covered by a combined report, so that it must not be reported alone.
    package mutating func joined(_ peer: PeerID, as name: String?, at now: Instant) -> Bool {
        guard isGathering(at: now) else { return isSuspended }
        if let index = departed.firstIndex(where: { $0.peer == peer }) {
            departed.remove(at: index)
        } else if let name {
            arrived.append((peer, name))
        }
        if missing.remove(peer) != nil, missing.isEmpty { stage = .gathering(until: now + Self.lastTime) }
        return true
    }

    /// Records a departure.
    /// - Parameter name: Nil if the departure must not be reported at all.
    /// - Returns: Whether it is covered by a combined report, so that it must not be reported alone.
    package mutating func left(_ peer: PeerID, as name: String?, at now: Instant) -> Bool {
        guard isGathering(at: now) else { return isSuspended }
        if let index = arrived.firstIndex(where: { $0.peer == peer }) {
            arrived.remove(at: index)
        } else if let name {
            departed.append((peer, name))
        }
        return true
    }

    private var isSuspended: Bool {
        if case .suspended = stage { true } else { false }
    }

    /// Returns whether changes are collected now; starts collecting after many within ``burstTime``.
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

    /// When the collected changes are due to be reported.
    package var until: Instant? {
        if case .gathering(let until) = stage { until } else { nil }
    }

    /// Returns the changes to report now, by the names that the peers had at the time.
    package mutating func take(at now: Instant) -> (arrived: [String], departed: [String])? {
        guard let until, until <= now else { return nil }
        defer {
            stage = .telling
            arrived = []
            departed = []
            missing = []
            recent = []
        }
        return (arrived.map(\.name), departed.map(\.name))
    }
}
