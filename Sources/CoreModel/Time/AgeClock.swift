import Secure
package import Wire

/// The clock by which ages are counted. Entries that are dropped for their age are lost permanently, and a wall clock
/// may be wrong for ten minutes or a week.
///
/// It advances by the time for which processes have actually run, which is stored from one start to the next. It does
/// not follow a jump of the wall clock, forward or back, until the jump has lasted: until processes have run with it
/// for a sixteenth of the jump, at least a day and at most a week. So a clock that is 200 days ahead for an afternoon
/// ages nothing, and after three months off a machine ages its entries once it has run for a week. Time during which
/// the wall clock is back to normal is subtracted from the time that the jump has lasted.
///
/// A jump that has lasted counts as elapsed time only as far as it occurred between two starts or during sleep. The
/// rest is a clock that was corrected: it changes which claimed times are plausible, but no age.
///
/// On a machine that runs eight hours a day, this counts a few days fewer than have passed, never more.
package struct AgeClock {
    /// The deviation of the wall clock above which it counts as a jump. NTP slews, and steps by less.
    package static let toleranceMilliseconds: UInt64 = 300_000
    /// The longest time between two starts, or of a sleep, that is believed immediately: a restart, a reboot, or a
    /// crash that lost the latest state.
    static let gapMilliseconds: UInt64 = 3_600_000
    /// The longest plausible time between two inputs of a running process (``Bounds/retentionInterval`` is shorter).
    /// After a longer time the machine was asleep.
    static let stepMilliseconds: UInt64 = 1_200_000
    /// The length of a day.
    package static let dayMilliseconds: UInt64 = 86_400_000

    /// A jump of the wall clock away from where it is expected.
    struct Departure: Equatable {
        /// The minimum deviation in milliseconds while the jump lasts; negative: back.
        var lead: Int64
        /// The time that processes have run with it, less the time without it, in milliseconds.
        var lasted: UInt64 = 0
    }

    /// The stored state of the clock.
    package struct State: Equatable {
        /// The counted time; never goes back. Expiry times are set and compared in it.
        package internal(set) var counted = WallTime(milliseconds: 0)
        /// The expected offset of the wall clock from it: the sum of all jumps that were not elapsed time.
        package internal(set) var offset: Int64 = 0
        /// The last deviation of the wall clock from where it is expected.
        var lead: Int64 = 0
        /// The part of the deviation that arose while no process ran.
        var gaps: Int64 = 0
        var departure: Departure?
    }

    /// An observation for the diagnostic log.
    package enum Observation: Equatable {
        /// The wall clock is this many milliseconds from where it was expected, at a start or after a sleep.
        case foundDeviating(Int64)
        /// It jumped while the process ran.
        case jumped(Int64)
        /// A jump has lasted and is now believed.
        case jumpAccepted(Int64)
    }

    /// The wall clock as it was last read, for what is shown and sent.
    package private(set) var wall = WallTime(milliseconds: 0)
    /// The state to store.
    package private(set) var state = State()
    /// Whether an earlier start has counted already.
    package let isContinued: Bool
    /// The times at which an archive without this clock was written to. The present is no earlier than the latest valid
    /// one.
    private let readings: [UInt64]
    /// The time up to which everything is counted; nil before the first input.
    private var readAt: Instant?
    private var keptAt: Instant?

    /// The counted time.
    package var counted: WallTime { state.counted }

    /// The time that the wall clock is expected to show.
    package var expected: WallTime { shifted(state.counted, by: state.offset) }

    /// A lower bound of the present, for what cannot be undone: by the wall clock, by its expected time, and by a clock
    /// that seems to have been put back permanently.
    package var lowerBound: WallTime { shifted(expected, by: min(state.lead, state.departure?.lead ?? 0, 0)) }

    // Reading.

    /// Advances the clock by a reading of both clocks.
    /// - Returns: Observations for the log.
    package mutating func read(_ wall: WallTime, at now: Instant) -> [Observation] {
        self.wall = WallTime(milliseconds: min(wall.milliseconds, Limits.wallTime))
        guard let readAt else {
            self.readAt = now
            if !isContinued { state.counted = firstTime }
            return resume(isStart: true)
        }
        let passed = UInt64(clamping: (now - readAt).wholeNanoseconds / 1_000_000)
        self.readAt = readAt + .milliseconds(Int64(clamping: passed))
        let ran = min(passed, Self.stepMilliseconds)
        count(ran)
        guard passed <= Self.stepMilliseconds else { return resume(isStart: false) }
        let jump = updateDeviation()
        var observations: [Observation] = jump.magnitude > Self.toleranceMilliseconds ? [.jumped(jump)] : []
        if let step = trackJump(ran) { observations.append(.jumpAccepted(step)) }
        return observations
    }

    /// The time at the first start with this clock: the archive was last written to by then, and the rest may be a
    /// jump.
    private var firstTime: WallTime {
        WallTime(milliseconds: readings.filter { $0 <= wall.milliseconds }.max() ?? wall.milliseconds)
    }

    private mutating func resume(isStart: Bool) -> [Observation] {
        let gap = updateDeviation()
        if gap > 0, gap.magnitude <= Self.gapMilliseconds {
            count(gap.magnitude)
            _ = updateDeviation()
        } else {
            state.gaps += gap
        }
        let isWorthLogging = isStart || gap.magnitude > Self.dayMilliseconds
        return isWorthLogging && state.lead.magnitude > Self.dayMilliseconds ? [.foundDeviating(state.lead)] : []
    }

    private mutating func count(_ milliseconds: UInt64) {
        state.counted = shifted(state.counted, by: Int64(clamping: milliseconds))
    }

    /// Updates the deviation.
    /// - Returns: By how much it has changed.
    private mutating func updateDeviation() -> Int64 {
        let former = state.lead
        state.lead = Int64(clamping: wall.milliseconds) - Int64(clamping: expected.milliseconds)
        return state.lead - former
    }

    /// Adds `ran` milliseconds to the time that the current jump has lasted, or begins or ends one.
    /// - Returns: The jump, if one has lasted long enough.
    private mutating func trackJump(_ ran: UInt64) -> Int64? {
        let isApart = state.lead.magnitude > Self.toleranceMilliseconds
        guard var departure = state.departure else {
            if isApart { state.departure = Departure(lead: state.lead) } else { state.gaps = 0 }
            return nil
        }
        let isAhead = departure.lead > 0
        let lasts =
            isAhead
            ? state.lead + Int64(Self.toleranceMilliseconds) >= departure.lead : state.lead < 0 && isApart
        guard lasts else {
            departure.lasted -= min(departure.lasted, ran)
            state.departure = departure.lasted > 0 ? departure : nil
            return nil
        }
        departure.lasted += ran
        // A clock that is behind came nearer while the machine was off.
        if !isAhead { departure.lead = max(departure.lead, state.lead) }
        state.departure = departure
        guard departure.lasted >= Self.requiredRunningTime(departure.lead.magnitude) else { return nil }
        acceptJump(departure.lead)
        return departure.lead
    }

    private mutating func acceptJump(_ lead: Int64) {
        // If a clock was found behind at a start and has been corrected since, it shows how long the machine was off.
        let passed = lead > 0 && state.gaps != 0 ? (state.gaps > 0 ? min(state.gaps, lead) : lead) : 0
        count(UInt64(passed))
        state.offset += lead - passed
        state.gaps = max(0, state.gaps - passed)
        state.departure = nil
        _ = updateDeviation()
    }

    /// Returns the time in milliseconds that processes have to run with a jump until it is believed.
    static func requiredRunningTime(_ jump: UInt64) -> UInt64 {
        min(max(dayMilliseconds, jump / 16), 7 * dayMilliseconds)
    }

    private func shifted(_ time: WallTime, by milliseconds: Int64) -> WallTime {
        let shifted = Int64(clamping: time.milliseconds) + milliseconds
        return WallTime(milliseconds: min(UInt64(clamping: shifted), Limits.wallTime))
    }

    // Times.

    /// Converts a counted time to the time that a person's clock shows.
    package func shown(_ time: WallTime) -> WallTime {
        shifted(wall, by: Int64(clamping: time.milliseconds) - Int64(clamping: counted.milliseconds))
    }

    /// Returns the counted time that many seconds from now.
    package func counted(after seconds: UInt64) -> WallTime {
        WallTime(milliseconds: counted.milliseconds &+ min(seconds, Limits.banSeconds) &* 1_000)
    }

    // As a setting.

    package static let setting = "clock"

    /// Continues where an earlier start ended.
    /// - Parameter gatheringTimes: The times at which this peer was last in the gatherings that it knows, in
    ///   milliseconds.
    package init(keptIn archive: any Archive, gatheringTimes: [UInt64] = []) throws(ArchiveError) {
        if let kept = try archive.setting(Self.setting), let state = try? State(decoding: kept) {
            isContinued = true
            readings = []
            self.state = state
            return
        }
        isContinued = false
        readings = try gatheringTimes + Self.readings(in: archive)
    }

    /// Returns the times at which an archive was written to, by the clocks of its own earlier starts and of the authors
    /// of its entries.
    private static func readings(in archive: any Archive) throws(ArchiveError) -> [UInt64] {
        var readings = try archive.knownPeers().map(\.lastSeen.milliseconds)
        for log in try archive.logs() {
            for kept in try archive.entries(of: log, before: nil, limit: 1) {
                if let signed = try? SignedEntry(trusted: kept.bytes) { readings.append(signed.entry.wallTime) }
            }
        }
        return readings
    }

    /// Returns the state to store, if that is due. A crash loses ``Bounds/retentionInterval`` of it at most.
    package mutating func takeSetting(at now: Instant, isUrgent: Bool = false) -> [UInt8]? {
        guard isUrgent || keptAt.map({ now >= $0 + Bounds.retentionInterval }) ?? true else { return nil }
        keptAt = now
        return state.encoded()
    }
}

extension AgeClock.State {
    package init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        let count = try reader.array()
        guard count == 6 else { throw .unexpectedCount(expected: 6, found: count, offset: 0) }
        counted = WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime))
        offset = Self.bounded(try reader.integer())
        lead = Self.bounded(try reader.integer())
        gaps = Self.bounded(try reader.integer())
        guard !reader.takeNull() else { return }
        let departed = Self.bounded(try reader.integer())
        departure = .init(lead: departed, lasted: min(try reader.unsigned(), AgeClock.requiredRunningTime(.max)))
    }

    /// Limits a stored value to a range that cannot overflow.
    private static func bounded(_ milliseconds: Int64) -> Int64 {
        min(max(milliseconds, -Int64(Limits.wallTime)), Int64(Limits.wallTime))
    }

    package func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: 6)
        writer.unsigned(counted.milliseconds)
        writer.integer(offset)
        writer.integer(lead)
        writer.integer(gaps)
        if let departure { writer.integer(departure.lead) } else { writer.null() }
        writer.unsigned(departure?.lasted ?? 0)
        return writer.bytes
    }
}

extension AgeClock.Observation {
    /// The line for the diagnostic log.
    package var note: Note {
        switch self {
        case .foundDeviating(let lead):
            let isLong = lead.magnitude >= 30 * AgeClock.dayMilliseconds
            let way = lead < 0 ? "earlier" : "later"
            return Note(
                isLong || lead < 0 ? .warning : .info,
                "the clock is \(Self.text(lead)) \(way) than when this last ran: \(Self.consequence(lead))")
        case .jumped(let jump):
            let way = jump < 0 ? "back" : "forward"
            return Note(.warning, "the clock has jumped \(way) by \(Self.text(jump)): \(Self.consequence(jump))")
        case .jumpAccepted(let step):
            return Note(.info, "the clock's jump by \(Self.text(step)) has lasted: it is believed from now on")
        }
    }

    private static func consequence(_ jump: Int64) -> String {
        "nothing ages by that, and no ban or mute ends, until it has lasted for "
            + "\(text(Int64(clamping: AgeClock.requiredRunningTime(jump.magnitude)))) of running"
    }

    private static func text(_ milliseconds: Int64) -> String {
        let minutes = milliseconds.magnitude / 60_000
        switch minutes {
        case 2_880...: return "\((minutes + 720) / 1_440) days"
        case 120...: return "\((minutes + 30) / 60) hours"
        default: return "\(minutes) minutes"
        }
    }
}
