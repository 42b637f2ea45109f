import Foundation

/// The test vectors of Protocol.md, which are in the files of Tests/Vectors, in blocks such as
///
///     ```vector kind=frame name=ping
///     number: 1000
///     bytes: 82 03 1903e8
///     ```
///
/// A line is a key, a colon and a value. A line that begins with white space continues the value before it; a line
/// that begins with `#` is a comment. Text outside of blocks is skipped. Protocol.md documents the keys of each kind.
public struct ProtocolDocument: Sendable {
    /// All vectors, in the order of the text; those of several files in the order of the files' names.
    public let vectors: [ProtocolVector]

    /// An error in a text with vectors, and its line.
    public struct Fault: Error, Equatable, Sendable {
        public var line: Int
        public var text: String
    }

    public init(parsing text: String) throws(Fault) {
        vectors = try Self.unique(Self.vectors(in: text))
    }

    private init(files: [String]) throws(Fault) {
        var all: [ProtocolVector] = []
        for text in files { all += try Self.vectors(in: text) }
        vectors = try Self.unique(all)
    }

    private static func vectors(in text: String) throws(Fault) -> [ProtocolVector] {
        var vectors: [ProtocolVector] = []
        var open: ProtocolVector?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            if var vector = open {
                if line == "```" {
                    vectors.append(vector)
                    open = nil
                } else {
                    try vector.append(line, number: number)
                    open = vector
                }
            } else if line.hasPrefix("```vector") {
                open = try ProtocolVector(heading: line, number: number)
            }
        }
        if let open { throw Fault(line: open.line, text: "the vector \(open.name) has no end") }
        return vectors
    }

    private static func unique(_ vectors: [ProtocolVector]) throws(Fault) -> [ProtocolVector] {
        var names: Set<String> = []
        for vector in vectors where !names.insert(vector.description).inserted {
            throw Fault(line: vector.line, text: "there are two vectors \(vector)")
        }
        return vectors
    }

    /// Reads the vectors of all files in Tests/Vectors.
    public static func load() throws -> ProtocolDocument {
        let directory = root.appending(path: "Tests/Vectors")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".txt") }
        return try ProtocolDocument(
            files: names.sorted().map { try String(contentsOf: directory.appending(path: $0), encoding: .utf8) })
    }

    /// Returns the text of a document at the root of this repository.
    public static func text(of name: String = "Protocol.md") throws -> String {
        try String(contentsOf: root.appending(path: name), encoding: .utf8)
    }

    /// The root of this repository, found from the path under which this file was compiled.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    public func vectors(kind: String) -> [ProtocolVector] { vectors.filter { $0.kind == kind } }

    public func vector(kind: String, name: String) -> ProtocolVector? {
        vectors.first { $0.kind == kind && $0.name == name }
    }
}

/// One block of test vectors.
public struct ProtocolVector: Sendable, CustomStringConvertible {
    public let kind: String
    public let name: String
    /// Where it begins, counted from 1.
    public let line: Int
    /// In the order of the block; a key may come more than once.
    public private(set) var fields: [(key: String, value: String)] = []

    public var description: String { "\(kind) \(name)" }

    fileprivate init(heading: Substring, number: Int) throws(ProtocolDocument.Fault) {
        var kind: String?
        var name: String?
        for word in heading.split(separator: " ").dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            switch parts.first {
            case "kind" where parts.count == 2: kind = String(parts[1])
            case "name" where parts.count == 2: name = String(parts[1])
            default: throw .init(line: number, text: "a vector has a kind=… and a name=…, not \(word)")
            }
        }
        guard let kind, let name, heading.hasPrefix("```vector ") else {
            throw .init(line: number, text: "a vector needs a kind=… and a name=…")
        }
        self.kind = kind
        self.name = name
        line = number
    }

    fileprivate mutating func append(_ text: Substring, number: Int) throws(ProtocolDocument.Fault) {
        if text.hasPrefix("#") || text.allSatisfy(\.isWhitespace) { return }
        if text.first?.isWhitespace == true {
            guard let last = fields.indices.last else {
                throw .init(line: number, text: "nothing to go on with in the vector \(name)")
            }
            fields[last].value += " " + text.trimmingCharacters(in: .whitespaces)
            return
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw .init(line: number, text: "no colon after the key in the vector \(name)")
        }
        let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        fields.append((String(text[..<colon]), value))
    }

    /// The first value of a key; nil if there is none.
    public func text(_ key: String) -> String? { fields.first { $0.key == key }?.value }

    /// All values of a key.
    public func texts(_ key: String) -> [String] { fields.filter { $0.key == key }.map(\.value) }

    /// A value in hexadecimal.
    public func bytes(_ key: String) -> [UInt8]? { text(key).flatMap { [UInt8](hexadecimal: $0) } }

    /// A value in decimal.
    public func number(_ key: String) -> UInt64? { text(key).flatMap { UInt64($0) } }
}
