import CoreModel

/// The command that follows `earshot relay`.
public enum RelayCommand: Equatable {
    /// Run the relay with these settings of the command line.
    case run([Setting], configurationFile: String?)
    /// `--check`: read all settings, print what is wrong with them, do nothing else.
    case check([Setting], configurationFile: String?)
    /// `passwd`: store a password for operators, or print its hash.
    case passwd(PasswdOptions)
    /// `id`: print the relay's ID.
    case id(Place)
    /// `community`: make keys and certificates of communities.
    case community(CommunityCommand)
    /// `backup`: copy everything that is saved to a file.
    case backup(file: String, Place)
    case help

    /// The location of a relay's state.
    public struct Place: Equatable {
        /// Nil: the directory that the configuration file names, otherwise the default.
        public var stateDirectory: String?
        public var configurationFile: String?

        public init(stateDirectory: String? = nil, configurationFile: String? = nil) {
            self.stateDirectory = stateDirectory
            self.configurationFile = configurationFile
        }
    }

    public struct PasswdOptions: Equatable {
        public var place = Place()
        public var isPrinted = false
    }

    /// Parses the arguments after `relay`.
    static func parse(_ words: some Sequence<String>) throws(Arguments.Misuse) -> RelayCommand {
        var words = Array(words)[...]
        let subcommand = words.first.flatMap(Subcommand.init(rawValue:)) ?? .run
        if subcommand != .run { words.removeFirst() }
        if subcommand == .community { return .community(try CommunityCommand.parse(words)) }
        var backup: String?
        var settings: [Setting] = []
        var file: String?
        var isCheck = false
        var isPrinted = false
        while let word = words.popFirst() {
            switch word {
            case "-h", "--help": return .help
            case "--check" where subcommand == .run: isCheck = true
            case "--print" where subcommand == .passwd: isPrinted = true
            case let file where subcommand == .backup && backup == nil && !file.hasPrefix("-"): backup = file
            default:
                let (name, attached) = try option(in: word)
                guard let value = attached ?? words.popFirst(), attached != nil || !value.hasPrefix("--") else {
                    throw Arguments.Misuse(text: "--\(name) needs a value (try earshot relay --help)")
                }
                if name == "config" {
                    file = value
                } else {
                    settings.append(Setting(name: name, value: value, origin: .commandLine))
                }
            }
        }
        switch subcommand {
        case .run:
            return isCheck ? .check(settings, configurationFile: file) : .run(settings, configurationFile: file)
        case .passwd:
            let place = try place(settings, file, of: "passwd takes only --state, --config and --print")
            return .passwd(PasswdOptions(place: place, isPrinted: isPrinted))
        case .id:
            return .id(try place(settings, file, of: "id takes only --state and --config"))
        case .community:
            return .community(.help)
        case .backup:
            let place = try place(settings, file, of: "backup takes only FILE, --state and --config")
            guard let backup else {
                throw Arguments.Misuse(text: "backup needs a FILE that does not exist yet (try earshot relay --help)")
            }
            return .backup(file: backup, place)
        }
    }

    private enum Subcommand: String { case run, passwd, backup, id, community }

    private static func option(in word: String) throws(Arguments.Misuse) -> (name: String, attached: String?) {
        guard word.hasPrefix("--"), word.count > 2 else {
            throw Arguments.Misuse(text: "unexpected argument \(word) (try earshot relay --help)")
        }
        let name = word.dropFirst(2).prefix { $0 != "=" }
        let isKnown = name == "config" || RelayOptions.rules.contains { $0.name == name }
        guard isKnown else {
            throw Arguments.Misuse(text: "unknown option --\(name) (try earshot relay --help)")
        }
        guard name.endIndex < word.endIndex else { return (String(name), nil) }
        return (String(name), String(word[word.index(after: name.endIndex)...]))
    }

    private static func place(
        _ settings: [Setting], _ configurationFile: String?, of rule: String
    ) throws(Arguments.Misuse) -> Place {
        var place = Place(configurationFile: configurationFile)
        for setting in settings {
            guard setting.name == "state" else {
                throw Arguments.Misuse(text: "earshot relay \(rule), not --\(setting.name)")
            }
            place.stateDirectory = setting.value
        }
        return place
    }
}

extension RelayCommand {
    /// The text that `earshot relay --help` prints.
    public static var helpText: String {
        var text = """
            Runs a relay: one room for people on different networks, who join it with
            earshot --relay and the address that the relay prints when it starts.

            usage: earshot relay [OPTION]...
                   earshot relay passwd [--state DIR] [--config FILE] [--print]
                   earshot relay backup FILE [--state DIR] [--config FILE]
                   earshot relay id [--state DIR] [--config FILE]
                   earshot relay community new|sign ... (see community --help)

            passwd asks for the password with which members become operators (/op) and
            stores its hash in the state directory; --print prints the hash instead.
            kill -HUP makes a running relay reload its settings.

            backup copies the history, the bans and everything else that changes to a new
            file. It works while the relay runs; do not copy relay.db itself while it does.
            To restore a backup, put it into a state directory as relay.db, next to the
            files identity and operator-password, which you need to copy only once. To
            print the messages as JSON lines: earshot export --state DIR

            id prints the relay's ID; if the relay has no key yet, id makes one. Several
            relays that appear as one to their members are a community: see earshot relay
            community --help.


            """
        for group in RelayOptions.ruleGroups {
            text += group.title + "\n"
            for rule in group.rules {
                let option = "  --\(rule.name) \(rule.placeholder)"
                for (index, line) in rule.help.enumerated() {
                    let left = index == 0 ? option : ""
                    text += left + String(repeating: " ", count: max(1, 27 - left.count)) + line + "\n"
                }
            }
            text += "\n"
        }
        return text + """
            Settings in a file
              --config FILE            also read settings from this file: lines of
                                       KEY = VALUE with the names above, # for comments;
                                       the command line takes precedence
              --check                  check all settings, print what is wrong, and exit

            Exit status: 0 success, 1 failure, 2 wrong usage.

            """
    }
}
