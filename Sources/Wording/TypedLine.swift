package import CoreModel
import Wire

/// The request that a typed line makes.
package enum TypedLine: Equatable {
    /// A blank line.
    case nothing
    case command(Command)
    /// Help about a command; nil for all commands.
    case help(String?)
    /// Typed text goes to this room from now on.
    case enter(RoomName)
    case showRoom
    /// The line is not understood, for this reason, worded for people.
    case misuse(String)

    private static let usualHistoryCount = 20
    private static let maximumHistoryCount = 10_000
    private static let searchCount = 50

    /// Parses a typed line.
    /// - Parameters:
    ///   - room: Where text goes; nil is the default room.
    ///   - names: The names of known people, for `/room NAME`.
    package static func read(_ line: String, room: RoomName?, names: [String]) -> TypedLine {
        let trimmed = trim(line)
        guard !trimmed.isEmpty else { return .nothing }
        guard trimmed.hasPrefix("/") else { return .command(say(line, kind: .text, in: room)) }
        if trimmed.hasPrefix("//") { return .command(say(String(trimmed.dropFirst()), kind: .text, in: room)) }
        let (word, rest) = split(trimmed.dropFirst())
        guard let help = CommandHelp.find(word) else {
            return .misuse("unknown command /\(word) (try /help)")
        }
        return read(help.name, rest, room: room, names: names) ?? .misuse("usage: \(help.usage)")
    }

    /// Returns the command that sends text to the room. In a private conversation it is a message to the partner.
    private static func say(_ text: String, kind: Entry.Kind, in room: RoomName?) -> Command {
        if case .conversation(let name) = room { return .tell(to: name, text: text, kind: kind) }
        return .say(text: text, kind: kind, room: room)
    }

    /// Parses the arguments of a command.
    /// - Returns: Nil if the arguments are wrong.
    private static func read(_ name: String, _ rest: String, room: RoomName?, names: [String]) -> TypedLine? {
        switch name {
        case "help": return .help(rest.isEmpty ? nil : rest)
        case "history":
            if rest.isEmpty { return .command(.history(room: room, limit: usualHistoryCount)) }
            guard let limit = Int(rest), (1...maximumHistoryCount).contains(limit) else { return nil }
            return .command(.history(room: room, limit: limit))
        case "room": return readRoom(rest, names: names)
        case "me": return rest.isEmpty ? nil : .command(say(rest, kind: .action, in: room))
        case "all": return rest.isEmpty ? nil : .command(.say(text: rest, kind: .text, room: .everyLobby))
        case "search": return rest.isEmpty ? nil : .command(.search(words: rest, limit: searchCount))
        case "away": return .command(.away(rest))
        case "block" where rest.isEmpty: return .command(.blocked)
        case "who": return rest.isEmpty ? .command(.who) : nil
        case "forget":
            guard case .enter(let meant) = readRoom(rest, names: names), !rest.isEmpty else { return nil }
            return .command(.forget(meant))
        case "back": return rest.isEmpty ? .command(.away(nil)) : nil
        case "bans": return rest.isEmpty ? .command(.bans) : nil
        case "topic": return .command(.topic(rest))
        case "quit": return .command(.quit(afterReceipts: false))
        default: return readNamed(name, rest).map(TypedLine.command)
        }
    }

    /// Parses the arguments of a command that is about a person.
    private static func readNamed(_ command: String, _ rest: String) -> Command? {
        var (name, words) = split(rest[...])
        if name.hasPrefix("@"), command != "op", command != "nick" { name.removeFirst() }
        guard !name.isEmpty else { return nil }
        switch command {
        case "msg": return words.isEmpty ? nil : .tell(to: name, text: words, kind: .text)
        case "kick": return .kick(name: name, reason: words)
        case "ban": return .ban(name: name, reason: words)
        case "mute": return .mute(name: name, reason: words)
        case "op": return .op(password: rest)
        default: break
        }
        guard words.isEmpty else { return nil }
        switch command {
        case "nick": return .nick(name)
        case "block": return .block(name)
        case "unblock": return .unblock(name)
        case "unban": return .unban(name: name)
        case "unmute": return .unmute(name: name)
        default: return nil
        }
    }

    private static func readRoom(_ text: String, names: [String]) -> TypedLine? {
        if text.isEmpty { return .showRoom }
        guard !text.contains(where: \.isWhitespace) else { return nil }
        if let room = RoomName(text) { return .enter(room) }
        if let name = names.first(where: { FoldedText.compared($0) == FoldedText.compared(text) }) {
            return .enter(.conversation(with: name))
        }
        return .misuse("no room \(text): try lobby, or @NAME to talk to one person only")
    }

    private static func trim(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }

    /// Splits a text into its first word and what follows it.
    private static func split(_ text: Substring) -> (word: String, rest: String) {
        let word = text.prefix { !$0.isWhitespace }
        return (String(word), trim(String(text[word.endIndex...])))
    }
}
