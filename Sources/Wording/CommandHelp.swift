/// A command that can be typed, for `/help`, Tab completion and the message about wrong arguments.
package struct CommandHelp {
    /// The name, without the slash.
    package var name: String
    package internal(set) var aliases: [String] = []
    /// The arguments as the help shows them.
    package var arguments: String = ""
    /// A one-line description.
    package internal(set) var meaning: String
    /// Further lines that `/help COMMAND` shows.
    package var details: [String] = []
    /// Whether the command is only for moderators of a relay; if so, `/help op` lists it.
    package internal(set) var isModeration = false

    package var usage: String { arguments.isEmpty ? "/\(name)" : "/\(name) \(arguments)" }

    static func find(_ word: String) -> CommandHelp? {
        let name = word.lowercased()
        return all.first { $0.name == name || $0.aliases.contains(name) }
    }

    /// All commands, roughly in the order in which a new user needs them.
    package static let all: [CommandHelp] = [
        CommandHelp(
            name: "help", aliases: ["h", "?"], arguments: "[COMMAND]", meaning: "show this list or help on a command"),
        CommandHelp(name: "who", aliases: ["names"], meaning: "list the people within earshot"),
        CommandHelp(
            name: "msg", aliases: ["m", "w", "tell"], arguments: "NAME TEXT",
            meaning: "say something to one person only",
            details: [
                "If that person is offline, your message is sent once they are back.",
                "If several people have the name, use NAME@RELAY, or NAME#ID as shown.",
            ]),
        CommandHelp(
            name: "me", arguments: "TEXT", meaning: "say what you do: /me waves",
            details: ["Shown to the others as: * YOU waves"]),
        CommandHelp(
            name: "room", aliases: ["r", "join"], arguments: "[ROOM]",
            meaning: "choose where your messages go: lobby, @NAME",
            details: [
                "/room @bea     everything you type goes to bea only,",
                "               even if somebody else takes the name later",
                "/room lobby    back to everyone on this network",
                "/room          shows where your messages go",
            ]),
        CommandHelp(name: "all", arguments: "TEXT", meaning: "say something in every lobby"),
        CommandHelp(name: "nick", aliases: ["name"], arguments: "NAME", meaning: "change your name"),
        CommandHelp(name: "history", arguments: "[N]", meaning: "show the last N lines of this room (default 20)"),
        CommandHelp(name: "search", aliases: ["find"], arguments: "WORDS", meaning: "search past messages"),
        CommandHelp(
            name: "forget", arguments: "ROOM", meaning: "delete a room's messages: lobby, @NAME",
            details: ["Deletes them on this machine only: others keep their copies."]),
        CommandHelp(name: "away", arguments: "[WORDS]", meaning: "tell the others that you are away"),
        CommandHelp(name: "back", meaning: "tell the others that you are back"),
        CommandHelp(
            name: "block", aliases: ["ignore"], arguments: "[NAME]", meaning: "hide what this person says",
            details: ["/block alone lists the people that you have blocked."]),
        CommandHelp(name: "unblock", aliases: ["unignore"], arguments: "NAME", meaning: "stop blocking this person"),
        CommandHelp(
            name: "op", arguments: "PASSWORD", meaning: "become a moderator of a relay (/help op)",
            details: ["/op RELAY PASSWORD  if you are on several relays", "As a moderator:"]),
        CommandHelp(name: "kick", arguments: "NAME [REASON]", meaning: "remove someone", isModeration: true),
        CommandHelp(
            name: "ban", arguments: "NAME [TIME] [REASON]", meaning: "ban someone, permanently or for a time",
            details: [
                "/ban bob 12h be kind    for twelve hours; also 30m, 7d, 90s",
                "/ban spam*              everyone whose name begins with spam",
            ], isModeration: true),
        CommandHelp(name: "unban", arguments: "NAME", meaning: "lift a ban", isModeration: true),
        CommandHelp(name: "bans", meaning: "list the bans", isModeration: true),
        CommandHelp(
            name: "mute", arguments: "NAME [TIME] [REASON]", meaning: "stop someone from speaking", isModeration: true),
        CommandHelp(name: "unmute", arguments: "NAME", meaning: "let someone speak again", isModeration: true),
        CommandHelp(name: "topic", arguments: "[TEXT]", meaning: "set the relay lobby's topic", isModeration: true),
        CommandHelp(name: "quit", aliases: ["q", "exit", "bye"], meaning: "leave; also Ctrl-D"),
    ]

    /// Returns the lines that `/help` shows, about one command or about all.
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
        return ["what you type goes to everyone here; a line that begins with / is a command:"]
            + table(all.filter { !$0.isModeration } + [slashes])
    }

    private static func table(_ commands: [CommandHelp]) -> [String] {
        let width = commands.map(\.usage.count).max() ?? 0
        return commands.map { command in
            "  " + command.usage + String(repeating: " ", count: width - command.usage.count + 2) + command.meaning
        }
    }
}
