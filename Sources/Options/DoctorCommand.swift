public import Wire

/// `earshot doctor [HOST]`: why others are not seen.
public struct DoctorCommand: Equatable {
    /// As typed.
    public var host: String?
    /// Where that is.
    public var place: PeerAddress?
    public var isJSON = false
    public var isVerbose = false
    public var isSweeping = false
    public var relay: RelayAddress?
    /// Whose Earshot is asked what it knows; nil: the login name's.
    public var name: String?
    public var stateDirectory: String?
    public var interfaces: [String] = []

    init() {}

    /// - Returns: nil if help is wanted.
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
        guard options.relays.count <= 1 else { throw Arguments.Misuse(text: "one --relay at a time (\(hint))") }
        command.relay = options.relays.first?.address
        command.name = options.name
        command.stateDirectory = options.stateDirectory
        command.interfaces = options.interfaces
        return command
    }

    private static func place(_ host: String, _ scope: InterfaceScope) throws(Arguments.Misuse) -> PeerAddress {
        guard host.contains("%") || PeerAddress(host) != nil else {
            throw Arguments.Misuse(text: "\(host) is no host: give a name or an address (\(hint))")
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

        Tells why nobody is seen, or why HOST is not: a firewall, a VPN, no network,
        a switch without multicast, another version. Takes 5 to 12 s, needs no
        rights, changes nothing, and works while earshot runs. Run it on both
        machines.

          --json             a JSON object a line: code, status (ok, fail, note,
                             skipped), text, cause, command, facts; at the end
                             result (nothing, cause), code, skipped
          -v, --verbose      show the facts behind each line
          --sweep            also call on every address of the network, at most
                             1022, 200 a second
          --relay URL        look at this relay too
          --interface NAME   look at this network interface only; may be repeated
          --name NAME, --state DIR
                             whose earshot to ask what it knows (else the login
                             name's)

        Exit status: 0 nothing found, 1 a cause was found, 2 wrong usage.

        """
}
