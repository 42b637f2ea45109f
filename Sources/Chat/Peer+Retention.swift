import Secure
import Wire

/// How much of each room is kept.
public struct Retention: Equatable, Sendable {
    /// Entries of one room, at least 1.
    public var entryCount = 10_000
    /// Older ones are let go of.
    public var days = 90

    public init() {}

    /// Nothing from before this time is kept.
    func oldest(at wall: WallTime) -> WallTime {
        let (age, isTooLong) = UInt64(clamping: days).multipliedReportingOverflow(by: 24 * 3600 * 1000)
        guard !isTooLong, age < wall.milliseconds else { return WallTime(milliseconds: 0) }
        return WallTime(milliseconds: wall.milliseconds - age)
    }
}

/// Letting go of what is old, of every room, a step at a time.
extension Peer {
    mutating func letGoOfOld() {
        agenda.ask(for: .retention, at: now + Bounds.retentionInterval)
        for key in rooms.keys { letGoOfOld(in: key) }
        letGoOfOldUnopened(configuration.retention.entryCount, configuration.retention.oldest(at: wall))
    }

    private mutating func letGoOfOld(in key: RoomKey) {
        let oldest = configuration.retention.oldest(at: wall)
        let count = configuration.retention.entryCount
        guard var log = rooms[key] else { return }
        rooms[key] = nil
        let dropped = keep { archive throws(ArchiveError) in
            let owed = try archive.awaitingReceipt(in: log.log).first
            return try log.trim(keeping: count, newerThan: oldest, below: owed)
        }
        rooms[key] = log
        noteLettingGo(dropped ?? 0, of: log.log)
    }

    /// An entry was added: however fast they come, a log has no more than ``Bounds/retentionSlack`` too many, unless
    /// somebody has still to get them.
    mutating func boundLog(of key: RoomKey) {
        guard let excess = rooms[key].map({ $0.count - configuration.retention.entryCount }), excess > 0,
            excess % Bounds.retentionSlack == 0
        else { return }
        letGoOfOld(in: key)
    }

    /// Whether we take no more of what somebody tells us privately: what they do not confirm keeps us from letting go
    /// of what they said since, so they could fill the disk.
    mutating func isFlooded(_ key: RoomKey) -> Bool {
        guard case .conversation(let peer) = key, let count = rooms[key]?.count else { return false }
        let excess = count - Bounds.retentionSlack
        guard excess / 2 > configuration.retention.entryCount else { return false }
        let owed = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)).count }
        return (excess - (owed ?? 0)) / 2 > configuration.retention.entryCount
    }

    /// One log that is not open: conversations that nobody came back to, lobbies of other networks. The next time the
    /// next one.
    private mutating func letGoOfOldUnopened(_ count: Int, _ oldest: WallTime) {
        let open = rooms.keys.compactMap { rooms[$0]?.log }
        guard let logs = keep({ archive throws(ArchiveError) in try archive.logs() }) else { return }
        let others = logs.filter { !open.contains($0) }
        guard !others.isEmpty else { return }
        rooms.retained &+= 1
        let log = others[rooms.retained % others.count]
        let dropped = keep { archive throws(ArchiveError) in
            // Which room it is plays no part in letting go.
            var old = try RoomLog(log: log, room: .lobby, archive: archive)
            return try old.trim(keeping: count, newerThan: oldest, below: archive.awaitingReceipt(in: log).first)
        }
        noteLettingGo(dropped ?? 0, of: log)
    }

    private mutating func noteLettingGo(_ count: Int, of log: LogID) {
        guard count > 0 else { return }
        note(.debug, "\(count) old entries let go of (\(log.order))")
        // There may be more than one step's worth.
        agenda.ask(for: .retention, at: now + Bounds.retentionStepInterval)
    }
}
