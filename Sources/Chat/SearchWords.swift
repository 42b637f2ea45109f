import Wire

/// What a text is found by, and what is looked for in it: words as names are compared, without accents.
///
/// A word is a run of letters and digits. Scripts that are written without blanks between words, such as Chinese, give
/// every pair of neighbouring letters instead, so that a word is found wherever it stands in its sentence. Every other
/// visible character is a word by itself: `C++` is found as it was typed, by the three words `c`, `+`, `+` in a row.
public struct SearchWords: Equatable, Sendable {
    /// For each part of what was typed, words that must stand in a row; the last of them may be the beginning of one.
    public let phrases: [[String]]

    public var isEmpty: Bool { phrases.isEmpty }
    /// Of all phrases.
    public var count: Int { phrases.reduce(0) { $0 + $1.count } }

    /// Reads what was typed, parted by blanks.
    public init(_ typed: String) {
        phrases = Self.compared(typed).split(whereSeparator: \.isWhitespace).compactMap { part in
            let words = Scanner.words(of: Self.trimmed(part), isAsked: true)
            return words.isEmpty ? nil : words
        }
    }

    /// The words of what was said, in order.
    public static func words(of text: String) -> [String] { Scanner.words(of: compared(text)[...], isAsked: false) }

    /// Whether what was said has all that is looked for.
    func areFound(in text: String) -> Bool {
        let said = Self.words(of: text)
        return phrases.allSatisfy { phrase in
            guard said.count >= phrase.count, let last = phrase.last else { return false }
            return (0...said.count - phrase.count).contains { start in
                let end = start + phrase.count - 1
                return said[start..<end].elementsEqual(phrase.dropLast()) && said[end].utf8.starts(with: last.utf8)
            }
        }
    }

    private static func compared(_ text: String) -> String {
        FoldedText.withoutAccents(FoldedText.compared(text))
    }

    /// Without what closes a sentence or stands around a word, unless there is nothing else.
    private static func trimmed(_ part: Substring) -> Substring {
        var inner = part
        while let last = inner.last, ".,;:!?…。、，！？\"'’”»".contains(last) { inner.removeLast() }
        while let first = inner.first, "\"'‘“„«¿¡".contains(first) { inner.removeFirst() }
        if inner.first == "(", inner.last == ")" { inner = inner.dropFirst().dropLast() }
        let hasWord = inner.contains { $0.isLetter || $0.isNumber }
        return hasWord ? inner : part
    }
}

/// Takes a text apart.
private struct Scanner {
    private(set) var words: [String] = []
    private var word = String.UnicodeScalarView()
    /// The run of letters of a script without blanks that ends here.
    private var run: [Unicode.Scalar] = []

    /// - Parameter isAsked: the text is looked for: a run at its end may go on in what was said.
    static func words(of text: Substring, isAsked: Bool) -> [String] {
        var scanner = Scanner()
        for scalar in text.unicodeScalars { scanner.take(scalar) }
        scanner.endWord()
        scanner.endRun(isOpen: isAsked)
        return scanner.words
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        switch Kind(scalar) {
        case .letter:
            endRun()
            word.append(scalar)
        case .letterOfRun:
            endWord()
            run.append(scalar)
        case .sign:
            endWord()
            endRun()
            words.append(String(Self.quote(scalar)))
        case .gap:
            endWord()
            endRun()
        case .nothing: break
        }
    }

    private mutating func endWord() {
        guard !word.isEmpty else { return }
        words.append(String(word))
        word = String.UnicodeScalarView()
    }

    /// The last letter by itself, too, so that every letter begins a word.
    private mutating func endRun(isOpen: Bool = false) {
        guard !run.isEmpty else { return }
        for (first, second) in zip(run, run.dropFirst()) {
            words.append(String(String.UnicodeScalarView([first, second])))
        }
        if !isOpen || run.count == 1 { words.append(String(run[run.count - 1])) }
        run.removeAll()
    }

    /// A sign of ASCII would be syntax to an index: it is named by a character of the private use area instead. All
    /// apostrophes and quotation marks are one.
    private static func quote(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "‘", "’", "‛", "ʼ", "`", "´": quote("'")
        case "“", "”", "„", "‟", "«", "»": quote("\"")
        case "‐", "‑", "‒", "–", "—": quote("-")
        default: scalar.isASCII ? Unicode.Scalar(0xF000 + scalar.value)! : scalar
        }
    }

    private enum Kind {
        case letter, letterOfRun, sign, gap
        /// Is not seen, and parts no word.
        case nothing

        init(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: self = .letter
            case 0...0x20, 0x7F: self = .gap
            case 0x21..<0x80: self = .sign
            default: self = Kind(of: scalar)
            }
        }

        private init(of scalar: Unicode.Scalar) {
            let properties = scalar.properties
            if properties.isDefaultIgnorableCodePoint {
                self = .nothing
                return
            }
            switch properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
                .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
                self = Self.isWrittenWithoutBlanks(scalar.value) ? .letterOfRun : .letter
            case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .unassigned:
                self = .gap
            default: self = .sign
            }
        }

        private static func isWrittenWithoutBlanks(_ value: UInt32) -> Bool {
            switch value {
            // Thai, Lao, Myanmar, Khmer.
            case 0xE00...0xEFF, 0x1000...0x109F, 0x1780...0x17FF: true
            // Tai Le, New Tai Lue, Khmer symbols, Tai Tham, Balinese.
            case 0x1950...0x19FF, 0x1A20...0x1AAF, 0x1B00...0x1B7F: true
            // Radicals, marks of Han, Hiragana, Katakana, Bopomofo.
            case 0x2E80...0x312F, 0x31A0...0x31FF: true
            // Han, Yi.
            case 0x3400...0xA4CF, 0xF900...0xFAFF: true
            // Javanese, Myanmar, Tai Viet.
            case 0xA980...0xA9FF, 0xAA60...0xAADF: true
            // Tangut, Khitan, Kana and Nushu; Han of the further planes.
            case 0x16FE0...0x18D7F, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFF: true
            default: false
            }
        }
    }
}
