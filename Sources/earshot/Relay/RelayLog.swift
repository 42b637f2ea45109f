import Chat
import Host
import Scripting
import Terminal

/// Writes what a relay has to say to standard error, one line an event.
final class RelayLog {
    /// Change with the settings.
    var options: RelayOptions.Log

    init(_ options: RelayOptions.Log) { self.options = options }

    func write(_ note: Note) {
        guard note.level >= options.level else { return }
        let now = Clock.wall()
        switch options.format {
        case .json: Surroundings.complain(LogLine.json(note, at: now))
        case .text:
            // Names and reasons are others' words: they cannot make a line of their own.
            let text = Note(note.level, SafeText.line(note.text))
            Surroundings.complain(LogLine.text(text, at: now))
        }
    }
}
