import CoreModel
import LocalNetwork
import Wire

/// The rates at which one peer may put text on the screen, so that nobody scrolls away the messages of others.
///
/// Only the last of a peer's names and away texts counts: changes above the rate are reported as one, a moment later.
/// Lines above the rate are stored like all others, and counted instead of shown.
struct ShownRates {
    private var changes = Buckets(capacity: Bounds.changeBurst, perSecond: Bounds.changeRate)
    /// The key nil stands for all absent authors together, because keys cost nothing to create.
    private var lines = Buckets(capacity: Double(Bounds.messageBurst), perSecond: Bounds.messageRate)
    /// The counts of lines that were not shown, in the order of their authors' first ones.
    private var suppressed: [(author: PeerID?, room: RoomKey, count: Int)] = []
    private var suppressedReportedAt: Instant?

    mutating func mayTellChange(of peer: PeerID, at now: Instant) -> Bool { changes.take(peer, at: now) }

    /// Takes a token for a line of an author.
    /// - Parameter author: Nil for all absent authors.
    /// - Returns: Whether the line is to be shown; if not, it has been counted.
    mutating func mayShowLine(by author: PeerID?, in room: RoomKey, at now: Instant) -> Bool {
        if lines.take(author, at: now) { return true }
        if let place = suppressed.firstIndex(where: { $0.author == author && $0.room == room }) {
            suppressed[place].count += 1
        } else {
            suppressed.append((author, room, 1))
        }
        return false
    }

    /// Returns the time at which the user is notified of lines that were not shown; nil if there are none.
    func suppressedLinesDue(at now: Instant) -> Instant? {
        guard !suppressed.isEmpty else { return nil }
        let soon = now + Bounds.suppressedLinesDelay
        return suppressedReportedAt.map { max(soon, $0 + Bounds.suppressedLinesInterval) } ?? soon
    }

    /// Removes and returns the counts of lines that were not shown.
    mutating func takeSuppressedLines(at now: Instant) -> [(author: PeerID?, room: RoomKey, count: Int)] {
        defer { suppressed = [] }
        if !suppressed.isEmpty { suppressedReportedAt = now }
        return suppressed
    }

    /// A token bucket for each recently active peer.
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
    /// Whether a line that just arrived is to be shown; if not, it is counted and the user notified later.
    mutating func mayShow(_ author: PeerID, in key: RoomKey) -> Bool {
        guard configuration.limitsLines, author != id else { return true }
        let isHere = roster[author] != nil || sessions.session(with: author) != nil
        if presence.rates.mayShowLine(by: isHere ? author : nil, in: key, at: now) { return true }
        if let due = presence.rates.suppressedLinesDue(at: now) { timers.schedule(.suppressedLines, at: due) }
        return false
    }

    /// Notifies the user of the lines that were not shown.
    mutating func reportSuppressedLines() {
        for (author, room, count) in presence.rates.takeSuppressedLines(at: now) {
            if let author, roster.blocked.contains(author) { continue }
            let lines = count == 1 ? "1 line" : "\(count) lines"
            var place = ""
            if case .relayLobby(let relay) = room { place = " at \(relayName(of: relay))" }
            if room.isConversation { place = " in private" }
            let name = author.map { displayName(of: $0) }
            let who = name.map { " by \($0)" } ?? " by people who are not here"
            let block = name.map { ", and /block \($0) hides everything from \($0)" } ?? ""
            notify(
                .notice(
                    "\(lines)\(who)\(place) came too fast to be read and are not shown: /history "
                        + "\(Bounds.historyLineCount) in that room shows the last of them\(block)"))
        }
    }
}
