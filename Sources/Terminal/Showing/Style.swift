import Wire

/// Coloured output, or plain output.
struct Style {
    enum Ink {
        case grey, red, yellow, bold, personal(PeerID), privately
    }

    var isColoured: Bool

    /// Colours that are readable on black and on white, and that most people can tell apart.
    private static let personalColours = [27, 32, 37, 64, 70, 97, 130, 133, 136, 161, 166, 172]

    func paint(_ text: String, _ ink: Ink) -> String {
        guard isColoured, !text.isEmpty else { return text }
        let code =
            switch ink {
            case .grey: "38;5;244"
            case .red: "31"
            case .yellow: "33"
            case .bold: "1"
            case .privately: "1;35"
            case .personal(let peer): "38;5;\(Self.colour(of: peer))"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    /// Returns a colour derived from the identity, not the name, so that it stays when the name changes.
    static func colour(of peer: PeerID) -> Int {
        let sum = peer.bytes.prefix(8).reduce(0) { ($0 * 31 + Int($1)) % 65_521 }
        return personalColours[sum % personalColours.count]
    }
}
