public import Wire

/// `earshot doctor [HOST]`: finds out why other peers are not seen.
public struct DoctorCommand: Equatable {
    /// The host as typed.
    public var host: String?
    /// The parsed ``host``.
    public var place: PeerAddress?
    public var isJSON = false
    public var isVerbose = false
    public var isSweeping = false
    public var relay: RelayAddress?
    /// The name of the running Earshot that is asked for its status; nil for the login name.
    public var name: String?
    public var stateDirectory: String?
    public var interfaces: [String] = []

    init() {}

    /// Parses the arguments after `doctor`.
    /// - Returns: Nil if the user asks for help.
    static func parse(
        _ words: some Sequence<String>, scope: InterfaceScope = InterfaceScope { _ in nil }
    ) throws(Arguments.Misuse) -> DoctorCommand? {
        var reader = ArgumentReader(words, scope: scope)
        var options = ChatOptions()
        var command = DoctorCommand()
        while let word = reader.next() {
            let name = String(word.prefix { $0 != "=" })
            let attached = name.count == word.count ? nil : String(word.dropFirst(name.count + 1))
            switch name {
            case "--help", "-h": return nil
            case "--name", "--state", "--interface", "--relay":
                try reader.readValue(of: name, attached: attached, into: &options)
            case "--json", "--verbose", "-v", "--sweep":
                guard attached == nil else { throw Arguments.Misuse(text: "\(name) takes no value (\(hint))") }
                if name == "--json" { command.isJSON = true }
                if name == "--sweep" { command.isSweeping = true }
                if name == "-v" || name == "--verbose" { command.isVerbose = true }
            default:
                guard !word.hasPrefix("-"), command.host == nil else {
                    throw Arguments.Misuse(text: "unexpected argument \(word) (\(hint))")
                }
                command.host = word
                command.place = try place(word, scope)
            }
        }
        guard options.relays.count <= 1 else { throw Arguments.Misuse(text: "only one --relay at a time (\(hint))") }
        command.relay = options.relays.first?.address
        command.name = options.name
        command.stateDirectory = options.stateDirectory
        command.interfaces = options.interfaces
        return command
    }

    private static func place(_ host: String, _ scope: InterfaceScope) throws(Arguments.Misuse) -> PeerAddress {
        guard host.contains("%") || PeerAddress(host) != nil else {
            throw Arguments.Misuse(text: "\(host) is not a host: give a name or an address (\(hint))")
        }
        do {
            return try scope.peer(host)
        } catch {
            throw Arguments.Misuse(text: "doctor \(error.text) (\(hint))")
        }
    }

    private static let hint = "try earshot doctor --help"

    static let helpText = """
        usage: earshot doctor [HOST[:PORT]] [OPTION]...

        Finds out why you see nobody, or why you do not see HOST: a firewall, a VPN, no
        network, a switch without multicast, another version of earshot. It takes 5 to
        12 s, needs no special rights, changes nothing, and works while earshot runs.
        Run it on both machines.

          --json             print JSON, one object per line: code, status (ok, fail,
                             note, skipped), text, cause, command, facts; the last
                             one: result (nothing, cause), code, skipped
          -v, --verbose      show the facts behind each line
          --sweep            also try every address of the network: at most 1022,
                             at 200 a second
          --relay URL        also examine this relay
          --interface NAME   examine only this network interface; may be repeated
          --name NAME, --state DIR
                             which running earshot to query (default: the one
                             with your login name)

        Exit status: 0 nothing found, 1 a cause was found, 2 wrong usage.

        """
}
