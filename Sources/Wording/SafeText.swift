/// Makes text from others harmless for a terminal: the terminal obeys nothing in it, and the text can neither hide its
/// content nor change the direction of the text around it. Replaced characters stay visible.
public enum SafeText {
    /// The maximum number of combining marks on a character. Real writing uses three or four; more reach into other
    /// lines.
    static let maximumMarkCount = 8
    /// The maximum number of scalars in a character; the longest emoji in use has ten.
    static let maximumScalarCount = 16

    /// The number of columns from one tab stop to the next, as in terminals.
    private static let tabWidth = 8

    /// Returns the text for one line: a newline is shown as `⏎`, a tab as a blank.
    public static func line(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for character in replaced(text) { result.append(contentsOf: shown(character)) }
        return result
    }

    /// Returns the text as lines, split at newlines (LF, CR LF). There is at least one line; blank lines at the end are
    /// dropped. A tab advances to its next stop, so that code and tables keep their shape.
    public static func lines(_ text: String) -> [String] {
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(tabbed)
        while lines.count > 1, lines[lines.count - 1].isEmpty { lines.removeLast() }
        return lines
    }

    /// The column beyond which a tab is one blank, so that a text of tabs alone does not fill the screen. No table is
    /// wider.
    private static let tabbedColumns = 400

    private static func tabbed(_ text: Substring) -> String {
        var result = ""
        var width = 0
        for (index, part) in text.split(separator: "\t", omittingEmptySubsequences: false).enumerated() {
            if index > 0 {
                let blanks = width < tabbedColumns ? tabWidth - width % tabWidth : 1
                result += String(repeating: " ", count: blanks)
                width += blanks
            }
            let shown = line(String(part))
            result += shown
            width += DisplayWidth.of(shown)
        }
        return result
    }

    /// Returns one character of a line being edited as it may be shown. Never empty.
    package static func shown(_ character: Character) -> String {
        var result = ""
        var markCount = 0
        var scalarCount = 0
        for scalar in character.unicodeScalars {
            if scalar == "\r", character == "\r\n" { continue }
            let shown = replacement(for: scalar) ?? scalar
            // A mark without a letter would attach itself to whatever precedes it.
            if scalarCount == 0, DisplayWidth.of(shown) == 0 { result.unicodeScalars.append("\u{25CC}") }
            scalarCount += 1
            if isMark(shown) { markCount += 1 }
            guard scalarCount <= maximumScalarCount, markCount <= maximumMarkCount else {
                result.unicodeScalars.append(unknown)
                break
            }
            result.unicodeScalars.append(shown)
        }
        return result
    }

    /// Replaces harmful scalars. This precedes the split into characters, since a replacement may part or join its
    /// neighbours.
    private static func replaced(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { replacement(for: $0) != nil }) else { return text }
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if scalar == "\n", previous == "\r" { scalars.removeLast() }
            scalars.append(replacement(for: scalar) ?? scalar)
            previous = scalar
        }
        return String(scalars)
    }

    private static let unknown: Unicode.Scalar = "\u{FFFD}"

    /// Returns the replacement of a scalar.
    /// - Returns: Nil if the scalar is harmless.
    package static func replacement(for scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0x20...0x7E: return nil
        case 0x0A: return "\u{23CE}"
        case 0x09: return " "
        // The pictures of the C0 controls are in the order of the controls.
        case 0..<0x20: return Unicode.Scalar(0x2400 + scalar.value)
        case 0x7F: return "\u{2421}"
        case 0x80...0x9F: return unknown
        case 0xA0: return nil
        case 0x2028, 0x2029, 0xFFF9...0xFFFB: return unknown
        // Joiners and variation selectors: letters and emoji need them.
        case 0x200C, 0x200D, 0x034F, 0x180B...0x180D, 0xFE00...0xFE0F, 0xE0100...0xE01EF: return nil
        case 0xAC00...0xD7A3, 0x4E00...0x9FFF: return nil
        default:
            // Directions, invisible operators, fillers, tags: everything that is invisible by itself.
            let properties = scalar.properties
            return properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint ? unknown : nil
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }
}
