import Wire

/// Which interface a link-local address is on: a name behind it, as in `fe80::1%eth0`, becomes the number that the
/// address has.
struct InterfaceScope {
    /// The number of an interface; nil if there is none of that name.
    let number: (_ name: String) -> UInt32?

    /// - Returns: the text with a number in the place of the name, if it has one.
    /// - Throws: what goes on after the option's name.
    func resolved(_ text: String) throws(OptionProblem) -> String {
        guard let percent = text.firstIndex(of: "%") else { return text }
        let rest = text[text.index(after: percent)...]
        let zone = rest.prefix { !"]:#/".contains($0) }
        // The percent sign of a URL is written %25 (RFC 6874).
        let names: [Substring] = [zone, zone.hasPrefix("25") ? zone.dropFirst(2) : ""]
        for name in names where !name.isEmpty {
            if let number = number(String(name)) { return "\(text[..<percent])%\(number)\(rest[zone.endIndex...])" }
        }
        guard !zone.isEmpty, zone.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw OptionProblem("names an interface that is not here: \(zone) (ip link lists those that are)")
        }
        return text
    }

    /// - Throws: what goes on after the option's name.
    func peer(_ text: String) throws(OptionProblem) -> PeerAddress {
        guard let peer = PeerAddress(try resolved(text)) else {
            throw OptionProblem("takes HOST:PORT, for example 192.0.2.7:47474, not \(text)")
        }
        if case .endpoint(let endpoint) = peer { try Self.check(endpoint.address) }
        return peer
    }

    /// A link-local address means another machine on every network.
    static func check(_ address: IPAddress) throws(OptionProblem) {
        guard address.needsScope else { return }
        throw OptionProblem("takes \(address) with the interface that it is on, for example \(address)%eth0")
    }
}
