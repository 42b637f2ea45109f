import Wire

extension PeerID {
    /// The number of hexadecimal digits that tell a key from others of its name.
    package static let shownDigitCount = 8

    /// The name shown for a peer whose name is unknown: the beginning of its ID.
    package var placeholderName: String { "peer-" + description.prefix(Self.shownDigitCount) }

    /// Returns a name with the beginning of the key, for use where the name alone may mean another peer.
    package func exactName(_ name: String) -> String { "\(name)#\(description.prefix(Self.shownDigitCount))" }

    /// Returns the digits of a ``placeholderName``; nil for any other text.
    package static func placeholderDigits(in text: String) -> Substring? {
        guard text.hasPrefix("peer-"), text.utf8.count == 13 else { return nil }
        return text.dropFirst(5)
    }
}
