import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing

@testable import Host

extension HostTests {
    @Suite("Terminal and clock")
    struct TerminalModeTests {
        private func isEditing(_ terminal: CInt) -> Bool {
            var mode = termios()
            return tcgetattr(terminal, &mode) == 0 && mode.c_lflag & tcflag_t(ICANON | ECHO) != 0
        }

        @Test("a terminal delivers single keys while the host exists, and is restored afterwards")
        func rawMode() throws {
            let controller = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            try #require(controller >= 0)
            // The ioctls of unlockpt and ptsname: TIOCSPTLCK, TIOCGPTN.
            var (lock, number): (CInt, CInt) = (0, 0)
            let unlocked = ioctl(controller, 0x4004_5431, &lock)
            let named = ioctl(controller, 0x8004_5430, &number)
            try #require(unlocked == 0 && named == 0)
            let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            try #require(terminal >= 0)
            defer {
                close(terminal)
                close(controller)
            }
            var size = winsize(ws_row: 24, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0)
            let resized = ioctl(controller, UInt(TIOCSWINSZ), &size)
            #expect(resized == 0)
            #expect(ProcessEnvironment.columns(of: terminal) == 77)
            #expect(isEditing(terminal))
            do {
                let host = try ToyHost {
                    $0.input = terminal
                    $0.output = terminal
                    $0.usesRawTerminal = true
                }
                #expect(!isEditing(terminal))
                // The shell's own file description must stay blocking.
                #expect(fcntl(terminal, F_GETFL) & O_NONBLOCK == 0)
                // No newline yet, and Ctrl-C is a key.
                _ = Glibc.write(controller, "a\u{3}b", 3)
                #expect(try turn(host) { host.frontEnd.lines == [0x61, 3, 0x62] })
            }
            #expect(isEditing(terminal))
        }

        @Test(
            "sleep of the machine and a stop of the process are detected, ordinary waits are not",
            arguments: [
                // Seconds by the clock that continues during sleep, by the other clock, and requested.
                (1, 1, 1, false), (3600, 3600, 3600, false), (10, 1, 10, true), (60, 60, 1, true), (3, 3, 0, false),
            ])
        func sleep(_ passed: Int, _ awake: Int, _ asked: Int, _ isSleep: Bool) {
            let start = Instant(nanoseconds: 1_000_000_000_000)
            var detector = SleepDetector(at: start, awake: start)
            let hasSlept = detector.hasSlept(
                at: start + .seconds(passed), awake: start + .seconds(awake), asked: .seconds(asked))
            #expect(hasSlept == isSleep)
            // Reported once.
            let again = detector.hasSlept(
                at: start + .seconds(passed), awake: start + .seconds(awake), asked: .seconds(asked))
            #expect(!again)
        }
    }
}
