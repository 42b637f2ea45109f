public import CoreModel
import JSON
import Wording

/// One line of a log, without its newline.
public enum LogLine {
    /// Returns `2026-11-21T07:12:00.000Z info text`. The text must already be harmless.
    public static func text(_ note: Note, at wall: WallTime) -> String {
        "\(Timestamp.text(wall)) \(name(of: note.level)) \(note.text)"
    }

    /// Returns an object with `time` (RFC 3339), `level` (`debug`, `info`, `warning`) and `text`.
    public static func json(_ note: Note, at wall: WallTime) -> String {
        let bytes = JSONWriter.object { writer in
            writer.add("time", Timestamp.text(wall))
            writer.add("level", name(of: note.level))
            writer.add("text", note.text)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func name(of level: Note.Level) -> String {
        switch level {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        }
    }
}
