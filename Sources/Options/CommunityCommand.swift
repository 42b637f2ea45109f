public import Wire

/// `earshot relay community`: makes the key of a community, and signs certificates with it.
public enum CommunityCommand: Equatable {
    /// `new`: make a key in a file that does not exist yet.
    /// - Parameter relay: The state directory of the relay whose key to use; nil for a random key.
    case new(file: String, fromRelay: String?)
    /// `sign`: print a certificate.
    case sign(file: String, relay: PeerID, days: Int)
    case help

    /// The default lifetime of a certificate, in days.
    static let defaultDays = 365
    /// Ten years.
    static let maximumDays = 3_650

    /// Parses the arguments after `relay community`.
    static func parse(_ words: ArraySlice<String>) throws(Arguments.Misuse) -> CommunityCommand {
        guard let deed = words.first, deed != "--help", deed != "-h" else { return .help }
        guard deed == "new" || deed == "sign" else {
            throw Arguments.Misuse(text: "earshot relay community takes new or sign, not \(deed) (\(hint))")
        }
        let option = deed == "new" ? "from" : "days"
        var places: [String] = []
        var given: String?
        var words = words.dropFirst()
        while let word = words.popFirst() {
            if word == "--help" || word == "-h" { return .help }
            guard word.hasPrefix("-") else {
                places.append(word)
                continue
            }
            let name = word.prefix { $0 != "=" }
            let attached = name.endIndex == word.endIndex ? nil : String(word[word.index(after: name.endIndex)...])
            guard name == "--\(option)" else {
                throw Arguments.Misuse(text: "community \(deed) takes no \(name) (\(hint))")
            }
            guard let value = attached ?? words.popFirst(), !value.isEmpty else {
                throw Arguments.Misuse(text: "--\(option) needs a value (\(hint))")
            }
            given = value
        }
        return deed == "new" ? try new(places, from: given) : try sign(places, days: given)
    }

    private static func new(_ places: [String], from relay: String?) throws(Arguments.Misuse) -> CommunityCommand {
        guard places.count == 1 else {
            throw Arguments.Misuse(text: "community new needs one FILE that does not exist yet (\(hint))")
        }
        return .new(file: places[0], fromRelay: relay)
    }

    private static func sign(_ places: [String], days: String?) throws(Arguments.Misuse) -> CommunityCommand {
        guard places.count == 2 else {
            throw Arguments.Misuse(
                text: "community sign needs the community's key FILE and the RELAY-ID that `earshot relay id` prints "
                    + "(\(hint))")
        }
        guard let relay = relay(in: places[1]) else {
            throw Arguments.Misuse(
                text: "\(places[1]) is not a relay's ID, the 64 hexadecimal digits of `earshot relay id` (\(hint))"
            )
        }
        guard let days else { return .sign(file: places[0], relay: relay, days: defaultDays) }
        let digits = days.utf8.count <= 5 && days.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard digits, let number = Int(days), (1...maximumDays).contains(number) else {
            throw Arguments.Misuse(text: "--days takes a number from 1 to \(maximumDays), not \(days) (\(hint))")
        }
        return .sign(file: places[0], relay: relay, days: number)
    }

    /// Parses an ID as `earshot relay id` prints it, or as it follows the `#` of an address.
    private static func relay(in text: String) -> PeerID? {
        PeerID(hexadecimal: String(text[(text.lastIndex(of: "#").map(text.index(after:)) ?? text.startIndex)...]))
    }

    private static let hint = "try earshot relay community --help"

    public static let helpText = """
        usage: earshot relay community new FILE [--from DIR]
               earshot relay community sign FILE RELAY-ID [--days N]

        The relays of a community appear as one relay to their members, who know it by
        the community's key: the address of each relay has the fingerprint of that key,
        and each relay admits the members of the others. A single relay needs none of
        this.

        new creates the community's key in FILE, which must not exist yet, and prints
        its fingerprint. Keep the key off the relays, and keep a copy: it alone decides
        which relays belong to the community.
        --from DIR uses the key of the relay whose state is in DIR instead of a new
        one, so that the address and the room of that relay become the community's.

        sign prints a certificate that the relay with this ID belongs to the community
        for N days (default 365). To print the ID, run `earshot relay id` on the relay's
        machine. Start the relay with its certificate; kill -HUP makes it load a renewed
        one:

          earshot relay community sign hub.key RELAY-ID > hub.certificate
          earshot relay --community hub.certificate

        A certificate cannot be revoked; it can only expire. The shorter its lifetime,
        the less time a thief can use a stolen relay key.

        """
}
