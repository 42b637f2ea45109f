@_spi(_Unicode) import Swift

/// Names that look alike (Protocol.md, Names that look alike): those that share a skeleton as defined by Unicode
/// Technical Standard #39 §4, compared without regard to case.
///
/// A name has two skeletons, which are usually equal. The skeleton of the text describes the name as it appears: `Ian`,
/// `lan` and `1an` have `lan`. The skeleton of the folded form describes the same name in lower case: `ian` for `Ian`.
extension Nickname {
    /// The skeleton of the name as shown.
    public var skeleton: String { Self.skeleton(of: text) }

    /// The skeleton of the name as compared.
    public var foldedSkeleton: String { Self.skeleton(of: folded) }

    /// The one or two distinct skeletons, for a table of names by appearance.
    public var skeletons: [String] {
        let (shown, compared) = (skeleton, foldedSkeleton)
        return shown == compared ? [shown] : [shown, compared]
    }

    /// Whether another name that is not the same can be mistaken for this one.
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
        // A prototype may be a capital: that of 0 is O.
        var lower = ""
        for scalar in prototypes { lower += scalar.properties.lowercaseMapping }
        var decomposed = String.UnicodeScalarView()
        decomposed.append(contentsOf: lower._nfd)
        return String(decomposed)
    }

    private static let confusables = MappingTable(ConfusableTable.text)

    /// For each ASCII character, whether the table leaves it unchanged: most names do not need the table.
    private static let isOwnPrototype = (0..<0x80).map { confusables[Unicode.Scalar(UInt8($0))] == nil }
}
