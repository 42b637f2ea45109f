import CoreModel
import JSON
import Wire

/// Parses a line of input as a command.
enum CommandReader {
    /// The error for a line that is not a command.
    struct Refusal: Error, Equatable {
        var reason: String
        /// The reference in the line, if it could be read.
        var ref: JSONValue?
    }

    /// The maximum length of a reference, in bytes: references are kept until they are answered.
    static let maximumRefBytes = 256
    /// The maximum length of a field's name in an error.
    private static let maximumShownCharacters = 64
    private static let usualHistoryCount = 20
    private static let maximumHistoryCount = 10_000

    static func read(_ line: [UInt8]) throws(Refusal) -> (command: Command, ref: JSONValue?) {
        let value: JSONValue
        do {
            value = try JSONReader.read(line)
        } catch {
            throw Refusal(reason: "\(error.reason) (at byte \(error.offset))", ref: nil)
        }
        guard case .object = value else { throw Refusal(reason: "a command must be a JSON object", ref: nil) }
        let ref = try reference(of: value)
        do {
            return (try command(from: value), ref)
        } catch {
            throw Refusal(reason: error.reason, ref: ref)
        }
    }

    private struct Misuse: Error {
        var reason: String
    }

    private static func reference(of value: JSONValue) throws(Refusal) -> JSONValue? {
        guard let ref = value["ref"] else { return nil }
        switch ref {
        case .array, .object: throw Refusal(reason: "ref must be a string, a number, true, false or null", ref: nil)
        case .string(let text), .number(let text):
            guard text.utf8.count <= maximumRefBytes else {
                throw Refusal(reason: "ref is longer than \(maximumRefBytes) bytes", ref: nil)
            }
        case .null, .boolean: break
        }
        return ref
    }

    private static func command(from value: JSONValue) throws(Misuse) -> Command {
        let verb = try text("do", of: value)
        try refuseUnknownFields(of: value, in: verb)
        switch verb {
        case "say":
            let kind = try kind(of: value)
            return .say(text: try text("text", of: value), kind: kind, room: try room(of: value))
        case "tell":
            let kind = try kind(of: value)
            return .tell(to: try text("to", of: value), text: try text("text", of: value), kind: kind)
        case "who": return .who
        case "history": return .history(room: try room(of: value), limit: try limit(of: value))
        case "search": return .search(words: try text("words", of: value), limit: try limit(of: value))
        case "forget":
            guard let room = try room(of: value) else { throw Misuse(reason: "room is missing") }
            return .forget(room)
        case "nick": return .nick(try text("name", of: value))
        case "away": return .away(try optionalText("text", of: value) ?? "")
        case "back": return .away(nil)
        case "blocked": return .blocked
        case "block": return .block(try text("name", of: value))
        case "unblock": return .unblock(try text("name", of: value))
        case "op": return .op(password: try text("password", of: value))
        case "kick":
            return .kick(name: try text("name", of: value), reason: try optionalText("reason", of: value) ?? "")
        case "ban": return .ban(name: try text("name", of: value), reason: try optionalText("reason", of: value) ?? "")
        case "unban": return .unban(name: try text("name", of: value))
        case "bans": return .bans
        case "mute":
            return .mute(name: try text("name", of: value), reason: try optionalText("reason", of: value) ?? "")
        case "unmute": return .unmute(name: try text("name", of: value))
        case "topic": return .topic(try optionalText("text", of: value) ?? "")
        case "quit": return .quit(afterReceipts: false)
        default: throw Misuse(reason: "unknown command \(verb)")
        }
    }

    /// The fields of each command besides `do` and `ref`. Unknown fields are refused: one may be a misspelt field that
    /// says who is to read the message.
    private static let fields: [String: [String]] = [
        "say": ["text", "room", "kind"], "tell": ["to", "text", "kind"], "who": [], "history": ["room", "limit"],
        "search": ["words", "limit"], "forget": ["room"], "nick": ["name"], "away": ["text"], "back": [],
        "block": ["name"], "unblock": ["name"], "blocked": [], "op": ["password"], "kick": ["name", "reason"],
        "ban": ["name", "reason"], "unban": ["name"], "bans": [], "mute": ["name", "reason"], "unmute": ["name"],
        "topic": ["text"], "quit": [],
    ]

    private static func refuseUnknownFields(of value: JSONValue, in verb: String) throws(Misuse) {
        guard let known = fields[verb], case .object(let members) = value else { return }
        for name in members.map(\.name) where name != "do" && name != "ref" && !known.contains(name) {
            let instead = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
            throw Misuse(reason: "\(verb) has no field \(name.prefix(maximumShownCharacters)): \(instead)")
        }
    }

    private static func text(_ name: String, of value: JSONValue) throws(Misuse) -> String {
        guard let text = try optionalText(name, of: value) else { throw Misuse(reason: "\(name) is missing") }
        return text
    }

    /// Returns a string field; null counts as absent.
    private static func optionalText(_ name: String, of value: JSONValue) throws(Misuse) -> String? {
        switch value[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw Misuse(reason: "\(name) must be a string")
        }
    }

    private static func room(of value: JSONValue) throws(Misuse) -> RoomName? {
        guard let text = try optionalText("room", of: value) else { return nil }
        guard let room = RoomName(text) else {
            throw Misuse(reason: "room must be lobby, lobby@RELAY, @NAME or *, not \(text)")
        }
        return room
    }

    private static func kind(of value: JSONValue) throws(Misuse) -> Entry.Kind {
        switch try optionalText("kind", of: value) {
        case nil, "text": return .text
        case "action": return .action
        default: throw Misuse(reason: "kind must be text or action")
        }
    }

    private static func limit(of value: JSONValue) throws(Misuse) -> Int {
        switch value["limit"] {
        case nil, .null?: return usualHistoryCount
        case .number(let spelling)?:
            if let limit = Int(spelling), (1...maximumHistoryCount).contains(limit) { return limit }
        default: break
        }
        throw Misuse(reason: "limit must be a whole number from 1 to \(maximumHistoryCount)")
    }
}
