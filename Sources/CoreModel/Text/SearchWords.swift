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
        phrases = FoldedText.withoutAccents(FoldedText.compared(typed)).split(whereSeparator: \.isWhitespace)
            .compactMap { part in
                var scanner = WordScanner()
                scanner.take(folded: Self.trimmed(part))
                scanner.end(isOpen: true)
                let words = Self.split(scanner.bytes)
                return words.isEmpty ? nil : words
            }
    }

    /// The words of what was said, in order, parted by blanks, in UTF-8: what an index is given.
    public static func indexed(_ text: String) -> [UInt8] {
        var scanner = WordScanner()
        scanner.take(text)
        scanner.end(isOpen: false)
        return scanner.bytes
    }

    /// The words of what was said, in order.
    package static func words(of text: String) -> [String] { split(indexed(text)) }

    private static func split(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    }

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
