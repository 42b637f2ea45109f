import Wire

/// Whether somebody is spoken of.
enum Mention {
    /// Whether the name stands in the text as a word of its own, compared as names are.
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

    /// A hyphen with something behind it makes another name: ana-2 is not ana.
    private static func isOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }
}
