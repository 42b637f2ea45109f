import PeerCore

/// One option that may be given on the command line and in a configuration file. A table of these rules is all that
/// either parser knows.
struct OptionRule<Options> {
    /// The name without dashes, which is also the key in the file.
    let name: String
    /// A placeholder for the value, shown in the help.
    let placeholder: String
    /// The description for the help, in lines of at most 52 characters.
    let help: [String]
    var isRepeated = false
    /// Parses the value into the options. Throws ``OptionProblem``.
    let apply: (_ value: String, _ options: inout Options, _ files: OptionFiles) throws -> Void
}

/// A mistake in a value, worded to follow the option's name: `takes a number from 1 to 9, not x`.
public struct OptionProblem: Error, Equatable {
    var text: String

    public init(_ text: String) { self.text = text }
}

/// The access to the files and interfaces that options name. Tests substitute an in-memory version.
public struct OptionFiles: Sendable {
    /// Returns the text of a file, or throws ``OptionProblem``.
    var read: @Sendable (_ path: String) throws -> String
    /// Returns the number of an interface, given its name.
    var interfaceNumber: @Sendable (_ name: String) -> UInt32?

    public init(
        interfaceNumber: @escaping @Sendable (_ name: String) -> UInt32? = { _ in nil },
        read: @escaping @Sendable (_ path: String) throws -> String
    ) {
        self.read = read
        self.interfaceNumber = interfaceNumber
    }

    /// Returns the first line, which should be the only one of a file that holds a secret.
    func firstLine(of path: String) throws -> String {
        let line = try read(path).prefix { !$0.isNewline }
        guard !line.isEmpty else { throw OptionProblem("names a file whose first line is empty: \(path)") }
        return String(line)
    }
}

/// One option as given, and its origin.
public struct Setting: Equatable {
    var name: String
    var value: String
    var origin: Origin

    enum Origin: Equatable {
        case commandLine
        case file(path: String, line: Int)
    }

    /// The prefix of an error message about the setting.
    var place: String {
        switch origin {
        case .commandLine: "--\(name)"
        case .file(let path, let line): "\(path):\(line): \(name)"
        }
    }
}

extension OptionRule {
    /// Applies settings in order. The command line takes precedence over the file.
    /// - Throws: ``Arguments/Misuse`` with one line per mistake.
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
                    problems.append("\(setting.place) was already given in line \(earlier)")
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

    /// Resolves a relative path in a configuration file against the directory of that file.
    private static func sibling(_ path: String, of file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}

/// A file of `key = value` lines. Blank lines and lines that begin with `#` are ignored.
public enum ConfigurationFile {
    /// Parses the settings of a file.
    /// - Throws: ``Arguments/Misuse`` with one line per line of the file that is not a setting.
    public static func settings(in text: String, path: String) throws(Arguments.Misuse) -> [Setting] {
        var settings: [Setting] = []
        var problems: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = line.trimmed
            if trimmed.contains("\0") {
                problems.append("\(path):\(index + 1): contains a NUL, which no option accepts")
                continue
            }
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
                problems.append("\(path):\(index + 1): expected KEY = VALUE, or a comment that begins with #")
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
