/// `earshot export [ROOM]`, `earshot backup FILE` and `earshot forget ROOM`: what is kept, without chatting.
public struct KeptCommand: Equatable {
    public enum Deed: String {
        /// Write it to standard output, as JSON lines.
        case export
        /// Copy it to a file.
        case backup
        /// Drop it.
        case forget
    }

    public var deed: Deed
    /// As typed; nil: every room.
    public var room: String?
    /// Where a backup goes.
    public var file: String?
    /// Whose; nil: the login name's.
    public var name: String?
    public var stateDirectory: String?

    /// - Returns: nil if help is wanted.
    static func parse(_ deed: Deed, _ words: some Sequence<String>) throws(Arguments.Misuse) -> KeptCommand? {
        var reader = ArgumentReader(words)
        var options = ChatOptions()
        var command = KeptCommand(deed: deed)
        while let word = reader.next() {
            let name = String(word.prefix { $0 != "=" })
            let attached = name.count == word.count ? nil : String(word.dropFirst(name.count + 1))
            switch name {
            case "--help", "-h": return nil
            case "--name", "--state": try reader.readValue(of: name, attached: attached, into: &options)
            default:
                guard !word.hasPrefix("-"), command.room == nil, command.file == nil else {
                    throw Arguments.Misuse(text: "unexpected argument \(word) (try earshot \(deed.rawValue) --help)")
                }
                if deed == .backup { command.file = word } else { command.room = word }
            }
        }
        if deed == .forget, command.room == nil {
            throw Arguments.Misuse(text: "forget needs a room: lobby, or the name of whom you wrote with")
        }
        if deed == .backup, command.file == nil {
            throw Arguments.Misuse(text: "backup needs a FILE that is not there yet (try earshot backup --help)")
        }
        command.name = options.name
        command.stateDirectory = options.stateDirectory
        return command
    }

    static let helpText = """
        usage: earshot export [ROOM] [--name NAME | --state DIR]
               earshot backup FILE   [--name NAME | --state DIR]
               earshot forget ROOM   [--name NAME | --state DIR]

        export writes what was said as JSON lines; backup copies all that is kept to
        a new file. Both may be used while earshot runs (do not copy earshot.db
        itself then). To restore a backup, put it into a state directory as
        earshot.db, beside the file identity, which never changes: copy that once.

        forget drops what was said here. What others have is theirs: a lobby's other
        members, and the other one of a private conversation, keep their own.

        ROOM is lobby, the name of whom you wrote with, or that peer's ID.
        NAME is whose: the name that earshot was started with (else the login name).
        DIR may also be a relay's.

        """
}
