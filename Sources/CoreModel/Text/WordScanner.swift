import Wire

/// Splits a text into words. ASCII, which most texts mostly are, costs one step a byte.
struct WordScanner {
    /// The words so far, separated by spaces, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var isInWord = false
    /// The size of the current word.
    private var wordBytes = 0
    /// The last letter of a run in a script without spaces, and the length of the run.
    private var run: (last: Unicode.Scalar, count: Int)?

    /// The approximate maximum size of a word in bytes; the rest is cut off, both here and in a search. No search is
    /// longer, and a longer limit would make an index store text sent as one word twice.
    private static let longestWord = 64

    // MARK: Texts

    /// Scans a text as it was sent.
    package mutating func take(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            while start < utf8.count {
                var end = start
                var isASCII = true
                while end < utf8.count, utf8[end] > 0x20 {
                    if utf8[end] >= 0x80 { isASCII = false }
                    end += 1
                }
                let part = UnsafeBufferPointer(rebasing: utf8[start..<end])
                if isASCII {
                    for byte in part { take(ascii: byte) }
                } else {
                    take(folded: Self.folded(String(decoding: part, as: UTF8.self))[...])
                }
                endWord()
                start = end + 1
            }
        }
    }

    /// Scans a text that is already folded and has no accents.
    package mutating func take(folded text: Substring) {
        for scalar in text.unicodeScalars {
            if scalar.isASCII { take(ascii: UInt8(scalar.value)) } else { take(scalar) }
        }
    }

    /// Ends the text.
    /// - Parameter isOpen: Whether its last word may be a prefix, as in a search.
    package mutating func end(isOpen: Bool) {
        if isOpen, let run, run.count > 1 { self.run = nil }
        endWord()
    }

    private static func folded(_ text: String) -> String {
        // Han, Kana and Hangul are left as they are, if they have no marks.
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0..<0x80, 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
            default: false
            }
        }
        return isPlain ? text.lowercased() : FoldedText.withoutAccents(FoldedText.compared(text))
    }

    // MARK: Characters

    private mutating func take(ascii byte: UInt8) {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: letter(byte)
        case 0x41...0x5A: letter(byte + 0x20)
        case 0...0x20, 0x7F: endWord()
        default: sign(ascii: byte)
        }
    }

    private mutating func letter(_ byte: UInt8) {
        beginWord()
        guard wordBytes < Self.longestWord else { return }
        wordBytes += 1
        bytes.append(byte)
    }

    /// Appends an ASCII sign as a word. It would be syntax to an index, so it is represented by a character of the
    /// private use area (U+F000 plus its code) in UTF-8.
    private mutating func sign(ascii byte: UInt8) {
        endWord()
        part()
        bytes.append(0xEF)
        bytes.append(0x80 | byte >> 6)
        bytes.append(0x80 | byte & 0x3F)
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        switch CharacterKind(scalar) {
        case .letter:
            beginWord()
            guard wordBytes < Self.longestWord else { break }
            wordBytes += UTF8.width(scalar)
            append(scalar)
        case .letterOfRun:
            isInWord = false
            if let run {
                part()
                append(run.last)
                append(scalar)
            }
            run = (scalar, (run?.count ?? 0) + 1)
        case .sign:
            if let ascii = Self.plain(scalar) {
                sign(ascii: ascii)
            } else {
                endWord()
                part()
                append(scalar)
            }
        case .gap: endWord()
        case .nothing: break
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }

    private mutating func part() { if !bytes.isEmpty { bytes.append(0x20) } }

    private mutating func beginWord() {
        guard !isInWord else { return }
        endWord()
        part()
        isInWord = true
        wordBytes = 0
    }

    /// Ends the word. Of a run, the last letter is added by itself, too, so that every letter begins a word.
    private mutating func endWord() {
        isInWord = false
        guard let run else { return }
        self.run = nil
        part()
        append(run.last)
    }

    /// Returns the ASCII form of an apostrophe, a quotation mark or a dash; all variants of each count as the same.
    private static func plain(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar {
        case "‘", "’", "‛", "ʼ": UInt8(ascii: "'")
        case "“", "”", "„", "‟", "«", "»": UInt8(ascii: "\"")
        case "‐", "‑", "‒", "–", "—": UInt8(ascii: "-")
        default: nil
        }
    }
}

/// The role of a non-ASCII character in a search.
private enum CharacterKind {
    case letter
    /// A letter of a script that is written without spaces between words.
    case letterOfRun
    /// A word by itself.
    case sign
    case gap
    /// Invisible; does not separate words.
    case nothing

    init(_ scalar: Unicode.Scalar) {
        let properties = scalar.properties
        if properties.isDefaultIgnorableCodePoint {
            self = .nothing
            return
        }
        switch properties.generalCategory {
        // A letter by its category, but in common use as an apostrophe.
        case .modifierLetter where scalar == "ʼ": self = .sign
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
        // Tangut, Khitan, Kana and Nushu; Han of the supplementary planes.
        case 0x16FE0...0x18D7F, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFF: true
        default: false
        }
    }
}
