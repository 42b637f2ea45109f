import Wire

/// Detects whether a text mentions somebody.
enum Mention {
    /// Returns whether the name occurs in the text as a word of its own, compared as names are.
    static func of(_ name: String, in text: String) -> Bool {
        let name = Array(FoldedText.compared(name))
        let text = Array(FoldedText.compared(text))
        guard !name.isEmpty, name.count <= text.count else { return false }
        return (0...text.count - name.count).contains { start in
            let end = start + name.count
            return text[start..<end].elementsEqual(name)
                && (start == 0 || !isOfName(text[start - 1])) && (end == text.count || !isOfName(text[end]))
        }
    }

    /// Returns whether a character can be part of a name. After a hyphen the name goes on: ana-2 is not ana.
    private static func isOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }
}
