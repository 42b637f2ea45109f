import CoreModel
import Testing
import Wording

@testable import Scripting

@Suite("Log lines")
struct LogLineTests {
    private static let noon = WallTime(milliseconds: 1_795_262_400_123)

    @Test("a line has a time, a level and a text")
    func text() {
        #expect(LogLine.text(Note(.warning, "ana came"), at: Self.noon) == "2026-11-21T12:00:00.123Z warning ana came")
    }

    @Test("in JSON nothing in the text can end the line")
    func json() {
        #expect(
            LogLine.json(Note(.info, "kick \"bob\"\n\u{1B}[2J"), at: Self.noon)
                == #"{"time":"2026-11-21T12:00:00.123Z","level":"info","text":"kick \"bob\"\n\u001b[2J"}"#)
    }
}
