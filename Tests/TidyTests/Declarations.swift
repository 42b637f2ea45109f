/// What a file declares, found by counting braces: enough of Swift's grammar for sizes and names.
struct Declarations: Sendable {
    struct Function: Equatable {
        var name: String
        var line: Int
        var lineCount: Int
    }

    struct TypeBody: Equatable {
        var name: String
        var storedProperties: Int
    }

    private(set) var functions: [Function] = []
    private(set) var types: [TypeBody] = []

    private enum Scope {
        case type(Int)
        case function(name: String, line: Int)
        case other
    }

    private struct Token {
        var text: String
        var line: Int
    }

    private var scopes: [Scope] = []
    /// What the next brace opens, and at which depth of parentheses it was announced.
    private var pending: (scope: Scope, parentheses: Int)?
    private var parentheses = 0

    init(in text: SwiftText) {
        let tokens = Self.tokens(of: text)
        for index in tokens.indices { read(tokens, at: index) }
    }

    /// Of letters, digits and the low line; all that is not ASCII counts as letters.
    private static let isWordByte: [Bool] = (0...255 as ClosedRange<UInt8>).map { byte in
        byte >= 0x80 || byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func tokens(of text: SwiftText) -> [Token] {
        var tokens: [Token] = []
        for (number, line) in text.codeLines.enumerated() {
            // By bytes: by characters it takes ten times as long in a build for debugging.
            let bytes = Array(line.utf8)
            var place = 0
            while place < bytes.count {
                var end = place
                while end < bytes.count, isWordByte[Int(bytes[end])] { end += 1 }
                if end == place { end += 1 }
                if bytes[place] != 0x20 {
                    tokens.append(Token(text: String(decoding: bytes[place..<end], as: UTF8.self), line: number + 1))
                }
                place = end
            }
        }
        return tokens
    }

    private mutating func read(_ tokens: [Token], at index: Int) {
        let token = tokens[index]
        let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
        let isMember = index > 0 && tokens[index - 1].text == "."
        switch token.text {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{": open()
        case "}": close(at: token.line)
        case "struct", "class", "actor", "enum", "protocol", "extension":
            guard !isMember, next.first?.isLetter == true, !["func", "var", "let"].contains(next) else { return }
            types.append(TypeBody(name: next, storedProperties: 0))
            pending = (.type(types.count - 1), parentheses)
        case "func", "init", "deinit", "subscript":
            guard !isMember else { return }
            let name = token.text == "func" ? next : token.text
            pending = (.function(name: name, line: token.line), parentheses)
        case "var", "let":
            readProperty(tokens, at: index, name: next)
        default: break
        }
    }

    private mutating func open() {
        if let pending, pending.parentheses == parentheses {
            scopes.append(pending.scope)
            self.pending = nil
        } else {
            scopes.append(.other)
        }
    }

    private mutating func close(at line: Int) {
        if let pending, pending.parentheses == parentheses { self.pending = nil }
        if case .function(let name, let first)? = scopes.popLast() {
            functions.append(Function(name: name, line: first, lineCount: line - first + 1))
        }
    }

    /// A property counts for its type unless it is static or computed; a computed one counts as a function.
    private mutating func readProperty(_ tokens: [Token], at index: Int, name: String) {
        guard parentheses == 0, case .type(let type)? = scopes.last else { return }
        pending = nil
        var before = index - 1
        while before >= 0, tokens[before].line == tokens[index].line {
            if tokens[before].text == "static" || tokens[before].text == "class" { return }
            before -= 1
        }
        if let brace = bodyBrace(tokens, after: index) {
            let first = brace + 1 < tokens.count ? tokens[brace + 1].text : ""
            if first != "didSet" && first != "willSet" {
                pending = (.function(name: name, line: tokens[index].line), 0)
                return
            }
        }
        types[type].storedProperties += 1
    }

    /// The brace that follows a property's name and type, if no value does first.
    private func bodyBrace(_ tokens: [Token], after index: Int) -> Int? {
        for candidate in tokens[index...].indices {
            if tokens[candidate].text == "{" { return candidate }
            let isContinued = tokens[candidate].line == tokens[index].line
            if tokens[candidate].text == "=" || tokens[candidate].text == "}" || !isContinued { return nil }
        }
        return nil
    }
}
