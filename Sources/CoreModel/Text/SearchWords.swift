import Wire

/// The words of a search, and the words by which texts are found. They are compared as names are, without accents.
///
/// A word is a run of letters and digits. Scripts that are written without spaces between words, such as Chinese, yield
/// every pair of neighbouring letters instead, so that a word is found anywhere in its sentence. Every other visible
/// character is a word by itself: `C++` is found as typed, by the three consecutive words `c`, `+`, `+`.
public struct SearchWords: Equatable, Sendable {
    /// For each part of the input, words that must be consecutive; the last of them may be a prefix.
    public let phrases: [[String]]

    public var isEmpty: Bool { phrases.isEmpty }
    /// The number of words in all phrases.
    public var count: Int { phrases.reduce(0) { $0 + $1.count } }

    /// Parses the input, whose parts are separated by white space.
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

    /// Returns the words of a text in order, separated by spaces, in UTF-8, for an index.
    public static func indexed(_ text: String) -> [UInt8] {
        var scanner = WordScanner()
        scanner.take(text)
        scanner.end(isOpen: false)
        return scanner.bytes
    }

    /// Returns the words of a text in order.
    package static func words(of text: String) -> [String] { split(indexed(text)) }

    private static func split(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns whether a text has everything that is searched for.
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

    /// Strips punctuation that ends a sentence or encloses a word, unless nothing else is left.
    private static func trimmed(_ part: Substring) -> Substring {
        var inner = part
        while let last = inner.last, ".,;:!?…。、，！？\"'’”»".contains(last) { inner.removeLast() }
        while let first = inner.first, "\"'‘“„«¿¡".contains(first) { inner.removeFirst() }
        if inner.first == "(", inner.last == ")" { inner = inner.dropFirst().dropLast() }
        let hasWord = inner.contains { $0.isLetter || $0.isNumber }
        return hasWord ? inner : part
    }
}
