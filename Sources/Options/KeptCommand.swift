/// `earshot export [ROOM]`, `earshot backup FILE` and `earshot forget ROOM`: commands on the saved messages, without
/// chatting.
public struct KeptCommand: Equatable {
    public enum Action: String {
        /// Print the messages as JSON lines.
        case export
        /// Copy everything that is saved to a file.
        case backup
        /// Delete the messages.
        case forget
    }

    public var action: Action
    /// The room as typed; nil for every room.
    public var room: String?
    /// The file to which a backup is written.
    public var file: String?
    /// The name whose state to use; nil for the login name.
    public var name: String?
    public var stateDirectory: String?

    /// Parses the arguments after the subcommand.
    /// - Returns: Nil if the user asks for help.
    static func parse(_ action: Action, _ words: some Sequence<String>) throws(Arguments.Misuse) -> KeptCommand? {
        var reader = ArgumentReader(words)
        var options = ChatOptions()
        var command = KeptCommand(action: action)
        while let word = reader.next() {
            let name = String(word.prefix { $0 != "=" })
            let attached = name.count == word.count ? nil : String(word.dropFirst(name.count + 1))
            switch name {
            case "--help", "-h": return nil
            case "--name", "--state": try reader.readValue(of: name, attached: attached, into: &options)
            default:
                guard !word.hasPrefix("-"), command.room == nil, command.file == nil else {
                    throw Arguments.Misuse(text: "unexpected argument \(word) (try earshot \(action.rawValue) --help)")
                }
                if action == .backup { command.file = word } else { command.room = word }
            }
        }
        if action == .forget, command.room == nil {
            throw Arguments.Misuse(text: "forget needs a room: lobby, or the name of the person you wrote with")
        }
        if action == .backup, command.file == nil {
            throw Arguments.Misuse(text: "backup needs a FILE that does not exist yet (try earshot backup --help)")
        }
        command.name = options.name
        command.stateDirectory = options.stateDirectory
        return command
    }

    static let helpText = """
        usage: earshot export [ROOM] [--name NAME | --state DIR]
               earshot backup FILE   [--name NAME | --state DIR]
               earshot forget ROOM   [--name NAME | --state DIR]

        export prints the saved messages as JSON lines. backup copies everything that
        is saved to a new file. Both work while earshot runs; do not copy earshot.db
        itself while it does. To restore a backup, put it into a state directory as
        earshot.db, next to the file identity, which never changes: copy it once.

        forget deletes a room's messages on this machine only. The other members of the
        lobby, or the other side of a private conversation, keep their copies.

        ROOM is lobby, the name of the other person in a conversation, or their ID.
        NAME is the name that earshot was started with (default: your login name).
        DIR may also be the state directory of a relay.

        """
}
