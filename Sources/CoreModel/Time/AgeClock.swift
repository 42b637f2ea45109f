import Secure
package import Wire

/// The clock by which age is counted: what is dropped for its age is gone for good, and a wall clock may be wrong for
/// ten minutes or a week.
///
/// It goes on by the time that processes have really run, kept from one start to the next, and does not follow a jump of
/// the wall clock, forward or back, until that has lasted: until processes have run with it for a sixteenth of the jump,
/// at least a day and at most a week. So a clock that is 200 days ahead for an afternoon ages nothing, and a machine
/// that was off for three months ages what it has when it has run for a week. Time in which the wall clock has come back
/// takes away from how long the jump has lasted.
///
/// A jump that has lasted is time that has passed only as far as it came between two starts, or in a sleep. The rest is
/// a clock that was put right: it changes which times others are believed to have written at, and no age.
///
/// A machine that runs eight hours a day thereby counts some days fewer than have passed, never more.
package struct AgeClock {
    /// How far the wall clock may be off before it counts as a jump. NTP slews, and steps by less.
    package static let toleranceMilliseconds: UInt64 = 300_000
    /// Up to so much is believed of the time between two starts, or of a sleep: a restart, a reboot, a crash that took
    /// what was not yet kept.
    static let gapMilliseconds: UInt64 = 3_600_000
    /// Between two inputs of a process that runs there is never as long (``Bounds/retentionInterval``): it slept.
    static let stepMilliseconds: UInt64 = 1_200_000
    package static let dayMilliseconds: UInt64 = 86_400_000

    /// The wall clock has left where it is expected.
    struct Departure: Equatable {
        /// By how many milliseconds at least while the jump lasts; negative: back.
        var lead: Int64
        /// How long processes have run with it, less the time without it.
        var lasted: UInt64 = 0
    }

    /// What is kept.
    package struct State: Equatable {
        /// The time as it is counted; never goes back. Ends of what lasts are set and compared in it.
        package var counted = WallTime(milliseconds: 0)
        /// How far from it the wall clock is expected, by all jumps that were not time.
        package var offset: Int64 = 0
        /// By how much the wall clock was ahead of where it is expected.
        var lead: Int64 = 0
        /// How much of that came while no process ran.
        var gaps: Int64 = 0
        var departure: Departure?
    }

    /// What the log says.
    package enum Observation: Equatable {
        /// The wall clock is so many milliseconds from where it was expected, at a start or after a sleep.
        case foundApart(Int64)
        /// It has jumped while the process ran.
        case jumped(Int64)
        /// The jump has lasted.
        case believed(Int64)
    }

    /// The wall clock as it was last read: for what is shown and said.
    package private(set) var wall = WallTime(milliseconds: 0)
    package private(set) var state = State()
    /// Whether an earlier start has counted already.
    package let isContinued: Bool
    /// What an archive without this clock knows of the time: it was then at the latest.
    private let readings: [UInt64]
    /// Up to when all has been counted; nil before the first input.
    private var readAt: Instant?
    private var keptAt: Instant?

    package var counted: WallTime { state.counted }

    /// Where the wall clock is expected.
    package var expected: WallTime { shifted(state.counted, by: state.offset) }

    /// For what cannot be undone: it is at least this late by the wall clock, by what is expected of it, and by one that
    /// seems to have been put back for good.
    package var certain: WallTime { shifted(expected, by: min(state.lead, state.departure?.lead ?? 0, 0)) }

    // Reading.

    /// Takes in what the clocks say.
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
        let jump = takeLead()
        var observations: [Observation] = jump.magnitude > Self.toleranceMilliseconds ? [.jumped(jump)] : []
        if let step = weigh(ran) { observations.append(.believed(step)) }
        return observations
    }

    /// The first start with this clock: an archive that has something was written to by then, and the rest may be a
    /// jump.
    private var firstTime: WallTime {
        WallTime(milliseconds: readings.filter { $0 <= wall.milliseconds }.max() ?? wall.milliseconds)
    }

    private mutating func resume(isStart: Bool) -> [Observation] {
        let gap = takeLead()
        if gap > 0, gap.magnitude <= Self.gapMilliseconds {
            count(gap.magnitude)
            _ = takeLead()
        } else {
            state.gaps += gap
        }
        let isWorthTelling = isStart || gap.magnitude > Self.dayMilliseconds
        return isWorthTelling && state.lead.magnitude > Self.dayMilliseconds ? [.foundApart(state.lead)] : []
    }

    private mutating func count(_ milliseconds: UInt64) {
        state.counted = shifted(state.counted, by: Int64(clamping: milliseconds))
    }

    /// - Returns: by how much it has changed.
    private mutating func takeLead() -> Int64 {
        let former = state.lead
        state.lead = Int64(clamping: wall.milliseconds) - Int64(clamping: expected.milliseconds)
        return state.lead - former
    }

    /// - Returns: the jump, if there is one that has lasted.
    private mutating func weigh(_ ran: UInt64) -> Int64? {
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
        // While the machine was off a clock that is behind has come nearer.
        if !isAhead { departure.lead = max(departure.lead, state.lead) }
        state.departure = departure
        guard departure.lasted >= Self.lasting(departure.lead.magnitude) else { return nil }
        believe(departure.lead)
        return departure.lead
    }

    private mutating func believe(_ lead: Int64) {
        // A clock that was found behind at a start and has been put right since says how long the machine was off.
        let passed = lead > 0 && state.gaps != 0 ? (state.gaps > 0 ? min(state.gaps, lead) : lead) : 0
        count(UInt64(passed))
        state.offset += lead - passed
        state.gaps = max(0, state.gaps - passed)
        state.departure = nil
        _ = takeLead()
    }

    /// How long processes have to run with a jump.
    package static func lasting(_ jump: UInt64) -> UInt64 { min(max(dayMilliseconds, jump / 16), 7 * dayMilliseconds) }

    private func shifted(_ time: WallTime, by milliseconds: Int64) -> WallTime {
        let shifted = Int64(clamping: time.milliseconds) + milliseconds
        return WallTime(milliseconds: min(UInt64(clamping: shifted), Limits.wallTime))
    }

    // Times.

    /// A time of the counted clock as a person's clock shows it.
    package func shown(_ time: WallTime) -> WallTime {
        shifted(wall, by: Int64(clamping: time.milliseconds) - Int64(clamping: counted.milliseconds))
    }

    package func counted(after seconds: UInt64) -> WallTime {
        WallTime(milliseconds: counted.milliseconds &+ min(seconds, Limits.banSeconds) &* 1_000)
    }

    // As a setting.

    package static let setting = "clock"

    /// Goes on counting where an earlier start ended.
    /// - Parameter gatheringTimes: when this peer was last in the gatherings that it knows, in milliseconds.
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

    /// When an archive was written to, by the clocks of its own earlier starts and of those that wrote to it.
    private static func readings(in archive: any Archive) throws(ArchiveError) -> [UInt64] {
        var readings = try archive.knownPeers().map(\.lastSeen.milliseconds)
        for log in try archive.logs() {
            for kept in try archive.entries(of: log, before: nil, limit: 1) {
                if let signed = try? SignedEntry(trusted: kept.bytes) { readings.append(signed.entry.wallTime) }
            }
        }
        return readings
    }

    /// What is to be kept, if that is due: what a crash takes of it is ``Bounds/retentionInterval`` at most.
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
        departure = .init(lead: departed, lasted: min(try reader.unsigned(), AgeClock.lasting(.max)))
    }

    /// Far from what could overflow.
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
    /// For the log.
    package var note: Note {
        switch self {
        case .foundApart(let lead):
            let isLong = lead.magnitude >= 30 * AgeClock.dayMilliseconds
            let way = lead < 0 ? "earlier" : "later"
            return Note(
                isLong || lead < 0 ? .warning : .info,
                "the clock is \(Self.text(lead)) \(way) than when this last ran: \(Self.consequence(lead))")
        case .jumped(let jump):
            let way = jump < 0 ? "back" : "forward"
            return Note(.warning, "the clock has jumped \(way) by \(Self.text(jump)): \(Self.consequence(jump))")
        case .believed(let step):
            return Note(.info, "the clock's jump by \(Self.text(step)) has lasted: it is believed from now on")
        }
    }

    private static func consequence(_ jump: Int64) -> String {
        "nothing ages by that, and no ban or mute ends, until it has lasted for "
            + "\(text(Int64(clamping: AgeClock.lasting(jump.magnitude)))) of running"
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
