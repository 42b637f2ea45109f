/// The commands that can be typed, for `/help`, Tab and what is said about wrong arguments.
package struct CommandHelp {
    /// Without the slash.
    package var name: String
    package var aliases: [String] = []
    /// Arguments as they are shown.
    package var arguments: String = ""
    /// One line.
    package var meaning: String
    /// Further lines of `/help COMMAND`.
    package var details: [String] = []
    /// For moderators of a relay only: listed by `/help op`.
    package var isModeration = false

    package var usage: String { arguments.isEmpty ? "/\(name)" : "/\(name) \(arguments)" }

    static func find(_ word: String) -> CommandHelp? {
        let name = word.lowercased()
        return all.first { $0.name == name || $0.aliases.contains(name) }
    }

    /// In the order that a newcomer needs them.
    package static let all: [CommandHelp] = [
        CommandHelp(
            name: "help", aliases: ["h", "?"], arguments: "[COMMAND]", meaning: "this list, or more on one command"),
        CommandHelp(name: "who", aliases: ["names"], meaning: "who is within earshot"),
        CommandHelp(
            name: "msg", aliases: ["m", "w", "tell"], arguments: "NAME TEXT",
            meaning: "say something to one person only",
            details: [
                "It is kept, and sent when that person is back, if not here now.",
                "Where several have the name: NAME@RELAY, or NAME#ID as it is shown.",
            ]),
        CommandHelp(
            name: "me", arguments: "TEXT", meaning: "say what you do: /me waves",
            details: ["Shown to the others as: * YOU waves"]),
        CommandHelp(
            name: "room", aliases: ["r", "join"], arguments: "[ROOM]",
            meaning: "where what you type goes: lobby, @NAME",
            details: [
                "/room @bea     everything you type goes to bea only,",
                "               also if another takes the name later",
                "/room lobby    back to everyone on this network",
                "/room          says where you are",
            ]),
        CommandHelp(name: "all", arguments: "TEXT", meaning: "say it in every lobby"),
        CommandHelp(name: "nick", aliases: ["name"], arguments: "NAME", meaning: "be called something else"),
        CommandHelp(name: "history", arguments: "[N]", meaning: "the last N lines of this room (20)"),
        CommandHelp(name: "search", aliases: ["find"], arguments: "WORDS", meaning: "look for words in what was said"),
        CommandHelp(
            name: "forget", arguments: "ROOM", meaning: "drop what was said: lobby, @NAME",
            details: ["Only here: what others have is theirs."]),
        CommandHelp(name: "away", arguments: "[WORDS]", meaning: "tell the others that you are away"),
        CommandHelp(name: "back", meaning: "you are back"),
        CommandHelp(
            name: "block", aliases: ["ignore"], arguments: "[NAME]", meaning: "see nothing more of this person",
            details: ["/block alone tells who is blocked."]),
        CommandHelp(name: "unblock", aliases: ["unignore"], arguments: "NAME", meaning: "see this person again"),
        CommandHelp(
            name: "op", arguments: "PASSWORD", meaning: "become moderator of a relay (/help op)",
            details: ["/op RELAY PASSWORD  where there are several", "then:"]),
        CommandHelp(name: "kick", arguments: "NAME [REASON]", meaning: "put someone out", isModeration: true),
        CommandHelp(
            name: "ban", arguments: "NAME [TIME] [REASON]", meaning: "put someone out for good, or a time",
            details: [
                "/ban bob 12h be kind    for twelve hours; also 30m, 7d, 90s",
                "/ban spam*              whoever has such a name",
            ], isModeration: true),
        CommandHelp(name: "unban", arguments: "NAME", meaning: "let someone in again", isModeration: true),
        CommandHelp(name: "bans", meaning: "who is banned", isModeration: true),
        CommandHelp(
            name: "mute", arguments: "NAME [TIME] [REASON]", meaning: "take someone's word", isModeration: true),
        CommandHelp(name: "unmute", arguments: "NAME", meaning: "let someone speak again", isModeration: true),
        CommandHelp(name: "topic", arguments: "[TEXT]", meaning: "what the relay's lobby is about", isModeration: true),
        CommandHelp(name: "quit", aliases: ["q", "exit", "bye"], meaning: "leave; also Ctrl-D"),
    ]

    /// What `/help` shows.
    package static func text(about word: String?) -> [String] {
        if let word, !word.isEmpty {
            let name = word.hasPrefix("/") ? String(word.dropFirst()) : word
            guard let command = find(name) else { return ["no command /\(SafeText.line(name)) (try /help)"] }
            var lines = ["\(command.usage)  \(command.meaning)"]
            if !command.aliases.isEmpty {
                lines.append("  also: " + command.aliases.map { "/" + $0 }.joined(separator: " "))
            }
            lines += command.details.map { "  " + $0 }
            return command.name == "op" ? lines + table(all.filter(\.isModeration)) : lines
        }
        let slashes = CommandHelp(name: "/text", meaning: "say something that begins with /")
        return ["what you type is said to everyone here; a line with / in front is a command:"]
            + table(all.filter { !$0.isModeration } + [slashes])
    }

    private static func table(_ commands: [CommandHelp]) -> [String] {
        let width = commands.map(\.usage.count).max() ?? 0
        return commands.map { command in
            "  " + command.usage + String(repeating: " ", count: width - command.usage.count + 2) + command.meaning
        }
    }
}
