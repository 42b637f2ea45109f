import Secure
import Wire

/// How much of each room is kept.
public struct Retention: Equatable, Sendable {
    /// Entries of one room, at least 1.
    public var entryCount = 10_000
    /// Older ones are let go of; days as ``AgeClock`` counts them.
    public var days = 90

    public init() {}

    /// Nil: longer than there are times.
    var ageMilliseconds: UInt64? {
        let (age, isTooLong) = UInt64(clamping: days).multipliedReportingOverflow(by: AgeClock.dayMilliseconds)
        return isTooLong || age > Limits.wallTime ? nil : age
    }
}

/// Letting go of what is old, of every room, a step at a time.
extension Peer {
    mutating func letGoOfOld() {
        agenda.ask(for: .retention, at: now + Bounds.retentionInterval)
        keepClock()
        for key in rooms.keys { letGoOfOld(in: key) }
        letGoOfOldUnopened()
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

    private mutating func letGoOfOld(in key: RoomKey) {
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
    private mutating func letGoOfOldUnopened() {
        let open = rooms.keys.compactMap { rooms[$0]?.log }
        guard let logs = keep({ archive throws(ArchiveError) in try archive.logs() }) else { return }
        let others = logs.filter { !open.contains($0) }
        guard !others.isEmpty else { return }
        rooms.retained &+= 1
        let log = others[rooms.retained % others.count]
        // Which room it is plays no part in letting go.
        let opened = keep { archive throws(ArchiveError) in try RoomLog(log: log, room: .lobby, archive: archive) }
        guard var opened else { return }
        let dropped = trim(&opened)
        noteLettingGo(dropped ?? 0, of: log)
    }

    private mutating func noteLettingGo(_ count: Int, of log: LogID) {
        guard count > 0 else { return }
        note(.debug, "\(count) old entries let go of (\(log.order))")
        // There may be more than one step's worth.
        agenda.ask(for: .retention, at: now + Bounds.retentionStepInterval)
    }
}
