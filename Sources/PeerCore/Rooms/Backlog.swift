import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Lines of lobbies from before this peer came, on their way to a person: held until no more come, so that of thousands
/// only the last are shown.
struct Backlog {
    private struct Held {
        let key: RoomKey
        var lines: [Shown] = []
        var skippedCount = 0
        let since: Instant
        var last: Instant
    }

    /// In the order in which they began.
    private var rooms: [Held] = []

    /// When the first of them is complete.
    var dueAt: Instant? { rooms.map { Self.due($0) }.min() }

    private static func due(_ held: Held) -> Instant {
        min(held.last + Bounds.backlogQuietTime, held.since + Bounds.backlogTime)
    }

    /// - Parameter limit: how many of the last are kept.
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

    /// What is held of a room, which is to be shown now.
    mutating func take(of key: RoomKey) -> (lines: [Shown], skippedCount: Int)? {
        guard let place = rooms.firstIndex(where: { $0.key == key }) else { return nil }
        let held = rooms.remove(at: place)
        return (held.lines, held.skippedCount)
    }

    /// The rooms of which all has come.
    func due(at now: Instant) -> [RoomKey] { rooms.filter { Self.due($0) <= now }.map(\.key) }

    var all: [RoomKey] { rooms.map(\.key) }
}

extension Peer {
    /// Shows an entry, or holds it until it is clear that not too many come with it.
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

    mutating func showCompleteBacklogs() {
        for key in rooms.backlog.due(at: now) { showBacklog(of: key) }
        askForBacklog()
    }

    /// Before this process ends, or something is asked about what was said.
    mutating func showAllBacklogs() {
        for key in rooms.backlog.all { showBacklog(of: key) }
    }

    private mutating func showBacklog(of key: RoomKey) {
        guard let held = rooms.backlog.take(of: key) else { return }
        if held.skippedCount > 0 {
            var place = ""
            if case .relayLobby(let relay) = key { place = " at \(relayName(of: relay))" }
            let lines = held.skippedCount == 1 ? "1 earlier line" : "\(held.skippedCount) earlier lines"
            notify(
                .notice(
                    "\(lines)\(place) came and are not shown: /history \(Bounds.historyLineCount) shows more, /search "
                        + "finds words, earshot export writes them all"))
        }
        for shown in held.lines {
            // Somebody may have been blocked meanwhile.
            guard !roster.blocked.contains(shown.entry.entry.author) else { continue }
            notify(.message(message(shown.entry, in: key, isHistory: true, hasGap: shown.hasGap)))
        }
    }
}
