@_spi(_Unicode) import Swift

/// Text as it is compared: names with names, and search terms with messages.
public enum FoldedText {
    /// Returns the normalization form NFKC.
    public static func normalized(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var decomposed = String.UnicodeScalarView()
        // Canonical decomposition first: it may yield characters that have a compatibility mapping, as ΅ yields ¨.
        for scalar in text._nfd {
            if let mapping = Self.compatibility[scalar] {
                decomposed.append(contentsOf: mapping)
            } else {
                decomposed.append(scalar)
            }
        }
        return composed(decomposed)
    }

    /// Returns the form in which names are compared: normalized, then folded.
    public static func compared(_ text: String) -> String { folded(normalized(text)) }

    /// Converts to upper case, then to lower case, each with Unicode's full mappings. This is as coarse as default case
    /// folding and also equates `ı` with `i`, which is the safe side. RFC 8266 §2.1 only converts to lower case, which
    /// would keep `ß` and `SS` apart.
    /// - Parameter text: A normalized text.
    public static func folded(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        var lower = ""
        for scalar in text.unicodeScalars where scalar != "\u{FE0F}" {
            switch scalar.value {
            case 0x41...0x5A: lower.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value + 0x20)))
            // ASCII's other characters, Kana, Han and Hangul have no case.
            case 0..<0x80, 0x3041...0x9FFF, 0xAC00...0xD7A3: lower.unicodeScalars.append(scalar)
            default:
                for upper in scalar.properties.uppercaseMapping.unicodeScalars {
                    lower += upper.properties.lowercaseMapping
                }
            }
        }
        return normalized(lower.replacingFinalSigma)
    }

    /// Removes the accents and points that people omit when they search for a word: `café` becomes `cafe`. Vowel signs,
    /// and marks that every reader takes for part of another letter (`й`, `が`), are kept.
    /// - Parameter text: A folded text.
    public static func withoutAccents(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var kept = String.UnicodeScalarView()
        for scalar in text._nfd {
            if let letters = strokes[scalar] {
                kept.append(contentsOf: letters.unicodeScalars)
            } else if !isAccent(scalar) || (scalar == "\u{306}" && kept.last == "\u{438}") {
                kept.append(scalar)
            }
        }
        return composed(kept)
    }

    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // The blocks of combining diacritical marks, mainly for Latin, Greek and Cyrillic.
        case 0x300...0x36F, 0x483...0x487, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        // Hebrew points; Arabic vowel signs, hamza above and below, and the line that only lengthens a word.
        case 0x591...0x5BD, 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7: true
        case 0x610...0x61A, 0x640, 0x64B...0x65F, 0x670, 0x6D6...0x6DC, 0x6DF...0x6E4, 0x6E7, 0x6E8, 0x6EA...0x6ED: true
        default: false
        }
    }

    /// Letters that Unicode does not decompose into a base letter and an accent.
    private static let strokes: [Unicode.Scalar: String] = [
        "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th",
    ]

    private static func composed(_ scalars: String.UnicodeScalarView) -> String {
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: String(scalars)._nfc)
        return String(composed)
    }

    private static let compatibility = MappingTable(CompatibilityTable.text)
}

extension String {
    /// The text with `ς`, the form of `σ` at the end of a word, replaced by `σ`.
    fileprivate var replacingFinalSigma: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0 == "ς" ? "σ" : $0 }))
    }
}
