public import CoreModel

/// A message as one JSON line, in the form of an event, without its newline.
public enum MessageLine {
    public static func bytes(_ message: Event.Message) -> [UInt8] {
        EventWriter.line(.message(message), ref: nil, version: "")
    }
}
