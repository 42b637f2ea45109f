import Wording

/// The row at the bottom where the line is typed. It is one row at any width: a longer line is shown in part, around
/// the cursor, with `‹` and `›` where it continues.
struct PromptRow {
    /// The minimum width: fewer columns cannot hold a prompt and a wide character.
    private static let minimumColumns = 8

    private(set) var columns = 80
    /// The index of the first character shown.
    private var leftmost = 0
    private var isDrawn = false
    /// The text drawn before the cursor and under it.
    private var drawnThroughCursor = ""

    /// Sets the width of the terminal.
    /// - Returns: The bytes that remove the row as the terminal shows it after its size has changed. Most terminals
    ///   wrap again, so a row that is longer than the new width now takes several rows.
    mutating func resize(columns: Int) -> String {
        let new = max(Self.minimumColumns, columns)
        defer { self.columns = new }
        guard isDrawn else { return "" }
        isDrawn = false
        leftmost = 0
        let rowsAbove = rowsAboveCursor(columns: new)
        return (rowsAbove > 0 ? "\u{1B}[\(rowsAbove)A" : "") + "\r\u{1B}[J"
    }

    /// Returns the number of rows above the cursor's that the row takes once the terminal has wrapped it again.
    private func rowsAboveCursor(columns: Int) -> Int {
        var rows = 0
        var column = 0
        for character in drawnThroughCursor {
            let width = DisplayWidth.of(character)
            if column + width > columns {
                rows += 1
                column = 0
            }
            column += width
        }
        return rows
    }

    /// Removes the row, so that lines can be written in its place.
    /// - Returns: The bytes to write.
    mutating func erase() -> String {
        guard isDrawn else { return "" }
        isDrawn = false
        return "\r\u{1B}[K"
    }

    /// Draws the row, with the cursor in its place.
    /// - Returns: The bytes to write.
    mutating func draw(prompt: String, editor: LineEditor) -> String {
        let prompt = Self.fitting(prompt, columns: min(columns / 2, columns - 6))
        let promptWidth = DisplayWidth.of(prompt)
        // The last column stays free: terminals differ in when they wrap after a character is written there.
        let room = columns - 1 - promptWidth
        scroll(editor, room: room)
        var shown = leftmost > 0 ? "‹" : ""
        var width = leftmost > 0 ? 1 : 0
        var beforeCursor = shown
        var index = leftmost
        while index < editor.characters.count {
            let text = SafeText.shown(editor.characters[index])
            let next = width + DisplayWidth.of(text)
            if next > room - 1 {
                shown += "›"
                break
            }
            shown += text
            width = next
            index += 1
            if index == editor.cursor { beforeCursor = shown }
        }
        // The cursor is on a written character, so that terminals agree on its place when they wrap again.
        if editor.cursor == editor.characters.count { shown += " " }
        let cursorColumn = DisplayWidth.of(prompt + beforeCursor)
        let underCursor = shown.dropFirst(beforeCursor.count).prefix(1)
        drawnThroughCursor = prompt + beforeCursor + underCursor
        isDrawn = true
        return "\r" + prompt + shown + "\u{1B}[K\r" + (cursorColumn > 0 ? "\u{1B}[\(cursorColumn)C" : "")
    }

    /// Scrolls only when the cursor would leave the visible part, and then so that there is text on both sides of it.
    private mutating func scroll(_ editor: LineEditor, room: Int) {
        let isOutside = editor.cursor < leftmost || (editor.cursor == leftmost && leftmost > 0)
        if !isOutside, widthFits(editor, from: leftmost, room: room - 2) { return }
        var index = editor.cursor
        var width = 0
        while index > 0 {
            width += DisplayWidth.of(SafeText.shown(editor.characters[index - 1]))
            if width > room * 2 / 3 { break }
            index -= 1
        }
        // Either all of it fits, or a single character is wider than the row.
        leftmost = index == editor.cursor && index > 0 ? index - 1 : index
    }

    /// Returns whether the characters up to the cursor fit.
    private func widthFits(_ editor: LineEditor, from start: Int, room: Int) -> Bool {
        var width = 0
        for index in start..<editor.cursor {
            width += DisplayWidth.of(SafeText.shown(editor.characters[index]))
            if width > room { return false }
        }
        return true
    }

    /// Shortens a long prompt at its end, which matters least, but keeps the closing mark.
    private static func fitting(_ prompt: String, columns: Int) -> String {
        guard DisplayWidth.of(prompt) > columns else { return prompt }
        var result = ""
        var width = 0
        for character in prompt {
            width += DisplayWidth.of(character)
            if width > columns - 3 { break }
            result.append(character)
        }
        return result + "…> "
    }
}
