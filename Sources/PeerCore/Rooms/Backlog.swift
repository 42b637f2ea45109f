import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// The lobby lines from before this peer arrived that are yet to be shown. They are held until no more arrive, so
/// that only the last of thousands are shown.
struct Backlog {
    /// The held lines of one room.
    private struct Held {
        let key: RoomKey
        var lines: [Shown] = []
        var skippedCount = 0
        let since: Instant
        var last: Instant
    }

    /// In the order in which their first line arrived.
    private var rooms: [Held] = []

    /// The time at which the first of them is complete.
    var dueAt: Instant? { rooms.map { Self.due($0) }.min() }

    /// Returns the time at which a backlog is complete: after a quiet time, or when held for the maximum time.
    private static func due(_ held: Held) -> Instant {
        min(held.last + Bounds.backlogQuietTime, held.since + Bounds.backlogTime)
    }

    /// Adds a line to the backlog of its room.
    /// - Parameter limit: The number of lines kept, the last ones.
    mutating func add(_ line: Shown, in key: RoomKey, limit: Int, at now: Instant) {
        let place = rooms.firstIndex { $0.key == key } ?? rooms.count
        if place == rooms.count { rooms.append(Held(key: key, since: now, last: now)) }
        rooms[place].last = now
        rooms[place].lines.append(line)
        if rooms[place].lines.count > limit {
            rooms[place].lines.removeFirst()
            rooms[place].skippedCount += 1
        }
    }

    /// Removes and returns the held lines of a room, which are to be shown now.
    mutating func take(of key: RoomKey) -> (lines: [Shown], skippedCount: Int)? {
        guard let place = rooms.firstIndex(where: { $0.key == key }) else { return nil }
        let held = rooms.remove(at: place)
        return (held.lines, held.skippedCount)
    }

    /// Returns the rooms whose backlog is complete.
    func due(at now: Instant) -> [RoomKey] { rooms.filter { Self.due($0) <= now }.map(\.key) }

    /// The rooms with a backlog.
    var all: [RoomKey] { rooms.map(\.key) }
}

extension Peer {
    /// Shows an entry, or holds it until it is clear how many late ones arrive with it.
    mutating func showInOrder(_ shown: Shown, in key: RoomKey, isLate: Bool, token: CommandToken?) {
        if isLate, !key.isConversation, let limit = configuration.lateLineCount {
            rooms.backlog.add(shown, in: key, limit: limit, at: now)
            askForBacklog()
            return
        }
        guard mayShow(shown.entry.entry.author, in: key) else { return }
        showBacklog(of: key)
        notify(.message(message(shown.entry, in: key, isHistory: isLate, hasGap: shown.hasGap)), token: token)
    }

    private mutating func askForBacklog() {
        if let due = rooms.backlog.dueAt { timers.schedule(.backlog, at: due) }
    }

    /// Shows the backlogs that have received no more lines for a while.
    mutating func showCompleteBacklogs() {
        for key in rooms.backlog.due(at: now) { showBacklog(of: key) }
        askForBacklog()
    }

    /// Shows all backlogs: before this process ends, or before a query about the history is answered.
    mutating func showAllBacklogs() {
        for key in rooms.backlog.all { showBacklog(of: key) }
    }

    /// Shows the backlog of a room, if there is one, after the number of lines skipped.
    private mutating func showBacklog(of key: RoomKey) {
        guard let held = rooms.backlog.take(of: key) else { return }
        if held.skippedCount > 0 {
            var place = ""
            if case .relayLobby(let relay) = key { place = " at \(relayName(of: relay))" }
            let lines = held.skippedCount == 1 ? "1 earlier line" : "\(held.skippedCount) earlier lines"
            notify(
                .notice(
                    "\(lines)\(place) arrived and are not shown: /history \(Bounds.historyLineCount) shows more, /search "
                        + "finds words, earshot export writes them all"))
        }
        for shown in held.lines {
            // The author may have been blocked meanwhile.
            guard !roster.blocked.contains(shown.entry.entry.author) else { continue }
            notify(.message(message(shown.entry, in: key, isHistory: true, hasGap: shown.hasGap)))
        }
    }
}
