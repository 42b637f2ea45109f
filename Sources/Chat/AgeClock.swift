import Secure
import Wire

/// The clock by which age is counted: what is dropped for its age is gone for good, and a wall clock may be wrong for
/// ten minutes or a week.
///
/// It goes on by the time that processes have really run, kept from one start to the next, and does not follow a jump of
/// the wall clock, forward or back, until that has lasted: until processes have run with it for a sixteenth of the jump,
/// at least a day and at most a week. So a clock that is 200 days ahead for an afternoon ages nothing, and a machine
/// that was off for three months ages what it has when it has run for a week. Time in which the wall clock has come back
/// takes away from how long the jump has lasted.
///
/// A machine that runs eight hours a day thereby counts some days fewer than have passed, never more.
struct AgeClock {
    /// How far the wall clock may be off before it counts as a jump. NTP slews, and steps by less.
    static let toleranceMilliseconds: UInt64 = 300_000
    /// Up to so much is believed of the time between two starts, or of a sleep: a restart, a reboot, a crash that took
    /// what was not yet kept.
    static let gapMilliseconds: UInt64 = 3_600_000
    /// Between two inputs of a process that runs there is never as long (``Bounds/retentionInterval``): it slept.
    static let stepMilliseconds: UInt64 = 1_200_000
    static let dayMilliseconds: UInt64 = 86_400_000

    /// The wall clock has left the counted time.
    struct Departure: Equatable {
        /// What the wall clock says at least (at most, if it has gone back) while the jump lasts.
        var wall: UInt64
        /// How long processes have run with it, less the time without it.
        var lasted: UInt64 = 0
    }

    /// What the log says, and what follows from it.
    enum News: Equatable {
        /// The wall clock is so many milliseconds from what was counted, at a start or after a sleep.
        case foundApart(Int64)
        /// It has jumped while the process ran.
        case jumped(Int64)
        /// The jump has lasted: time is counted from there on.
        case believed(Int64)
    }

    /// The wall clock as it was last read: for what is shown and said.
    private(set) var wall = WallTime(milliseconds: 0)
    /// The time as it is counted. Ends of what lasts are set and compared in it.
    private(set) var counted = WallTime(milliseconds: 0)
    private(set) var departure: Departure?
    /// Whether an earlier start has counted already.
    let isContinued: Bool
    /// What an archive without this clock knows of the time: it was then at the latest.
    private let readings: [UInt64]
    /// Up to when all has been counted; nil before the first input.
    private var readAt: Instant?
    private var keptAt: Instant?

    /// For what cannot be undone: it is at least this late by both clocks, and by one that seems to have been put right.
    var certain: WallTime {
        min(counted, wall, departure.map { WallTime(milliseconds: $0.wall) } ?? counted)
    }

    // Reading.

    /// Takes in what the clocks say.
    mutating func read(_ wall: WallTime, at now: Instant) -> [News] {
        let former = self.wall.milliseconds
        self.wall = WallTime(milliseconds: min(wall.milliseconds, Limits.wallTime))
        guard let readAt else {
            self.readAt = now
            if !isContinued { counted = firstTime }
            return resume()
        }
        let passed = UInt64(clamping: (now - readAt).wholeNanoseconds / 1_000_000)
        self.readAt = readAt + .milliseconds(Int64(clamping: passed))
        let ran = min(passed, Self.stepMilliseconds)
        advance(by: ran)
        guard passed <= Self.stepMilliseconds else { return resume() }
        var news: [News] = []
        let jump = Self.difference(self.wall.milliseconds, former &+ ran)
        if jump.magnitude > Self.toleranceMilliseconds { news.append(.jumped(jump)) }
        if let step = weigh(ran) { news.append(.believed(step)) }
        return news
    }

    /// The first start with this clock: an archive that has something was written to by then, and the rest may be a
    /// jump.
    private var firstTime: WallTime {
        WallTime(milliseconds: readings.filter { $0 <= wall.milliseconds }.max() ?? wall.milliseconds)
    }

    private mutating func resume() -> [News] {
        let lead = Self.difference(wall.milliseconds, counted.milliseconds)
        if lead > 0, lead.magnitude <= Self.gapMilliseconds { counted = wall }
        return lead.magnitude > Self.dayMilliseconds ? [.foundApart(lead)] : []
    }

    private mutating func advance(by ran: UInt64) {
        counted.milliseconds = min(counted.milliseconds + ran, Limits.wallTime)
        if let held = departure { departure?.wall = min(held.wall + ran, Limits.wallTime) }
    }

    /// - Returns: by how much the counted time has changed, if a jump has lasted.
    private mutating func weigh(_ ran: UInt64) -> Int64? {
        let lead = Self.difference(wall.milliseconds, counted.milliseconds)
        guard var held = departure else {
            if lead.magnitude > Self.toleranceMilliseconds { departure = Departure(wall: wall.milliseconds) }
            return nil
        }
        let isAhead = held.wall > counted.milliseconds
        let lasts =
            isAhead
            ? wall.milliseconds + Self.toleranceMilliseconds >= held.wall
            : lead < 0 && lead.magnitude > Self.toleranceMilliseconds
        guard lasts else {
            held.lasted -= min(held.lasted, ran)
            departure = held.lasted > 0 ? held : nil
            return nil
        }
        held.lasted += ran
        // While the machine was off a clock that is behind has come nearer.
        if !isAhead { held.wall = max(held.wall, wall.milliseconds) }
        departure = held
        let step = Self.difference(held.wall, counted.milliseconds)
        guard held.lasted >= Self.lasting(step.magnitude) else { return nil }
        counted.milliseconds = held.wall
        departure = nil
        return step
    }

    /// How long processes have to run with a jump.
    static func lasting(_ jump: UInt64) -> UInt64 { min(max(dayMilliseconds, jump / 16), 7 * dayMilliseconds) }

    private static func difference(_ left: UInt64, _ right: UInt64) -> Int64 {
        Int64(clamping: left) - Int64(clamping: right)
    }

    // Times.

    /// A time of the counted clock as a person's clock shows it.
    func shown(_ time: WallTime) -> WallTime {
        let left = Self.difference(time.milliseconds, counted.milliseconds)
        let shown = Int64(clamping: wall.milliseconds) + left
        return WallTime(milliseconds: min(UInt64(clamping: shown), Limits.wallTime))
    }

    func counted(after seconds: UInt64) -> WallTime {
        WallTime(milliseconds: counted.milliseconds &+ min(seconds, Limits.banSeconds) &* 1_000)
    }

    // As a setting.

    static let setting = "clock"

    /// Goes on counting where an earlier start ended.
    init(keptIn archive: any Archive) throws(ArchiveError) {
        if let kept = try archive.setting(Self.setting), let (counted, departure) = try? Self.state(in: kept) {
            isContinued = true
            readings = []
            self.counted = counted
            self.departure = departure
            return
        }
        isContinued = false
        readings = try Self.readings(in: archive)
    }

    /// When an archive was written to, by the clocks of its own earlier starts and of those that wrote to it.
    private static func readings(in archive: any Archive) throws(ArchiveError) -> [UInt64] {
        var readings = try archive.knownPeers().map(\.lastSeen.milliseconds)
        let gatherings = KnownGatherings(decoding: try archive.setting(KnownGatherings.setting) ?? [])
        readings += gatherings.visits.map(\.last.milliseconds)
        for log in try archive.logs() {
            for kept in try archive.entries(of: log, before: nil, limit: 1) {
                if let signed = try? SignedEntry(trusted: kept.bytes) { readings.append(signed.entry.wallTime) }
            }
        }
        return readings
    }

    private static func state(in bytes: [UInt8]) throws(CBORError) -> (WallTime, Departure?) {
        var reader = CBORReader(bytes)
        let count = try reader.array()
        guard count == 3 else { throw .unexpectedCount(expected: 3, found: count, offset: 0) }
        let counted = WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime))
        guard !reader.takeNull() else { return (counted, nil) }
        let wall = min(try reader.unsigned(), Limits.wallTime)
        return (counted, Departure(wall: wall, lasted: min(try reader.unsigned(), lasting(.max))))
    }

    /// What is to be kept, if that is due: what a crash takes of it is ``Bounds/retentionInterval`` at most.
    mutating func takeSetting(at now: Instant, isUrgent: Bool = false) -> [UInt8]? {
        guard isUrgent || keptAt.map({ now >= $0 + Bounds.retentionInterval }) ?? true else { return nil }
        keptAt = now
        var writer = CBORWriter()
        writer.array(count: 3)
        writer.unsigned(counted.milliseconds)
        if let departure { writer.unsigned(departure.wall) } else { writer.null() }
        writer.unsigned(departure?.lasted ?? 0)
        return writer.bytes
    }
}

extension AgeClock.News {
    /// For the log.
    var note: Note {
        switch self {
        case .foundApart(let lead):
            let isLong = lead.magnitude >= 30 * AgeClock.dayMilliseconds
            let way = lead < 0 ? "before" : "after"
            return Note(
                isLong || lead < 0 ? .warning : .info,
                "the clock says a time \(Self.text(lead)) \(way) what has been counted: \(Self.consequence(lead))")
        case .jumped(let jump):
            let way = jump < 0 ? "back" : "forward"
            return Note(.warning, "the clock has jumped \(way) by \(Self.text(jump)): \(Self.consequence(jump))")
        case .believed(let step):
            return Note(.info, "the clock has been apart by \(Self.text(step)) for long: ages count by it from now on")
        }
    }

    private static func consequence(_ jump: Int64) -> String {
        "nothing ages by that, and no ban or mute ends, until it has lasted for "
            + "\(text(Int64(clamping: AgeClock.lasting(jump.magnitude)))) of running"
    }

    private static func text(_ milliseconds: Int64) -> String {
        let minutes = milliseconds.magnitude / 60_000
        switch minutes {
        case 2_880...: return "\(minutes / 1_440) days"
        case 120...: return "\(minutes / 60) hours"
        default: return "\(minutes) minutes"
        }
    }
}
