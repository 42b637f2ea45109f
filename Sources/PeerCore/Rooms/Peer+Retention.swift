import CoreModel
import RoomSync
import Secure
import Wire

/// Letting go of what is old, of every room, a step at a time.
extension Peer {
    mutating func pruneExpired() {
        timers.schedule(.retention, at: now + Bounds.retentionInterval)
        keepClock()
        for key in rooms.keys { pruneExpired(in: key) }
        pruneClosedLogs()
        boundEverything()
    }

    /// The first start that counts ages.
    mutating func beginAges() {
        guard !clock.isContinued else { return }
        keep { archive throws(ArchiveError) in try Arrivals.begin(in: archive) }
        keepClock()
    }

    mutating func keepClock(isUrgent: Bool = false) {
        guard let setting = clock.takeSetting(at: now, isUrgent: isUrgent) else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(AgeClock.setting, to: setting) }
    }

    private mutating func pruneExpired(in key: RoomKey) {
        guard var log = rooms[key] else { return }
        rooms[key] = nil
        let dropped = trim(&log)
        rooms[key] = log
        noteLettingGo(dropped ?? 0, of: log.log)
    }

    private mutating func trim(_ log: inout RoomLog) -> Int? {
        let (retention, clock) = (configuration.retention, clock)
        return keep { archive throws(ArchiveError) in
            var holders = RoomLog.Holders.many
            if case .conversation = log.log { holders = .few }
            let old = try log.old(after: retention.ageMilliseconds, by: clock, heldBy: holders)
            let owed = try archive.awaitingReceipt(in: log.log).first
            return try log.trim(keeping: retention.entryCount, dropping: old, below: owed)
        }
    }

    private mutating func trim(_ log: inout RoomLog, keeping count: Int) -> Int? {
        keep { archive throws(ArchiveError) in
            let owed = try archive.awaitingReceipt(in: log.log).first
            return try log.trim(keeping: count, newerThan: WallTime(milliseconds: 0), below: owed)
        }
    }

    /// An entry was added: however fast they come, a log has no more than ``Bounds/retentionSlack`` too many, unless
    /// somebody has still to get them.
    mutating func boundLog(of key: RoomKey, adding bytes: Int) {
        rooms.keeping.uncheckedBytes += bytes
        if rooms.keeping.uncheckedBytes >= min(Bounds.keptCheckBytes, configuration.retention.bytes / 16) {
            boundEverything()
        }
        guard let excess = rooms[key].map({ $0.count - configuration.retention.entryCount }), excess > 0,
            excess % Bounds.retentionSlack == 0
        else { return }
        pruneExpired(in: key)
    }

    /// Whether we take no more of what somebody tells us privately: what they do not confirm keeps us from letting go
    /// of what they said since, so they could fill the disk.
    mutating func isFlooded(_ key: RoomKey) -> Bool {
        if key.isConversation, rooms.keeping.isFull {
            if !rooms.keeping.hasToldFull {
                rooms.keeping.hasToldFull = true
                let size = Self.size(configuration.retention.bytes)
                notify(
                    .notice(
                        "no more private messages are kept: what others have still to get, and what follows it, takes "
                            + "\(size) (--keep-bytes SIZE keeps more, /forget @NAME makes room)"))
            }
            return true
        }
        guard case .conversation(let peer) = key, let count = rooms[key]?.count else { return false }
        let excess = count - Bounds.retentionSlack
        guard excess / 2 > configuration.retention.entryCount else { return false }
        let owed = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)).count }
        return (excess - (owed ?? 0)) / 2 > configuration.retention.entryCount
    }

    /// One log that is not open: conversations that nobody came back to, lobbies of other networks. The next time the
    /// next one.
    private mutating func pruneClosedLogs() {
        let open = rooms.keys.compactMap { rooms[$0]?.log }
        guard let logs = keep({ archive throws(ArchiveError) in try archive.logs() }) else { return }
        let others = logs.filter { !open.contains($0) }
        guard !others.isEmpty else { return }
        rooms.keeping.retained &+= 1
        let log = others[rooms.keeping.retained % others.count]
        // Which room it is plays no part in letting go.
        let opened = keep { archive throws(ArchiveError) in try RoomLog(log: log, room: .lobby, archive: archive) }
        guard var opened else { return }
        noteLettingGo(trim(&opened) ?? 0, of: log)
        // It is listed no more, so nothing else of it would ever go.
        guard opened.isEmpty else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(Arrivals.setting(log), to: nil) }
    }

    /// - Returns: how many of the lowest entries were dropped; nothing that somebody has still to get is.
    private mutating func trim(_ key: RoomKey, keeping count: Int) -> Int {
        guard var log = rooms[key] else { return 0 }
        rooms[key] = nil
        let dropped = trim(&log, keeping: count)
        rooms[key] = log
        noteLettingGo(dropped ?? 0, of: log.log)
        return dropped ?? 0
    }

    /// The same of one that is not open.
    /// - Parameter kept: how many entries stay, of how many there are.
    private mutating func trimUnopened(_ log: LogID, keeping kept: (Int) -> Int) -> Int {
        let opened = keep { archive throws(ArchiveError) in try RoomLog(log: log, room: .lobby, archive: archive) }
        guard var opened else { return 0 }
        let dropped = trim(&opened, keeping: kept(opened.count))
        noteLettingGo(dropped ?? 0, of: log)
        return dropped ?? 0
    }

    private mutating func noteLettingGo(_ count: Int, of log: LogID) {
        guard count > 0 else { return }
        if case .conversation(let peer) = log,
            let left = keep({ archive throws(ArchiveError) in try archive.bytes(of: log) })
        {
            rooms.keeping.unasked.note(left, by: peer)
        }
        note(.debug, "\(count) old entries let go of (\(log.order))")
        // There may be more than one step's worth.
        timers.schedule(.retention, at: now + Bounds.retentionStepInterval)
    }
}

/// A bound for all rooms together, which may be any number.
extension Peer {
    /// Drops what was kept first, in whatever room, until all that is kept is within its bound: at most so much that it
    /// does not hold up anything else. Of each room the lowest entries go, as many as it has among the first ones, so
    /// that neither a time nor a place in the order that an author claims lets its room take that of others.
    mutating func boundEverything() {
        rooms.keeping.uncheckedBytes = 0
        // Rooms in which something waits for a receipt, or that have nothing left that may go.
        var spared: Set<LogID> = []
        var place: UInt64 = 0
        var dropped = 0
        var excess = excessBytes
        while excess > 0, dropped < Bounds.droppedCount {
            let arrivals = keep { archive throws(ArchiveError) in try archive.arrivals(after: place, limit: 64) }
            guard let arrivals, let last = arrivals.last else { break }
            var counts: [(log: LogID, count: Int)] = []
            for arrival in arrivals where excess > 0 && !spared.contains(arrival.log) {
                excess -= arrival.bytes
                if let known = counts.firstIndex(where: { $0.log == arrival.log }) {
                    counts[known].count += 1
                } else {
                    counts.append((arrival.log, 1))
                }
            }
            if counts.isEmpty { place = last.place }
            for (log, count) in counts {
                let gone = drop(count, of: log)
                if gone == 0 { spared.insert(log) }
                dropped += gone
            }
            excess = excessBytes
        }
        rooms.keeping.isFull = excess > 0 && dropped == 0
    }

    private var excessBytes: Int { ((try? archive.bytes()) ?? 0) - configuration.retention.bytes }

    /// - Returns: how many entries were dropped, from the lowest on.
    private mutating func drop(_ count: Int, of log: LogID) -> Int {
        let key: RoomKey =
            switch log {
            case .lobby: .lobby
            case .relayLobby(let relay): .relayLobby(relay)
            case .conversation(let peer): .conversation(peer)
            }
        guard let open = rooms[key], open.log == log else {
            return trimUnopened(log) { max(0, $0 - count) }
        }
        return trim(key, keeping: max(0, open.count - count))
    }
}
