package import CoreModel
package import Wire

/// The arrival times of a log's entries, in steps of 1/64 of the retention time: the Lamport time that the log had
/// reached at each step. Stored with the log, by ``AgeClock/counted``.
///
/// The time in an entry comes from its author's clock, which may be wrong by years or lie. The arrival times ensure
/// that an entry is neither dropped as soon as it arrives nor kept for longer than the retention time after its
/// arrival.
package struct Arrivals: Equatable {
    /// The Lamport time that the log had reached at a counted time, in milliseconds.
    package struct Mark: Equatable {
        package var at: UInt64
        package var lamport: UInt64
    }

    /// The maximum number of marks. A log that was kept for a year has no more, even if the retention time was changed
    /// often.
    package static let capacity = 128

    /// The arrival time of entries up to this Lamport time is unknown: only their claimed times are available.
    package private(set) var unknown: UInt64 = 0
    /// The marks, ascending in both values.
    private(set) var marks: [Mark] = []

    package init(unknown: UInt64 = 0) { self.unknown = unknown }

    /// Records that the log now reaches up to this horizon.
    /// - Parameter age: The retention time in milliseconds.
    /// - Returns: Whether anything changed.
    package mutating func note(_ horizon: UInt64, at counted: WallTime, keptFor age: UInt64) -> Bool {
        guard horizon > marks.last?.lamport ?? unknown else { return false }
        if let last = marks.last, counted.milliseconds < last.at &+ age / 64 { return false }
        marks.append(Mark(at: counted.milliseconds, lamport: horizon))
        let old = marks.lastIndex { $0.at &+ age <= counted.milliseconds } ?? 0
        marks.removeFirst(max(old, marks.count - Self.capacity))
        return true
    }

    /// Returns the Lamport time that the log had reached `age` milliseconds ago.
    package func reached(_ age: UInt64, before counted: WallTime) -> UInt64? {
        marks.last { $0.at &+ age <= counted.milliseconds }?.lamport
    }

    // As a setting.

    package static func setting(_ log: LogID) -> String { "arrivals of \(log.order)" }

    /// Reads the stored marks of a log. If they are malformed, no arrival time is known.
    package init(of log: LogID, in archive: any Archive) throws(ArchiveError) {
        guard let kept = try archive.setting(Self.setting(log)) else { return }
        self = (try? Self(decoding: kept)) ?? Self(unknown: Limits.lamport)
    }

    private init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        let count = try reader.array(maximum: 1 + 2 * Self.capacity)
        unknown = try reader.unsigned()
        for _ in 0..<(count - 1) / 2 {
            marks.append(Mark(at: min(try reader.unsigned(), Limits.wallTime), lamport: try reader.unsigned()))
        }
    }

    package func keep(of log: LogID, in archive: any Archive) throws(ArchiveError) {
        var writer = CBORWriter()
        writer.array(count: 1 + 2 * marks.count)
        writer.unsigned(unknown)
        for mark in marks {
            writer.unsigned(mark.at)
            writer.unsigned(mark.lamport)
        }
        try archive.setSetting(Self.setting(log), to: writer.bytes)
    }

    /// Begins to record arrivals, at the first start that does: the arrival time of present entries is unknown.
    package static func begin(in archive: any Archive) throws(ArchiveError) {
        for log in try archive.logs() {
            // The room has no effect on the horizon.
            let horizon = try RoomLog(log: log, room: .lobby, archive: archive).horizon
            try Self(unknown: horizon).keep(of: log, in: archive)
        }
    }
}

/// The criterion by which entries of a log are old.
package struct ExpiryCriterion {
    /// Entries that claim to be from before this time are old.
    package internal(set) var oldest: WallTime
    /// Entries above this Lamport time are never old: they arrived recently.
    package internal(set) var settled: UInt64 = .max
    /// Claimed times after this one are wrong; such an entry is old if it is at or below ``expiredHorizon``.
    var future: WallTime = WallTime(milliseconds: .max)
    /// The Lamport time that the log had reached one retention time ago.
    var expiredHorizon: UInt64 = 0

    package init(before oldest: WallTime) { self.oldest = oldest }

    /// Returns whether an entry is old.
    package func includes(_ entry: Entry) -> Bool {
        if entry.wallTime > future.milliseconds { return entry.lamport <= expiredHorizon }
        return entry.lamport <= settled && entry.wallTime < oldest.milliseconds
    }
}

extension RoomLog {
    /// The peers that also have the entries of a log.
    package enum Holders {
        /// Many, and they prune it, too. An entry that is old when it arrives is then kept only for a day: otherwise
        /// each newcomer that receives the log would keep its oldest entries for another full retention time.
        case many
        /// None, or one.
        case few
    }

    /// Records what has arrived, and returns the criterion for old entries.
    /// - Parameter age: The retention time in milliseconds; nil: entries are kept indefinitely.
    package func old(after age: UInt64?, by clock: AgeClock, heldBy holders: Holders) throws(ArchiveError)
        -> ExpiryCriterion
    {
        var arrivals = try Arrivals(of: log, in: archive)
        guard let age else {
            // In case a limit is set later: it applies to entries from before as well.
            if horizon > arrivals.unknown { try Arrivals(unknown: horizon).keep(of: log, in: archive) }
            return ExpiryCriterion(before: WallTime(milliseconds: 0))
        }
        if arrivals.note(horizon, at: clock.counted, keptFor: age) { try arrivals.keep(of: log, in: archive) }
        let lowerBound = clock.lowerBound.milliseconds
        var old = ExpiryCriterion(before: WallTime(milliseconds: lowerBound - min(lowerBound, age)))
        // A mark is later than the arrivals that it covers, so slightly less than the whole age is used.
        let stay = holders == .many ? min(AgeClock.dayMilliseconds, age / 32 * 31) : age / 32 * 31
        old.settled = max(arrivals.unknown, arrivals.reached(stay, before: clock.counted) ?? 0)
        let latest = max(clock.expected, clock.wall).milliseconds
        old.future = WallTime(milliseconds: latest &+ AgeClock.dayMilliseconds)
        old.expiredHorizon = arrivals.reached(age, before: clock.counted) ?? 0
        return old
    }
}
