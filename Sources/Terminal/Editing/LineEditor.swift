/// The line being typed: its text and cursor, the lines typed before, and the text that was cut.
///
/// The unit is the character as a person sees it. A pasted newline stays in the line (shown as `⏎`), so a pasted text
/// of several lines is sent as one message.
struct LineEditor {
    /// An action that the caller has to take.
    enum Action: Equatable {
        case submit(String)
        case quit
        /// Clear the screen and draw again.
        case redraw
        /// Call ``complete(names:)`` to complete the text before the cursor.
        case complete
        /// Nothing can be done: the line is too long, or there is nothing to complete.
        case refuse
    }

    /// The maximum length, four times the longest text that can be sent; the core reports texts that are too long.
    static let maximumBytes = 64 * 1024
    private static let maximumRecallCount = 500

    private(set) var characters: [Character] = []
    /// The number of characters before the cursor.
    private(set) var cursor = 0
    private var cut = ""
    private var recall = Recall()
    private var cycle: Completion.Cycle?

    var text: String { String(characters) }
    var isEmpty: Bool { characters.isEmpty }
    var textBeforeCursor: String { String(characters[..<cursor]) }

    mutating func handle(_ key: Key) -> Action? {
        if key != .tab { cycle = nil }
        switch key {
        case .text(let text): return insert(text)
        case .paste(let text): return insert(text)
        case .enter: return submit()
        case .tab: return .complete
        case .backspace: remove(max(0, cursor - 1)..<cursor)
        case .delete: remove(cursor..<min(characters.count, cursor + 1))
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(characters.count, cursor + 1)
        case .wordLeft: cursor = wordStart
        case .wordRight: cursor = wordEnd
        case .home: cursor = 0
        case .end: cursor = characters.count
        case .up: if let line = recall.earlier(than: text) { set(line) }
        case .down: if let line = recall.later(than: text) { set(line) }
        case .killToEnd: kill(cursor..<characters.count)
        case .killToStart: kill(0..<cursor)
        case .killWord: kill(wordStart..<cursor)
        case .killNextWord: kill(cursor..<wordEnd)
        case .yank: return insert(cut)
        case .redraw: return .redraw
        case .interrupt:
            if isEmpty { return .quit }
            // The line is cleared, but Up brings it back.
            recall.add(text)
            set("")
        case .endOfInput:
            if isEmpty { return .quit }
            remove(cursor..<min(characters.count, cursor + 1))
        }
        return nil
    }

    /// Sets the line, for example to one that could not be sent.
    mutating func set(_ line: String) {
        characters = Array(line)
        cursor = characters.count
    }

    private mutating func submit() -> Action {
        let line = text
        recall.add(line)
        set("")
        return .submit(line)
    }

    /// Inserts text. The whole line is split into characters again, since the inserted text may join those around it.
    private mutating func insert(_ inserted: String) -> Action? {
        let before = textBeforeCursor + inserted
        let whole = before + String(characters[cursor...])
        guard whole.utf8.count <= Self.maximumBytes else { return .refuse }
        characters = Array(whole)
        var bytes = 0
        cursor = characters.count
        for (index, character) in characters.enumerated() {
            if bytes >= before.utf8.count {
                cursor = index
                break
            }
            bytes += character.utf8.count
        }
        return nil
    }

    private mutating func remove(_ range: Range<Int>) {
        let before = characters[..<range.lowerBound]
        let after = String(characters[range.upperBound...])
        characters = Array(String(before) + after)
        cursor = min(before.count, characters.count)
    }

    private mutating func kill(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        cut = String(characters[range])
        remove(range)
    }

    private var wordStart: Int {
        var index = cursor
        while index > 0, characters[index - 1].isWhitespace { index -= 1 }
        while index > 0, !characters[index - 1].isWhitespace { index -= 1 }
        return index
    }

    private var wordEnd: Int {
        var index = cursor
        while index < characters.count, characters[index].isWhitespace { index += 1 }
        while index < characters.count, !characters[index].isWhitespace { index += 1 }
        return index
    }

    /// Completes the text before the cursor (Tab): the first time with the first candidate, each further time with the
    /// next.
    mutating func complete(names: [String]) -> Action? {
        if cycle == nil { cycle = Completion.Cycle(Completion.candidates(before: textBeforeCursor, names: names)) }
        guard let next = cycle?.next() else {
            cycle = nil
            return .refuse
        }
        let previous = min(cursor, next.replaced.count)
        characters.replaceSubrange((cursor - previous)..<cursor, with: Array(next.replacement))
        cursor += next.replacement.count - previous
        return nil
    }

    /// The lines typed before, and the draft that Up left behind.
    private struct Recall {
        private var lines: [String] = []
        /// The current index in `lines`; nil at the line being typed.
        private var position: Int?
        private var draft = ""

        mutating func add(_ line: String) {
            position = nil
            guard !line.isEmpty, lines.last != line else { return }
            lines.append(line)
            if lines.count > LineEditor.maximumRecallCount { lines.removeFirst() }
        }

        mutating func earlier(than current: String) -> String? {
            let index = position ?? lines.count
            guard index > 0 else { return nil }
            if position == nil { draft = current }
            position = index - 1
            return lines[index - 1]
        }

        mutating func later(than current: String) -> String? {
            guard let index = position else { return nil }
            guard index + 1 < lines.count else {
                position = nil
                return draft
            }
            position = index + 1
            return lines[index + 1]
        }
    }
}
