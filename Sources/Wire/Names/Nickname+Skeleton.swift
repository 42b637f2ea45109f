@_spi(_Unicode) import Swift

/// Which names look alike (Protocol.md, Names that look alike): those that have a skeleton in common, as Unicode
/// Technical Standard #39 §4 makes it, compared without regard to case.
///
/// A name has two of them, mostly equal. That of the text tells what is seen: `Ian`, `lan` and `1an` have `lan`. That of
/// the folded form tells what is seen when the name is written in small letters, which is the same name: `ian` for `Ian`.
extension Nickname {
    /// Of the name as shown.
    public var skeleton: String { Self.skeleton(of: text) }

    /// Of the name as compared.
    public var foldedSkeleton: String { Self.skeleton(of: folded) }

    /// One or two, for a table of names by what they look like.
    public var skeletons: [String] {
        let (shown, compared) = (skeleton, foldedSkeleton)
        return shown == compared ? [shown] : [shown, compared]
    }

    /// Whether another name, one that is not the same, can be mistaken for this one.
    public func looksLike(_ other: Nickname) -> Bool {
        guard self != other else { return false }
        let others = other.skeletons
        return skeletons.contains { others.contains($0) }
    }

    private static func skeleton(of text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 && isOwnPrototype[Int($0)] }) { return text.lowercased() }
        var prototypes = String.UnicodeScalarView()
        for scalar in text._nfd where scalar != "\u{FE0F}" {
            if let prototype = confusables[scalar] {
                prototypes.append(contentsOf: prototype)
            } else {
                prototypes.append(scalar)
            }
        }
        // Prototypes may be capitals, too: that of 0 is O.
        var lower = ""
        for scalar in prototypes { lower += scalar.properties.lowercaseMapping }
        var decomposed = String.UnicodeScalarView()
        decomposed.append(contentsOf: lower._nfd)
        return String(decomposed)
    }

    private static let confusables = MappingTable(ConfusableTable.text)

    /// For each character of ASCII, whether the table leaves it as it is: most names need no table.
    private static let isOwnPrototype = (0..<0x80).map { confusables[Unicode.Scalar(UInt8($0))] == nil }
}
