import CoreModel
import Host
import Options
import PeerCore
import Scripting
import Terminal
import Wording

/// Writes the log of a relay to standard error, one line per event. Lines that cannot be written immediately are
/// dropped and counted: members do not wait for the log.
final class RelayLogger {
    /// Changes when the settings are reloaded.
    var options: RelayOptions.Log
    private var droppedCount = 0
    /// The reason that the last line was dropped, unless its reader did not read.
    private var failure: String?
    /// Whether lines were lost that a reader could have received.
    private(set) var hasFailed = false

    init(_ options: RelayOptions.Log) { self.options = options }

    func write(_ note: Note) {
        guard note.level >= options.level else { return }
        if droppedCount > 0 {
            let reason = failure ?? "nobody read them"
            let lost = Note(.warning, "\(droppedCount) lines of the log were dropped: \(reason)")
            guard isWritten(lost) else { return }
            droppedCount = 0
            failure = nil
        }
        _ = isWritten(note)
    }

    private func isWritten(_ note: Note) -> Bool {
        switch ProcessEnvironment.printErrorWithoutBlocking(line(note)) {
        case .written: return true
        case .notTaken: break
        case .failed(let reason):
            failure = reason
            hasFailed = true
        }
        droppedCount += 1
        return false
    }

    private func line(_ note: Note) -> String {
        let now = Clock.wall()
        switch options.format {
        case .json: return LogLine.json(note, at: now)
        // Names and reasons come from other people: a line break in them must not start a line of the log.
        case .text: return LogLine.text(Note(note.level, SafeText.line(note.text)), at: now)
        }
    }
}
