package import CoreModel
package import Wire

/// When the entries of a log came here, in steps of a sixty-fourth of how long they are kept: up to which Lamport time
/// the log reached when. Kept with the log, by ``AgeClock/counted``.
///
/// An entry says itself when it was written, by its author's clock, which may be wrong by years or lie. By this it is
/// neither dropped as soon as it has come, nor kept for longer than it was here.
package struct Arrivals: Equatable {
    package struct Mark: Equatable {
        package var at: UInt64
        package var lamport: UInt64
    }

    /// A log that has been kept for a year has no more marks than this, however often the option was changed.
    package static let capacity = 128

    /// Of what is not above this it is not known when it came: their claims are all there is.
    package private(set) var unknown: UInt64 = 0
    /// Ascending in both.
    private(set) var marks: [Mark] = []

    package init(unknown: UInt64 = 0) { self.unknown = unknown }

    /// The log reaches up to here.
    /// - Parameter age: how long entries are kept, in milliseconds.
    /// - Returns: whether anything changed.
    package mutating func note(_ reach: UInt64, at counted: WallTime, keptFor age: UInt64) -> Bool {
        guard reach > marks.last?.lamport ?? unknown else { return false }
        if let last = marks.last, counted.milliseconds < last.at &+ age / 64 { return false }
        marks.append(Mark(at: counted.milliseconds, lamport: reach))
        let old = marks.lastIndex { $0.at &+ age <= counted.milliseconds } ?? 0
        marks.removeFirst(max(old, marks.count - Self.capacity))
        return true
    }

    /// How far the log reached at least so many milliseconds ago.
    package func reached(_ age: UInt64, before counted: WallTime) -> UInt64? {
        marks.last { $0.at &+ age <= counted.milliseconds }?.lamport
    }

    // As a setting.

    package static func setting(_ log: LogID) -> String { "arrivals of \(log.order)" }

    /// - Returns: nothing known for what is not of this form.
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

    /// The first start that notes arrivals: of what is there nothing is known.
    package static func begin(in archive: any Archive) throws(ArchiveError) {
        for log in try archive.logs() {
            // Which room it is plays no part here.
            let reach = try RoomLog(log: log, room: .lobby, archive: archive).reach
            try Self(unknown: reach).keep(of: log, in: archive)
        }
    }
}

/// What of a log is old.
package struct OldAge {
    /// What claims to be from before this time.
    package var oldest: WallTime
    /// Above this Lamport time nothing is: it has not been here for long.
    package var settled: UInt64 = .max
    /// Claims from after this time are wrong; then what was here long ago is old.
    var future: WallTime = WallTime(milliseconds: .max)
    var reachedLongAgo: UInt64 = 0

    package init(before oldest: WallTime) { self.oldest = oldest }

    package func includes(_ entry: Entry) -> Bool {
        if entry.wallTime > future.milliseconds { return entry.lamport <= reachedLongAgo }
        return entry.lamport <= settled && entry.wallTime < oldest.milliseconds
    }
}

extension RoomLog {
    /// Who else has what is in a log.
    package enum Holders {
        /// Many, and they let go of it too. What is old when it comes is kept for a day only: else each newcomer that
        /// takes up the log would keep its oldest for as long again.
        case many
        /// Nobody, or one other.
        case few
    }

    /// Notes what has come, and finds what is old by now.
    /// - Parameter age: how long entries are kept, in milliseconds; nil: for good.
    package func old(after age: UInt64?, by clock: AgeClock, heldBy holders: Holders) throws(ArchiveError) -> OldAge {
        var arrivals = try Arrivals(of: log, in: archive)
        guard let age else {
            // For a time when there is a limit: that holds for what was there before, too.
            if reach > arrivals.unknown { try Arrivals(unknown: reach).keep(of: log, in: archive) }
            return OldAge(before: WallTime(milliseconds: 0))
        }
        if arrivals.note(reach, at: clock.counted, keptFor: age) { try arrivals.keep(of: log, in: archive) }
        let certain = clock.certain.milliseconds
        var old = OldAge(before: WallTime(milliseconds: certain - min(certain, age)))
        // A mark comes after what it is about, so a bit less than the whole.
        let stay = holders == .many ? min(AgeClock.dayMilliseconds, age / 32 * 31) : age / 32 * 31
        old.settled = max(arrivals.unknown, arrivals.reached(stay, before: clock.counted) ?? 0)
        let latest = max(clock.expected, clock.wall).milliseconds
        old.future = WallTime(milliseconds: latest &+ AgeClock.dayMilliseconds)
        old.reachedLongAgo = arrivals.reached(age, before: clock.counted) ?? 0
        return old
    }
}
