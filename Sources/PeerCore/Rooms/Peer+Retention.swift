import CoreModel
import RoomSync
import Secure
import Wire

/// Pruning expired entries of every room, step by step.
extension Peer {
    /// Prunes expired entries of all open rooms and of one log that is not open.
    mutating func pruneExpired() {
        timers.schedule(.retention, at: now + Bounds.retentionInterval)
        keepClock()
        for key in rooms.keys { pruneExpired(in: key) }
        pruneClosedLogs()
        boundEverything()
    }

    /// Starts counting ages, on the first start that does.
    mutating func beginAges() {
        guard !clock.isContinued else { return }
        keep { archive throws(ArchiveError) in try Arrivals.begin(in: archive) }
        keepClock()
    }

    /// Stores the state of the age clock if that is due.
    mutating func keepClock(isUrgent: Bool = false) {
        guard let setting = clock.takeSetting(at: now, isUrgent: isUrgent) else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(AgeClock.setting, to: setting) }
    }

    private mutating func pruneExpired(in key: RoomKey) {
        guard var log = rooms[key] else { return }
        rooms[key] = nil
        let dropped = trim(&log)
        rooms[key] = log
        notePruned(dropped ?? 0, of: log.log)
    }

    /// Prunes entries beyond the limits on age and count, but no entry that awaits a receipt and none after it.
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

    /// Prunes entries beyond a count, whatever their age, with the same exceptions.
    private mutating func trim(_ log: inout RoomLog, keeping count: Int) -> Int? {
        keep { archive throws(ArchiveError) in
            let owed = try archive.awaitingReceipt(in: log.log).first
            return try log.trim(keeping: count, newerThan: WallTime(milliseconds: 0), below: owed)
        }
    }

    /// Bounds a log after an entry was added: however fast they arrive, a log exceeds its limit by at most
    /// ``Bounds/retentionSlack``, unless entries still await a receipt.
    mutating func boundLog(of key: RoomKey, adding bytes: Int) {
        rooms.retentionState.uncheckedBytes += bytes
        if rooms.retentionState.uncheckedBytes >= min(Bounds.keptCheckBytes, configuration.retention.bytes / 16) {
            boundEverything()
        }
        guard let excess = rooms[key].map({ $0.count - configuration.retention.entryCount }), excess > 0,
            excess % Bounds.retentionSlack == 0
        else { return }
        pruneExpired(in: key)
    }

    /// Whether we accept no more private messages of a peer: messages that it does not confirm keep us from pruning
    /// those that it sent after them, so it could fill the disk.
    mutating func isFlooded(_ key: RoomKey) -> Bool {
        if key.isConversation, rooms.retentionState.isFull {
            if !rooms.retentionState.hasReportedFull {
                rooms.retentionState.hasReportedFull = true
                let size = Self.size(configuration.retention.bytes)
                notify(
                    .notice(
                        "no more private messages are kept: undelivered messages, and those after them, take up "
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

    /// Prunes one log that is not open, such as an old conversation or the lobby of another network; each call takes
    /// the next one.
    private mutating func pruneClosedLogs() {
        let open = rooms.keys.compactMap { rooms[$0]?.log }
        guard let logs = keep({ archive throws(ArchiveError) in try archive.logs() }) else { return }
        let others = logs.filter { !open.contains($0) }
        guard !others.isEmpty else { return }
        rooms.retentionState.retained &+= 1
        let log = others[rooms.retentionState.retained % others.count]
        // The room ID is irrelevant to pruning.
        let opened = keep { archive throws(ArchiveError) in try RoomLog(log: log, room: .lobby, archive: archive) }
        guard var opened else { return }
        notePruned(trim(&opened) ?? 0, of: log)
        // An empty log is no longer listed, so nothing else would remove its setting.
        guard opened.isEmpty else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(Arrivals.setting(log), to: nil) }
    }

    /// Prunes the lowest entries of an open room, except those that await a receipt and those that follow them.
    /// - Returns: The number of entries dropped.
    private mutating func trim(_ key: RoomKey, keeping count: Int) -> Int {
        guard var log = rooms[key] else { return 0 }
        rooms[key] = nil
        let dropped = trim(&log, keeping: count)
        rooms[key] = log
        notePruned(dropped ?? 0, of: log.log)
        return dropped ?? 0
    }

    /// Prunes the lowest entries of a log that is not open, with the same exceptions.
    /// - Parameter kept: Returns the number of entries to keep, given the number present.
    private mutating func trimUnopened(_ log: LogID, keeping kept: (Int) -> Int) -> Int {
        let opened = keep { archive throws(ArchiveError) in try RoomLog(log: log, room: .lobby, archive: archive) }
        guard var opened else { return 0 }
        let dropped = trim(&opened, keeping: kept(opened.count))
        notePruned(dropped ?? 0, of: log)
        return dropped ?? 0
    }

    /// Updates the accounts after entries were pruned, and schedules the next step.
    private mutating func notePruned(_ count: Int, of log: LogID) {
        guard count > 0 else { return }
        if case .conversation(let peer) = log,
            let left = keep({ archive throws(ArchiveError) in try archive.bytes(of: log) })
        {
            rooms.retentionState.unsolicited.note(left, by: peer)
        }
        note(.debug, "\(count) old entries pruned (\(log.order))")
        // More than one step may be needed.
        timers.schedule(.retention, at: now + Bounds.retentionStepInterval)
    }
}

/// A bound for all rooms together, however many there are.
extension Peer {
    /// Prunes the entries stored first, in whatever room, until all storage is within its bound, in steps short enough
    /// not to delay other work. Of each room the lowest entries are pruned, as many as it has among those stored first,
    /// so that neither a time nor a place in the order claimed by an author lets its room displace others.
    mutating func boundEverything() {
        rooms.retentionState.uncheckedBytes = 0
        // Logs of which nothing can be pruned: entries wait for a receipt, or none are left.
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
        rooms.retentionState.isFull = excess > 0 && dropped == 0
    }

    /// The bytes stored above the limit; negative below it.
    private var excessBytes: Int { ((try? archive.bytes()) ?? 0) - configuration.retention.bytes }

    /// Prunes the lowest entries of a log, open or not.
    /// - Returns: The number of entries dropped.
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
