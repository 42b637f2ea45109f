import Wire

/// Resolves the interface of a link-local address: a name after the address, as in `fe80::1%eth0`, becomes the number
/// of the interface.
struct InterfaceScope {
    /// Returns the number of an interface, or nil if there is none of that name.
    let number: (_ name: String) -> UInt32?

    /// Replaces the name of the interface, if there is one, with its number.
    /// - Throws: ``OptionProblem``, worded to follow the option's name.
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
            throw OptionProblem("names an unknown interface: \(zone) (ip link lists them all)")
        }
        return text
    }

    /// Parses the address of a peer.
    /// - Throws: ``OptionProblem``, worded to follow the option's name.
    func peer(_ text: String) throws(OptionProblem) -> PeerAddress {
        guard let peer = PeerAddress(try resolved(text)) else {
            throw OptionProblem("takes HOST:PORT, for example 192.0.2.7:47474, not \(text)")
        }
        if case .endpoint(let endpoint) = peer { try Self.check(endpoint.address) }
        return peer
    }

    /// Rejects a link-local address without an interface: it means a different machine on each network.
    static func check(_ address: IPAddress) throws(OptionProblem) {
        guard address.needsScope else { return }
        throw OptionProblem("needs the interface of \(address), for example \(address)%eth0")
    }
}
