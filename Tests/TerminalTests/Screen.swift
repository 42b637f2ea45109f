import CoreModel
import Wording

/// A terminal with the features that we use, which shows what a person would see. Its idea of widths is its own, so
/// that a mistake in ours shows. Rows scroll up without limit; a change of size wraps again, as in most terminals.
struct Screen {
    private(set) var columns: Int
    /// The cells of a row; the second half of a wide character is "".
    private var rows: [[String]] = [[]]
    /// Whether the row continues in the next because it was full.
    private var isWrapped = [false]
    private(set) var row = 0
    private(set) var column = 0
    private(set) var bellCount = 0
    private(set) var isPasteMarked = false
    /// The sequences that we sent and that no terminal should receive from us.
    private(set) var unknown: [String] = []

    init(columns: Int) { self.columns = columns }

    /// The visible rows, without blanks at their ends.
    var text: [String] {
        rows.map { cells in
            var cells = cells
            while cells.last == " " { cells.removeLast() }
            return cells.joined()
        }
    }

    /// The rows, joined where a line was too long for one row.
    var lines: [String] {
        var lines: [String] = []
        var current = ""
        for (index, cells) in rows.enumerated() {
            current += cells.joined()
            if isWrapped[index] { continue }
            lines.append(current)
            current = ""
        }
        return lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
    }

    /// Returns the text of that many columns before the cursor.
    func cell(beforeCursor width: Int) -> String? {
        column >= width && column - width < rows[row].count ? rows[row][column - width] : nil
    }

    mutating func write(_ bytes: [UInt8]) {
        var rest = Array(String(decoding: bytes, as: UTF8.self))[...]
        while let character = rest.popFirst() {
            switch character {
            case "\r": column = 0
            case "\n": lineFeed()
            case "\r\n":
                column = 0
                lineFeed()
            case "\u{07}": bellCount += 1
            case "\u{1B}": escape(&rest)
            default: put(character)
            }
        }
    }

    private mutating func lineFeed() {
        row += 1
        if row == rows.count {
            rows.append([])
            isWrapped.append(false)
        }
    }

    private static func width(_ character: Character) -> Int {
        let wide: [ClosedRange<UInt32>] = [0x3000...0x9FFF, 0xAC00...0xD7A3, 0xFF01...0xFF60, 0x1F300...0x1FAFF]
        let isWide = character.unicodeScalars.contains { scalar in wide.contains { $0.contains(scalar.value) } }
        return isWide ? 2 : 1
    }

    private mutating func put(_ character: Character) {
        let width = Self.width(character)
        if column + width > columns {
            isWrapped[row] = true
            column = 0
            lineFeed()
        }
        while rows[row].count < column + width { rows[row].append(" ") }
        rows[row][column] = String(character)
        if width == 2 { rows[row][column + 1] = "" }
        column += width
    }

    private mutating func escape(_ rest: inout ArraySlice<Character>) {
        guard rest.popFirst() == "[" else { return unknown.append("ESC") }
        var parameters = ""
        while let character = rest.popFirst() {
            guard character.isLetter else {
                parameters.append(character)
                continue
            }
            return control(character, parameters)
        }
    }

    private mutating func control(_ final: Character, _ parameters: String) {
        switch (final, parameters) {
        case ("m", _): break
        case ("K", ""): eraseToEndOfRow()
        case ("J", ""):
            eraseToEndOfRow()
            rows.removeSubrange((row + 1)...)
            isWrapped.removeSubrange((row + 1)...)
        case ("J", "2"):
            rows = [[]]
            isWrapped = [false]
        case ("H", ""): (row, column) = (0, 0)
        case ("A", _): row = max(0, row - (Int(parameters) ?? 1))
        case ("C", _): column = min(columns - 1, column + (Int(parameters) ?? 1))
        case ("h", "?2004"): isPasteMarked = true
        case ("l", "?2004"): isPasteMarked = false
        default: unknown.append("\(parameters)\(final)")
        }
    }

    private mutating func eraseToEndOfRow() {
        rows[row] = Array(rows[row].prefix(column))
        isWrapped[row] = false
    }

    /// Wraps every line again; the cursor stays on its character.
    mutating func resize(columns new: Int) {
        var lines: [[String]] = [[]]
        var cursor = (line: 0, cell: 0)
        for (index, cells) in rows.enumerated() {
            if index == row { cursor = (lines.count - 1, lines[lines.count - 1].count + column) }
            lines[lines.count - 1] += cells
            if !isWrapped[index], index < rows.count - 1 { lines.append([]) }
        }
        (columns, rows, isWrapped) = (new, [], [])
        for (index, cells) in lines.enumerated() {
            var start = 0
            repeat {
                var end = min(start + new, cells.count)
                if end < cells.count, cells[end].isEmpty { end -= 1 }
                if index == cursor.line, cursor.cell >= start { (row, column) = (rows.count, cursor.cell - start) }
                rows.append(Array(cells[start..<end]))
                isWrapped.append(end < cells.count)
                start = end
            } while start < cells.count
        }
        // Past the end of the text, the cursor stays in its row.
        column = min(column, new - 1)
    }
}
