import Chat
import Host
import Options
import Scripting
import Terminal

/// Writes what a relay has to say to standard error, one line an event. Lines that nobody takes are dropped and
/// counted: the members do not wait for the log.
final class RelayLog {
    /// Change with the settings.
    var options: RelayOptions.Log
    private var droppedCount = 0

    init(_ options: RelayOptions.Log) { self.options = options }

    func write(_ note: Note) {
        guard note.level >= options.level else { return }
        if droppedCount > 0 {
            let lost = Note(.warning, "\(droppedCount) lines of the log were dropped: nobody took them")
            guard Surroundings.complainPromptly(line(lost)) else {
                droppedCount += 1
                return
            }
            droppedCount = 0
        }
        if !Surroundings.complainPromptly(line(note)) { droppedCount += 1 }
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
