/// Swift source with the contents of comments and string literals blanked out, line for line, so that what is left can
/// be searched and its braces counted. Code inside interpolations stays.
struct SwiftText: Sendable {
    let lines: [String]
    /// As `lines`, without what is in comments and string literals.
    let codeLines: [String]

    init(_ source: String) {
        lines = Self.split(Array(source.utf8))
        var blanking = Blanking(bytes: Array(source.utf8))
        codeLines = Self.split(blanking.run())
    }

    private static func split(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// One pass over the bytes of a file.
private struct Blanking {
    private enum Context {
        /// `parentheses` counts those open in an interpolation; nil outside of one.
        case code(parentheses: Int?)
        case string(hashes: Int, isMultiline: Bool)
    }

    let bytes: [UInt8]
    private var output: [UInt8] = []
    private var position = 0
    private var contexts: [Context] = [.code(parentheses: nil)]

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() -> [UInt8] {
        while position < bytes.count {
            switch contexts[contexts.count - 1] {
            case .code(let parentheses): stepInCode(parentheses: parentheses)
            case .string(let hashes, let isMultiline): stepInString(hashes: hashes, isMultiline: isMultiline)
            }
        }
        return output
    }

    private func has(_ text: String, at offset: Int = 0) -> Bool {
        bytes[min(position + offset, bytes.count)...].starts(with: text.utf8)
    }

    private mutating func keep(_ count: Int) {
        output.append(contentsOf: bytes[position..<position + count])
        position += count
    }

    private mutating func blank(_ count: Int) {
        for byte in bytes[position..<min(position + count, bytes.count)] { output.append(byte == 0x0A ? 0x0A : 0x20) }
        position = min(position + count, bytes.count)
    }

    /// How many bytes from here on are none of these, which mean something.
    private func plainCount(before marks: [UInt8]) -> Int {
        (bytes[position...].firstIndex(where: marks.contains) ?? bytes.count) - position
    }

    private mutating func stepInCode(parentheses: Int?) {
        let plainCount = plainCount(before: Array("/\"#()".utf8))
        if plainCount > 0 {
            keep(plainCount)
        } else if has("//") {
            blank(self.plainCount(before: [0x0A]))
        } else if has("/*") {
            blankBlockComment()
        } else if has("\"") || has("#") {
            beginString()
        } else {
            if let parentheses {
                if has("(") { contexts[contexts.count - 1] = .code(parentheses: parentheses + 1) }
                if has(")") {
                    contexts[contexts.count - 1] = .code(parentheses: parentheses - 1)
                    if parentheses == 1 { contexts.removeLast() }
                }
            }
            keep(1)
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if has("/*") {
                depth += 1
                blank(2)
            } else if has("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func beginString() {
        var hashes = 0
        while has("#", at: hashes) { hashes += 1 }
        guard has("\"", at: hashes) else { return keep(max(hashes, 1)) }
        let isMultiline = has("\"\"\"", at: hashes)
        keep(hashes + (isMultiline ? 3 : 1))
        contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
    }

    private mutating func stepInString(hashes: Int, isMultiline: Bool) {
        let plainCount = plainCount(before: Array("\\\"".utf8))
        guard plainCount == 0 else { return blank(plainCount) }
        let marks = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + marks
        if has(end) {
            keep(end.utf8.count)
            contexts.removeLast()
        } else if has("\\" + marks + "(") {
            blank(1 + hashes)
            keep(1)
            contexts.append(.code(parentheses: 1))
        } else if has("\\" + marks) {
            blank(2 + hashes)
        } else {
            blank(1)
        }
    }
}
