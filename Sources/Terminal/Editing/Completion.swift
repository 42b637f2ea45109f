import Wire
import Wording

/// The completions that Tab offers.
enum Completion {
    /// One completion: the text before the cursor that is replaced, and its replacement.
    struct Candidate: Equatable {
        var replaced: String
        var replacement: String
    }

    /// A cycle through the candidates, each replacing the one before; at the end the typed text returns.
    struct Cycle {
        private let candidates: [Candidate]
        private var index = 0
        private var current: String

        init?(_ candidates: [Candidate]) {
            guard let first = candidates.first else { return nil }
            self.candidates = candidates
            current = first.replaced
        }

        mutating func next() -> Candidate? {
            let replacement: String
            if index < candidates.count {
                replacement = candidates[index].replacement
            } else if candidates.count > 1 {
                replacement = candidates[0].replaced
            } else {
                return nil
            }
            let step = Candidate(replaced: current, replacement: replacement)
            index = index < candidates.count ? index + 1 : 0
            current = replacement
            return step
        }
    }

    /// Returns the candidates: a command at the start of the line, otherwise a name, as `name: ` at the start and `name
    /// ` elsewhere.
    static func candidates(before text: String, names: [String]) -> [Candidate] {
        let word = String(text.reversed().prefix { !$0.isWhitespace }.reversed())
        let isFirst = word.count == text.count
        if isFirst, word.hasPrefix("/"), !word.hasPrefix("//") {
            return CommandHelp.all.map { "/" + $0.name }.filter { $0.hasPrefix(word.lowercased()) }
                .map { Candidate(replaced: word, replacement: $0 + " ") }
        }
        let mark = word.hasPrefix("@") ? "@" : ""
        let start = FoldedText.compared(String(word.dropFirst(mark.count)))
        // An empty word offers no names, except where a command wants a name.
        guard !start.isEmpty || !mark.isEmpty || text.hasPrefix("/") else { return [] }
        return names.filter { FoldedText.compared($0).hasPrefix(start) }
            .map { Candidate(replaced: word, replacement: mark + $0 + (isFirst && mark.isEmpty ? ": " : " ")) }
    }
}
