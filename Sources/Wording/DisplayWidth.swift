/// The number of columns that a terminal uses for text (East Asian Width, UAX #11, and common practice for emoji).
public enum DisplayWidth {
    /// Returns the width of a text without control characters.
    public static func of(_ text: String) -> Int {
        var width = 0
        for character in text { width += of(character) }
        return width
    }

    /// Returns the width of one character as a person sees it (an extended grapheme cluster).
    package static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        guard scalars.count > 1 else { return of(first) }
        // A sequence with emoji presentation, a joiner, a skin tone or a pair of regional indicators is one picture.
        if first.properties.isEmoji {
            let isPicture = scalars.dropFirst().contains { scalar in
                scalar == "\u{FE0F}" || scalar.properties.isEmojiModifier || isRegionalIndicator(scalar)
                    || (scalar == "\u{200D}" && !first.isASCII)
            }
            if isPicture { return 2 }
        }
        // Terminals add up the scalars of Hangul syllables and of letters with spacing marks.
        return scalars.reduce(0) { $0 + of($1) }
    }

    /// Returns the width of a single scalar.
    package static func of(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xAD ? 0 : 1 }
        // Vowels and final consonants of Hangul join the preceding letter.
        if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
        if isWide(value) {
            // The tone marks of Chinese and the voicing marks of Japanese combine.
            return (0x302A...0x302D).contains(value) || (0x3099...0x309A).contains(value) ? 0 : 2
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        case .format, .lineSeparator, .paragraphSeparator: return properties.isDefaultIgnorableCodePoint ? 0 : 1
        default: break
        }
        if properties.isDefaultIgnorableCodePoint { return 0 }
        return properties.isEmojiPresentation && !isRegionalIndicator(scalar) ? 2 : 1
    }

    private static func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
        (0x1F1E6...0x1F1FF).contains(scalar.value)
    }

    private static func isWide(_ value: UInt32) -> Bool {
        guard value >= wide[0].lowerBound else { return false }
        var low = 0
        var high = wide.count
        while low < high {
            let middle = (low + high) / 2
            if wide[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < wide.count && wide[low].contains(value)
    }

    /// The wide and fullwidth ranges without emoji presentation, ascending. Gaps without letters are included.
    static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0x3247,
        0x3250...0xA4CF,
        0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x16FE3, 0x16FF0...0x16FF6, 0x17000...0x18D1E, 0x1AFF0...0x1B2FB, 0x1D300...0x1D376,
        0x1F200...0x1F265, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
    ]
}
