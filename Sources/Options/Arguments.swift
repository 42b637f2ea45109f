public import CoreModel
public import Wire

/// The command that the command line asks for.
public enum Arguments: Equatable {
    case chat(ChatOptions)
    /// `relay`, with its own arguments.
    case relay(RelayCommand)
    /// `export`, `backup` or `forget`.
    case kept(KeptCommand)
    /// `doctor`.
    case doctor(DoctorCommand)
    /// `--help`: print a text and exit with status 0.
    case help(String)
    /// `--version`.
    case version

    /// A mistake in the arguments; the process exits with status 2.
    public struct Misuse: Error, Equatable {
        /// The mistake and its remedy; for a configuration file, one line per mistake.
        public var text: String
    }

    /// Parses the arguments of the program.
    /// - Parameters:
    ///   - words: The arguments without the program's name.
    ///   - interfaceNumber: Returns the number of an interface, given its name.
    /// - Throws: ``Misuse`` for anything that it does not recognise.
    public static func parse(
        _ words: some Sequence<String>, interfaceNumber: @escaping (String) -> UInt32? = { _ in nil }
    ) throws(Misuse) -> Arguments {
        let words = Array(words)
        if words.first == "relay" { return .relay(try RelayCommand.parse(words.dropFirst())) }
        if words.first == "doctor" {
            let scope = InterfaceScope(number: interfaceNumber)
            guard let command = try DoctorCommand.parse(words.dropFirst(), scope: scope) else {
                return .help(DoctorCommand.helpText)
            }
            return .doctor(command)
        }
        if let action = words.first.flatMap(KeptCommand.Action.init(rawValue:)) {
            guard let command = try KeptCommand.parse(action, words.dropFirst()) else {
                return .help(KeptCommand.helpText)
            }
            return .kept(command)
        }
        var reader = ArgumentReader(words, scope: InterfaceScope(number: interfaceNumber))
        var options = ChatOptions()
        while let word = reader.next() {
            guard word.hasPrefix("-"), word != "-" else { throw unexpected(word) }
            let name = word.prefix { $0 != "=" }
            let attached = name.endIndex == word.endIndex ? nil : String(word[word.index(after: name.endIndex)...])
            if let flag = flags[String(name)] {
                guard attached == nil else { throw Misuse(text: "\(name) takes no value (try --help)") }
                switch flag {
                case .option(let path): options[keyPath: path] = true
                case .help: return .help(helpText)
                case .version: return .version
                }
                continue
            }
            try reader.readValue(of: String(name), attached: attached, into: &options)
        }
        return .chat(options)
    }

    private enum Flag {
        case option(WritableKeyPath<ChatOptions, Bool>)
        case help, version
    }

    private static var flags: [String: Flag] {
        [
            "--no-multicast": .option(\.usesNoMulticast),
            "--no-sweep": .option(\.usesNoSweep),
            "--strict-name": .option(\.isNameStrict),
            "--json": .option(\.isJSON),
            "--quiet": .option(\.isQuiet),
            "--verbose": .option(\.isVerbose),
            "-h": .help, "--help": .help,
            "--version": .version,
        ]
    }

    private static func unexpected(_ word: String) -> Misuse {
        if word == "relay" { return Misuse(text: "relay must come first: earshot relay [OPTION]...") }
        return Misuse(text: "unexpected argument \(word) (try --help)")
    }
}

/// The options of the chat.
public struct ChatOptions: Equatable {
    /// Nil: ask on a terminal, otherwise use the login name.
    public var name: String?
    /// Nil: `$XDG_STATE_HOME/earshot/NAME`.
    public var stateDirectory: String?
    /// Empty: every interface that is up.
    public var interfaces: [String] = []
    /// Nil: 47474 if it is free, otherwise any free port. 0: any free port.
    public var port: UInt16?
    public var usesNoMulticast = false
    /// Whether to leave out the sweep, which tries every address of a network on which no peer is found.
    public var usesNoSweep = false
    public var peers: [PeerAddress] = []
    public var relays: [RelayOption] = []
    /// Exit with status 3 rather than take another name.
    public var isNameStrict = false
    public var retention = Retention()
    public var isJSON = false
    /// No banner, no notices of people who come and go.
    public var isQuiet = false
    public var isVerbose = false
}

/// A relay to join (`--relay`), with the password that follows it on the command line.
public struct RelayOption: Equatable {
    public var address: RelayAddress
    /// The file whose first line is the password.
    public var passwordFile: String?
}

/// A peer to find by its address (`--peer`).
public enum PeerAddress: Equatable {
    case endpoint(Endpoint)
    /// A host name to look up.
    case host(String, port: UInt16)

    /// The default TCP port for links.
    static let usualPort: UInt16 = 47474

    /// Parses `HOST:PORT`, `ADDRESS:PORT`, `[ADDRESS]:PORT`, or any of them without the port.
    public init?(_ text: String) {
        if let endpoint = Endpoint(text) {
            self = .endpoint(endpoint)
        } else if let address = IPAddress(text) {
            self = .endpoint(Endpoint(address: address, port: Self.usualPort))
        } else if text.hasPrefix("["), text.hasSuffix("]"), let address = IPAddress(String(text.dropFirst().dropLast()))
        {
            self = .endpoint(Endpoint(address: address, port: Self.usualPort))
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), Self.isHostName(parts[0]) else { return nil }
            guard parts.count == 2 else {
                self = .host(text, port: Self.usualPort)
                return
            }
            guard let port = portNumber(String(parts[1])) else { return nil }
            self = .host(String(parts[0]), port: port)
        }
    }

    /// Accepts the names of RFC 1123 §2.1, and underscores, which occur in practice. A text of only digits and dots
    /// would be a mistyped address.
    private static func isHostName(_ text: Substring) -> Bool {
        guard (1...253).contains(text.utf8.count), text.contains(where: { $0.isLetter }) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }
}

/// Parses 1...65535 in plain digits.
private func portNumber(_ text: String) -> UInt16? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 else { return nil }
    return port
}

/// Iterates over the words of the command line.
struct ArgumentReader {
    private var words: [String]
    private var position = 0
    private let scope: InterfaceScope

    init(_ words: some Sequence<String>, scope: InterfaceScope = InterfaceScope { _ in nil }) {
        self.words = Array(words)
        self.scope = scope
    }

    mutating func next() -> String? {
        guard position < words.count else { return nil }
        position += 1
        return words[position - 1]
    }

    mutating func readValue(
        of name: String, attached: String?, into options: inout ChatOptions
    ) throws(Arguments.Misuse) {
        switch name {
        case "--name": options.name = try value(of: name, attached)
        case "--state": options.stateDirectory = try value(of: name, attached)
        case "--interface": options.interfaces.append(try value(of: name, attached))
        case "--port":
            let text = try value(of: name, attached)
            guard let port = text == "0" ? 0 : portNumber(text) else {
                throw Arguments.Misuse(text: "--port takes a number from 1 to 65535, or 0 for any, not \(text)")
            }
            options.port = port
        case "--peer":
            let text = try value(of: name, attached)
            options.peers.append(try understood(name) { () throws(OptionProblem) in try scope.peer(text) })
        case "--keep":
            options.retention.entryCount = try count(of: name, attached, unit: "messages", in: 1...10_000_000)
        case "--keep-days": options.retention.days = try count(of: name, attached, unit: "days", in: 1...36_500)
        case "--keep-bytes":
            let text = try value(of: name, attached)
            options.retention.bytes = try understood(name) { () throws(OptionProblem) in
                try ByteSize.parse(text[...], in: Retention.bytesRange)
            }
        case "--keep-unasked":
            try readUnasked(try value(of: name, attached), of: name, into: &options.retention)
        case "--relay":
            let text = try value(of: name, attached)
            let resolved = try understood(name) { () throws(OptionProblem) in try scope.resolved(text) }
            let address: RelayAddress
            do {
                address = try RelayAddress(resolved)
            } catch {
                throw Arguments.Misuse(text: "--relay: \(error)")
            }
            if case .address(let host) = address.host {
                try understood(name) { () throws(OptionProblem) in try InterfaceScope.check(host) }
            }
            options.relays.append(RelayOption(address: address))
        case "--relay-password":
            let file = try value(of: name, attached)
            guard !options.relays.isEmpty else {
                throw Arguments.Misuse(text: "--relay-password FILE must follow the --relay that it is for")
            }
            options.relays[options.relays.count - 1].passwordFile = file
        default:
            throw Arguments.Misuse(text: "unknown option \(name) (try --help)")
        }
    }

    /// Parses `SIZE` or `SIZE,SIZE`: the limit for one key, then the limit for all of them.
    private func readUnasked(
        _ text: String, of name: String, into retention: inout Retention
    ) throws(Arguments.Misuse) {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let range = 0...Retention.bytesRange.upperBound
        try understood(name) { () throws(OptionProblem) in
            let one = try ByteSize.parse(parts[0], in: range)
            let all = parts.count == 2 ? try ByteSize.parse(parts[1], in: range) : nil
            retention.unsolicitedBytesPerKey = one
            retention.unsolicitedBytes = all ?? 32 * one
        }
    }

    private func understood<Value>(
        _ name: String, _ body: () throws(OptionProblem) -> Value
    ) throws(Arguments.Misuse) -> Value {
        do {
            return try body()
        } catch {
            throw Arguments.Misuse(text: "\(name) \(error.text)")
        }
    }

    private mutating func count(
        of name: String, _ attached: String?, unit: String, in range: ClosedRange<Int>
    ) throws(Arguments.Misuse) -> Int {
        let text = try value(of: name, attached)
        guard let count = Int(text), range.contains(count) else {
            throw Arguments.Misuse(
                text: "\(name) takes a number of \(unit) from \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return count
    }

    /// Returns the value of an option. A word that looks like an option probably means a forgotten value; `--name=-x`
    /// gives a value that starts with a dash.
    private mutating func value(of name: String, _ attached: String?) throws(Arguments.Misuse) -> String {
        if let attached {
            guard !attached.isEmpty else { throw Arguments.Misuse(text: "\(name) needs a value (try --help)") }
            return attached
        }
        guard position < words.count, !words[position].isEmpty, !words[position].hasPrefix("-") else {
            throw Arguments.Misuse(text: "\(name) needs a value (try --help)")
        }
        position += 1
        return words[position - 1]
    }
}

extension Arguments {
    /// The text that `--help` prints.
    static let helpText = """
        Chat with everyone within earshot: no server, no account, no set-up.

        usage: earshot [OPTION]...
               earshot relay [OPTION]...   run a relay (earshot relay --help)
               earshot doctor [HOST]       find out why you cannot see others, or HOST
               earshot export|backup|forget   manage saved messages (see export --help)

        Everyone who runs earshot on your network is found automatically. Type to talk
        to all of them, /msg NAME TEXT to talk to one, /help for more, /quit to leave.

        Who you are
          --name NAME        your name in the chat (default: earshot asks for one)
          --strict-name      exit with status 3 instead of becoming NAME-2
          --state DIR        where your key and your messages are kept
                             (default $XDG_STATE_HOME/earshot/NAME, usually
                             ~/.local/state/earshot/NAME)
          --keep N, --keep-days N, --keep-bytes SIZE
                             messages kept: per room (10000), days (90), total size (1G)
          --keep-unasked SIZE[,ALL]  from each peer you never wrote to; in all (1M,32M)

        How others are found
          --interface NAME   use only this network interface; may be repeated
          --port N           listen on this TCP port, 0 for any (default 47474, or
                             any if that is taken)
          --peer HOST[:PORT] connect to this peer, which multicast does not reach;
                             may be repeated
          --relay URL        also join this relay, wherever it is:
                             earshot://HOST[:PORT][#FINGERPRINT], or the name of a
                             relay that you have joined before; may be repeated
          --relay-password FILE
                             file whose first line is the preceding --relay's password
          --no-sweep         do not try every address when multicast finds nobody
          --no-multicast     do not search the network, use only --peer and --relay

        What you see
          --json             JSON lines in and out, for programs
          --quiet            no greeting, no notices of people who come and go
          --verbose          print diagnostics to standard error
          --help, --version  print this help; print the version

        Exit status: 0 success, 1 failure, 2 wrong usage, 3 name taken, 4 refused by
        the relay.
        NO_COLOR in the environment turns colours off; TERM=dumb gives plain lines.

        """
}
