import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel

/// The time by which ages are counted.
@Suite struct AgeClockTests {
    private static let day: UInt64 = 86_400_000
    private static let start: UInt64 = 1_800_000_000_000

    /// A machine with a wall clock, and the state that its processes store.
    private struct Machine {
        let archive = MemoryArchive()
        var clock: AgeClock
        var wall = AgeClockTests.start
        var now = Instant(nanoseconds: 5)
        var observations: [AgeClock.Observation] = []

        init(archive: MemoryArchive = MemoryArchive(), wall: UInt64 = AgeClockTests.start) throws {
            self.wall = wall
            clock = try AgeClock(keptIn: archive)
            read()
        }

        mutating func read() { observations += clock.read(WallTime(milliseconds: wall), at: now) }

        /// A process runs, and reads the clock every ten minutes.
        mutating func run(days: Double) {
            for _ in 0..<Int(days * 144) {
                now = now + .seconds(600)
                wall += 600_000
                read()
            }
        }

        mutating func run(minutes: Int64) {
            now = now + .seconds(60 * minutes)
            wall += UInt64(minutes) * 60_000
            read()
        }

        /// The process ends, and starts again after the machine was off for this long.
        mutating func restart(after days: Double, isKilled: Bool = false) throws {
            if !isKilled { try archive.setSetting(AgeClock.setting, to: clock.takeSetting(at: now, isUrgent: true)) }
            wall += UInt64(days * Double(AgeClockTests.day))
            // After another boot the monotonic clock starts again.
            now = Instant(nanoseconds: 1_000)
            clock = try AgeClock(keptIn: archive)
            read()
        }

        /// The counted time in days since the start.
        var counted: Double { (Double(clock.counted.milliseconds) - Double(AgeClockTests.start)) / 86_400_000 }
        var lowerBound: Double { (Double(clock.lowerBound.milliseconds) - Double(AgeClockTests.start)) / 86_400_000 }
    }

    @Test("a running process counts real time, and restarts, short pauses and small clock errors change nothing")
    func steady() throws {
        var machine = try Machine()
        machine.run(days: 2)
        machine.wall += 7_000
        try machine.restart(after: 0.03)
        machine.run(days: 1)
        #expect(abs(machine.counted - 3.03) < 0.001)
        #expect(machine.clock.state.departure == nil && machine.observations.isEmpty)
    }

    @Test("a clock 200 days ahead ages nothing for a week of running, whatever the number of starts, and is logged")
    func ahead() throws {
        var machine = try Machine()
        machine.run(days: 1)
        machine.wall += 200 * Self.day
        machine.run(minutes: 1)
        #expect(machine.observations == [.jumped(Int64(200 * Self.day))])
        for _ in 0..<50 {
            try machine.restart(after: 0.001)
            machine.run(minutes: 10)
        }
        #expect(machine.counted < 1.5)
        // The clock is corrected.
        machine.wall -= 200 * Self.day
        machine.run(days: 5)
        #expect(machine.counted < 6.5 && machine.clock.state.departure == nil)
    }

    @Test("starts that are each further ahead than the one before age nothing either")
    func ratchet() throws {
        var machine = try Machine()
        for _ in 0..<100 {
            try machine.restart(after: 2)
            machine.run(minutes: 10)
        }
        #expect(machine.counted < 1)
    }

    @Test("three months off are believed after a week of running in total, over any number of starts")
    func absence() throws {
        var machine = try Machine()
        machine.run(days: 1)
        try machine.restart(after: 90)
        #expect(machine.observations == [.foundDeviating(Int64(90 * Self.day))])
        for _ in 0..<10 {
            machine.run(days: 0.5)
            try machine.restart(after: 0.001)
        }
        #expect(machine.counted < 7)
        machine.run(days: 1)
        #expect(machine.counted > 96.9 && machine.counted < 97.5)
    }

    @Test("a machine that runs eight hours a day counts a few days too few, and the error does not grow")
    func everyDay() throws {
        var machine = try Machine()
        for day in 1...200 {
            machine.run(days: 1 / 3.0)
            #expect(machine.counted <= Double(day))
            try machine.restart(after: 2 / 3.0)
        }
        #expect(machine.counted > 190)
    }

    @Test("a clock that goes back does not reduce the counted time, but lowers the certain time immediately")
    func back() throws {
        var machine = try Machine()
        machine.run(days: 1)
        machine.wall -= 300 * Self.day
        machine.run(minutes: 10)
        #expect(machine.counted > 1 && machine.lowerBound < -298)
        machine.wall += 300 * Self.day
        machine.run(days: 0.5)
        #expect(machine.counted > 1.5 && machine.lowerBound > 1.5)
    }

    @Test("a machine whose clock is in 1970 at each start until it has asked a server still counts")
    func withoutBattery() throws {
        var machine = try Machine()
        for _ in 0..<40 {
            let right = machine.wall
            machine.wall = 60_000
            try machine.restart(after: 0)
            machine.run(minutes: 1)
            machine.wall = right + Self.day / 2
            machine.run(days: 0.5)
        }
        #expect(machine.counted > 30 && machine.counted < 40)
    }

    @Test("a first start with a clock ahead is corrected eventually, and the certain time is right until then")
    func firstStart() throws {
        var machine = try Machine(wall: Self.start + 200 * Self.day)
        machine.run(minutes: 10)
        machine.wall -= 200 * Self.day
        machine.run(days: 1)
        #expect(machine.counted > 200 && machine.lowerBound < 1.1 && machine.lowerBound > 0.9)
        // Ahead again.
        machine.wall += 200 * Self.day
        machine.run(minutes: 10)
        #expect(machine.lowerBound < 1.1)
        machine.wall -= 200 * Self.day
        machine.run(days: 8)
        // The counted time advanced by the elapsed time, though the wall clock was changed.
        #expect(machine.counted > 209 && machine.counted < 209.5)
        #expect(machine.lowerBound > 8.9 && machine.lowerBound < 9.5 && machine.clock.expected == machine.clock.wall)
    }

    @Test("a first start in 1970 that is corrected while the process runs ages nothing")
    func firstStartBehind() throws {
        var machine = try Machine(wall: 60_000)
        machine.run(days: 0.1)
        let counted = machine.counted
        machine.wall = Self.start
        machine.run(days: 2)
        try machine.restart(after: 0.3)
        machine.run(days: 10)
        #expect(machine.counted - counted > 12 && machine.counted - counted < 12.5)
        #expect(machine.lowerBound > 12)
    }

    @Test("an archive without this clock continues from its last write, or from a wall clock that is behind it")
    func update() throws {
        let archive = MemoryArchive()
        let known = KnownPeer(
            id: Example.authors[1].peerID, name: "bea", firstSeen: WallTime(milliseconds: 1),
            lastSeen: WallTime(milliseconds: Self.start), isBlocked: false)
        try archive.remember(known)
        #expect(try Machine(archive: archive, wall: Self.start + 200 * Self.day).counted == 0)
        #expect(try Machine(archive: archive, wall: Self.start - Self.day).counted == -1)
        #expect(try Machine(wall: Self.start + 200 * Self.day).counted == 200)
    }

    @Test("a laptop that sleeps for a month with the process running counts as off for a month")
    func sleep() throws {
        var machine = try Machine()
        machine.run(minutes: 60 * 24 * 30)
        #expect(machine.counted < 0.1)
        machine.run(days: 3)
        #expect(machine.counted > 32.9)
    }

    @Test("the stored state is read back unchanged, and a malformed one is ignored")
    func kept() throws {
        var machine = try Machine()
        machine.wall += 3 * Self.day
        machine.run(days: 0.1)
        let taken = machine.clock.takeSetting(at: machine.now)
        let setting = try #require(taken)
        let takenAgain = machine.clock.takeSetting(at: machine.now)
        #expect(takenAgain == nil)
        try machine.archive.setSetting(AgeClock.setting, to: setting)
        let again = try AgeClock(keptIn: machine.archive)
        #expect(again.isContinued && again.counted == machine.clock.counted)
        #expect(again.state.departure == machine.clock.state.departure && again.state.departure != nil)
        for end in setting.indices {
            try machine.archive.setSetting(AgeClock.setting, to: Array(setting[..<end]))
            #expect(try !AgeClock(keptIn: machine.archive).isContinued)
        }
    }
}
