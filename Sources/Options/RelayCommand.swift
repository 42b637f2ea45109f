import CoreModel

/// What was asked for behind `earshot relay`.
public enum RelayCommand: Equatable {
    /// Run it, with these settings of the command line.
    case run([Setting], configurationFile: String?)
    /// `--check`: read everything, say what is wrong, do nothing.
    case check([Setting], configurationFile: String?)
    /// `passwd`: keep a password for operators, or print its hash.
    case passwd(PasswdOptions)
    /// `id`: print the relay's ID.
    case id(Place)
    /// `community`: keys and certificates of communities.
    case community(CommunityCommand)
    /// `backup`: copy what is kept to a file.
    case backup(file: String, Place)
    case help

    /// Where what a relay keeps is.
    public struct Place: Equatable {
        /// Nil: the usual directory, or the one that the file names.
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

    /// - Parameter words: what stands behind `relay`.
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
            let place = try place(settings, file, of: "passwd takes --state, --config and --print only")
            return .passwd(PasswdOptions(place: place, isPrinted: isPrinted))
        case .id:
            return .id(try place(settings, file, of: "id takes --state and --config only"))
        case .community:
            return .community(.help)
        case .backup:
            let place = try place(settings, file, of: "backup takes FILE, --state and --config only")
            guard let backup else {
                throw Arguments.Misuse(text: "backup needs a FILE that is not there yet (try earshot relay --help)")
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
    /// What `earshot relay --help` prints.
    public static var helpText: String {
        var text = """
            Runs a relay: one room for people on different networks, who join it with
            earshot --relay and the address that is printed at the start.

            usage: earshot relay [OPTION]...
                   earshot relay passwd [--state DIR] [--config FILE] [--print]
                   earshot relay backup FILE [--state DIR] [--config FILE]
                   earshot relay id [--state DIR] [--config FILE]
                   earshot relay community new|sign ... (see community --help)

            passwd asks for the password with which members become operators (/op) and
            keeps its hash in the state directory; --print writes the hash to standard
            output instead. kill -HUP makes a running relay read its settings again.

            backup copies the history, bans and all else that changes to a new file,
            while the relay runs or not (do not copy relay.db itself while it does). To
            restore it, put it into a state directory as relay.db, beside the files
            identity and operator-password, which are copied once. What was said is
            written as JSON lines by: earshot export --state DIR

            id prints the relay's ID, and makes its key if there is none yet. Several
            relays that are one to their members are a community: earshot relay
            community --help tells how.


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
              --config FILE            read them from there, too: lines of KEY = VALUE
                                       with the names from above, # for comments; the
                                       command line wins
              --check                  say what is wrong with all of this, and end

            Exit status: 0 done, 1 failed, 2 wrong usage.

            """
    }
}
