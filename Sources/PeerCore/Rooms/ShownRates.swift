import CoreModel
import LocalNetwork
import Wire

/// How much one peer may put on a screen, so that nobody scrolls away what others say.
///
/// Of its name and its away text only the last counts: what it changes faster than the rate is told in one, a moment
/// later. Of its lines those beyond the rate are kept like all others, and counted instead of shown.
struct ShownRates {
    private var changes = Buckets(capacity: Bounds.changeBurst, perSecond: Bounds.changeRate)
    /// Nil: all authors that are not here together, because keys cost nothing to make up.
    private var lines = Buckets(capacity: Double(Bounds.messageBurst), perSecond: Bounds.messageRate)
    /// Lines that were not shown, in the order of their authors' first ones.
    private var surplus: [(author: PeerID?, room: RoomKey, count: Int)] = []
    private var surplusToldAt: Instant?

    mutating func mayTellChange(of peer: PeerID, at now: Instant) -> Bool { changes.take(peer, at: now) }

    /// - Parameter author: nil for all who are not here.
    /// - Returns: whether the line is to be shown; if not, it has been counted.
    mutating func mayShowLine(by author: PeerID?, in room: RoomKey, at now: Instant) -> Bool {
        if lines.take(author, at: now) { return true }
        if let place = surplus.firstIndex(where: { $0.author == author && $0.room == room }) {
            surplus[place].count += 1
        } else {
            surplus.append((author, room, 1))
        }
        return false
    }

    /// When the person is told how many lines were not shown, if there are any.
    func surplusDue(at now: Instant) -> Instant? {
        guard !surplus.isEmpty else { return nil }
        let soon = now + Bounds.surplusDelay
        return surplusToldAt.map { max(soon, $0 + Bounds.surplusInterval) } ?? soon
    }

    mutating func takeSurplus(at now: Instant) -> [(author: PeerID?, room: RoomKey, count: Int)] {
        defer { surplus = [] }
        if !surplus.isEmpty { surplusToldAt = now }
        return surplus
    }

    /// A bucket for each peer that said something lately.
    private struct Buckets {
        let capacity: Double
        let perSecond: Double
        private var buckets: [PeerID?: TokenBucket] = [:]
        private static let count = 1_024

        init(capacity: Double, perSecond: Double) {
            self.capacity = capacity
            self.perSecond = perSecond
        }

        mutating func take(_ peer: PeerID?, at now: Instant) -> Bool {
            if buckets.count >= Self.count, buckets[peer] == nil { buckets.removeAll() }
            return buckets[peer, default: TokenBucket(capacity: capacity, perSecond: perSecond)].take(at: now)
        }
    }
}

extension Peer {
    /// Whether a line that came just now is to be shown; if not, the person is told later how many were not.
    mutating func mayShow(_ author: PeerID, in key: RoomKey) -> Bool {
        guard configuration.limitsLines, author != id else { return true }
        let isHere = roster[author] != nil || sessions.session(with: author) != nil
        if presence.rates.mayShowLine(by: isHere ? author : nil, in: key, at: now) { return true }
        if let due = presence.rates.surplusDue(at: now) { timers.schedule(.suppressedLines, at: due) }
        return false
    }

    mutating func tellSurplus() {
        for (author, room, count) in presence.rates.takeSurplus(at: now) {
            if let author, roster.blocked.contains(author) { continue }
            let lines = count == 1 ? "1 line" : "\(count) lines"
            var place = ""
            if case .relayLobby(let relay) = room { place = " at \(relayName(of: relay))" }
            if room.isConversation { place = " to you alone" }
            let name = author.map { displayName(of: $0) }
            let who = name.map { " by \($0)" } ?? " by people who are not here"
            let block = name.map { ", and /block \($0) nothing more of \($0)" } ?? ""
            notify(
                .notice(
                    "\(lines)\(who)\(place) came too fast to be read and are not shown: /history "
                        + "\(Bounds.historyLineCount) in that room shows the last of them\(block)"))
        }
    }
}
