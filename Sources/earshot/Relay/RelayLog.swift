import CoreModel
import Host
import Options
import PeerCore
import Scripting
import Terminal
import Wording

/// Writes what a relay has to say to standard error, one line an event. Lines that cannot be written at once are
/// dropped and counted: the members do not wait for the log.
final class RelayLog {
    /// Change with the settings.
    var options: RelayOptions.Log
    private var droppedCount = 0
    /// Why the last of them was dropped, if not because its reader did not read.
    private var failure: String?
    /// Lines were lost that a reader, had there been one, would have seen.
    private(set) var hasFailed = false

    init(_ options: RelayOptions.Log) { self.options = options }

    func write(_ note: Note) {
        guard note.level >= options.level else { return }
        if droppedCount > 0 {
            let reason = failure ?? "nobody took them"
            let lost = Note(.warning, "\(droppedCount) lines of the log were dropped: \(reason)")
            guard isWritten(lost) else { return }
            droppedCount = 0
            failure = nil
        }
        _ = isWritten(note)
    }

    private func isWritten(_ note: Note) -> Bool {
        switch Surroundings.complainPromptly(line(note)) {
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
        // Names and reasons are others' words: they cannot make a line of their own.
        case .text: return LogLine.text(Note(note.level, SafeText.line(note.text)), at: now)
        }
    }
}
