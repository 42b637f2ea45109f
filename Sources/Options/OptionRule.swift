import PeerCore

/// One option that may stand on the command line and in a configuration file; a table of them is all that either
/// reader knows.
struct OptionRule<Options> {
    /// Without dashes; the key in the file.
    let name: String
    /// What the value looks like, for the help.
    let placeholder: String
    /// For the help, in lines of at most 52 characters.
    let help: [String]
    var isRepeated = false
    /// Reads the value into the options. Throws ``OptionProblem``.
    let apply: (_ value: String, _ options: inout Options, _ files: OptionFiles) throws -> Void
}

/// What is wrong with a value, in words that go on after the option's name: `takes a number from 1 to 9, not x`.
public struct OptionProblem: Error, Equatable {
    var text: String

    public init(_ text: String) { self.text = text }
}

/// Reads the files and knows the interfaces that options name. Tests have theirs in memory.
public struct OptionFiles: Sendable {
    /// The text of a file, or throws ``OptionProblem``.
    var read: @Sendable (_ path: String) throws -> String
    /// The number of an interface, by its name.
    var interfaceNumber: @Sendable (_ name: String) -> UInt32?

    public init(
        interfaceNumber: @escaping @Sendable (_ name: String) -> UInt32? = { _ in nil },
        read: @escaping @Sendable (_ path: String) throws -> String
    ) {
        self.read = read
        self.interfaceNumber = interfaceNumber
    }

    /// The first line, which is all that a file with one secret in it should have.
    func firstLine(of path: String) throws -> String {
        let line = try read(path).prefix { !$0.isNewline }
        guard !line.isEmpty else { throw OptionProblem("names \(path), whose first line is empty") }
        return String(line)
    }
}

/// One option as it was given.
public struct Setting: Equatable {
    var name: String
    var value: String
    var origin: Origin

    enum Origin: Equatable {
        case commandLine
        case file(path: String, line: Int)
    }

    /// What an error about it begins with.
    var place: String {
        switch origin {
        case .commandLine: "--\(name)"
        case .file(let path, let line): "\(path):\(line): \(name)"
        }
    }
}

extension OptionRule {
    /// Applies settings in their order. What stands on the command line wins over the file.
    /// - Throws: ``Arguments/Misuse`` with a line for everything that is wrong.
    static func apply(
        _ settings: [Setting], by rules: [OptionRule], to options: inout Options, files: OptionFiles
    ) throws(Arguments.Misuse) {
        var problems: [String] = []
        var lines: [String: Int] = [:]
        let onCommandLine = Set(settings.filter { $0.origin == .commandLine }.map(\.name))
        for setting in settings {
            guard let rule = rules.first(where: { $0.name == setting.name }) else {
                problems.append(unknown(setting))
                continue
            }
            var value = setting.value
            if case .file(let path, let line) = setting.origin {
                if let earlier = lines[rule.name], !rule.isRepeated {
                    problems.append("\(setting.place) was given in line \(earlier) already")
                    continue
                }
                lines[rule.name] = line
                if onCommandLine.contains(rule.name) { continue }
                if rule.placeholder == "FILE" { value = sibling(value, of: path) }
            }
            do {
                guard !value.isEmpty else { throw OptionProblem("needs a value") }
                try rule.apply(value, &options, files)
            } catch {
                problems.append("\(setting.place) \((error as? OptionProblem)?.text ?? "\(error)")")
            }
        }
        guard problems.isEmpty else { throw Arguments.Misuse(text: problems.joined(separator: "\n")) }
    }

    private static func unknown(_ setting: Setting) -> String {
        switch setting.origin {
        case .commandLine: "unknown option --\(setting.name) (try earshot relay --help)"
        case .file(let path, let line):
            "\(path):\(line): unknown option \(setting.name) (earshot relay --help lists them)"
        }
    }

    /// A path in a file is meant from where the file is.
    private static func sibling(_ path: String, of file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}

/// A file of `key = value` lines. Blank lines and lines that begin with `#` are passed over.
public enum ConfigurationFile {
    /// - Throws: With a line for everything that is no setting.
    public static func settings(in text: String, path: String) throws(Arguments.Misuse) -> [Setting] {
        var settings: [Setting] = []
        var problems: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = line.trimmed
            if trimmed.contains("\0") {
                problems.append("\(path):\(index + 1): has a NUL in it, which no option takes")
                continue
            }
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
                problems.append("\(path):\(index + 1): a line is KEY = VALUE, or a comment that begins with #")
                continue
            }
            let name = trimmed[..<equals].trimmed
            let value = trimmed[trimmed.index(after: equals)...].trimmed
            settings.append(
                Setting(name: String(name), value: String(value), origin: .file(path: path, line: index + 1)))
        }
        guard problems.isEmpty else { throw Arguments.Misuse(text: problems.joined(separator: "\n")) }
        return settings
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return text
    }
}
