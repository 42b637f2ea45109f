import Wire

extension PeerID {
    /// Hexadecimal digits that tell a key from others of its name.
    package static let shownDigitCount = 8

    /// What a peer is called whose name was never heard: the beginning of its ID.
    package var placeholderName: String { "peer-" + description.prefix(Self.shownDigitCount) }

    /// A name with the beginning of the key, where the name alone may mean another.
    package func exactName(_ name: String) -> String { "\(name)#\(description.prefix(Self.shownDigitCount))" }

    /// The digits of such a name.
    package static func placeholderDigits(in text: String) -> Substring? {
        guard text.hasPrefix("peer-"), text.utf8.count == 13 else { return nil }
        return text.dropFirst(5)
    }
}
