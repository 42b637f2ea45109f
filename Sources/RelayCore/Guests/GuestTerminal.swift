import CoreModel
import Wire

/// Both directions of a plain text connection, as `nc` and telnet make it: bytes become whole lines of repaired UTF-8,
/// texts become bytes that end one line and obey nobody. Each line out is one array, so it is never torn by another.
struct GuestTerminal {
    /// A line may have so many bytes; what is longer is dropped as a whole.
    static let lineBytes = Limits.textBytes

    enum Line: Equatable {
        case text(String)
        /// It had more than ``lineBytes``.
        case tooLong
    }

    /// Where we are in telnet's commands (RFC 854).
    private enum Telnet {
        case data
        /// IAC has come.
        case command
        /// WILL, WONT, DO or DONT has come: one byte follows.
        case option
        /// SB has come: all is passed over until IAC SE.
        case parameters
        case parametersCommand
    }

    private var line: [UInt8] = []
    private var isTooLong = false
    private var wasReturn = false
    private var telnet = Telnet.data

    /// Lines that are whole now, in order. What is left waits for more, at most ``lineBytes``.
    mutating func receive(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            guard let byte = data(byte) else { continue }
            // CR LF, CR NUL (telnet) and LF end a line, and so does CR alone.
            let isSecondOfTwo = wasReturn && (byte == 0x0A || byte == 0)
            wasReturn = byte == 0x0D
            if isSecondOfTwo { continue }
            switch byte {
            case 0x0A, 0x0D: lines.append(takeLine())
            case 0: break
            default:
                guard line.count < Self.lineBytes else {
                    isTooLong = true
                    continue
                }
                line.append(byte)
            }
        }
        return lines
    }

    private mutating func takeLine() -> Line {
        defer {
            line = []
            isTooLong = false
        }
        return isTooLong ? .tooLong : .text(String(decoding: line, as: UTF8.self))
    }

    /// - Returns: Nil for what is telnet's. 255 occurs in no UTF-8, so text loses nothing.
    private mutating func data(_ byte: UInt8) -> UInt8? {
        switch (telnet, byte) {
        case (.data, 255): telnet = .command
        case (.data, _): return byte
        case (.command, 251...254): telnet = .option
        case (.command, 250): telnet = .parameters
        case (.command, _), (.option, _): telnet = .data
        case (.parameters, 255): telnet = .parametersCommand
        case (.parameters, _): break
        case (.parametersCommand, 240): telnet = .data
        case (.parametersCommand, _): telnet = .parameters
        }
        return nil
    }

    static func trimmed(_ text: String) -> String { String(text.trimmedOfSpaces) }

    // MARK: Out

    /// One line for the guest, with CR LF.
    static func line(_ text: String) -> [UInt8] { Array(harmless(text).utf8) + [0x0D, 0x0A] }

    /// A question; the answer is typed behind it.
    static func question(_ text: String) -> [UInt8] { Array(harmless(text).utf8) }

    /// Others' text as it may be shown on a terminal that obeys: nothing in it moves the cursor, begins a line or turns
    /// the direction of what stands around it.
    static func harmless(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var shown = String.UnicodeScalarView()
        var isReturn = false
        var column = 0
        for scalar in text.unicodeScalars {
            if scalar == "\t" {
                // To the next stop, if all before is one column wide. Beyond any table a tab is one blank: a text of
                // nothing else would be eight times as long.
                let width = column < tabbedColumns ? 8 - column % 8 : 1
                for _ in 0..<width { shown.append(" ") }
                column += width
            } else if !(scalar == "\n" && isReturn) {
                shown.append(replacement(for: scalar))
                column += 1
            }
            isReturn = scalar == "\r"
        }
        return String(shown)
    }

    private static let tabbedColumns = 400

    private static func replacement(for scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "\n", "\r", "\u{2028}", "\u{2029}": return "\u{23CE}"
        // Joiners: letters and emoji need them.
        case "\u{200C}", "\u{200D}": return scalar
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control where scalar.value < 0x20: return Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
        case .control, .format, .surrogate: return "\u{FFFD}"
        default: return scalar
        }
    }
}

/// What a guest has typed.
enum GuestRequest: Equatable {
    case say(String)
    case act(String)
    case tell(to: String, String)
    case who
    case rename(String)
    case help
    case quit
    /// Nothing to be done: a blank line.
    case nothing
    /// What is wrong with it.
    case mistake(String)

    /// A text that begins with a slash is typed with two, as everywhere.
    init(_ line: String) {
        let text = line.trimmedOfSpaces
        if text.isBlank {
            self = .nothing
        } else if text.hasPrefix("//") {
            self = .say(String(text.dropFirst()))
        } else if text.hasPrefix("/") {
            self = Self.command(text.dropFirst())
        } else {
            self = .say(String(text))
        }
    }

    private static func command(_ text: Substring) -> GuestRequest {
        let word = text.prefix { $0 != " " }
        let rest = text[word.endIndex...].trimmedOfSpaces
        switch word.lowercased() {
        case "who", "names", "list": return .who
        case "quit", "exit", "bye": return .quit
        case "help", "?": return .help
        case "me": return rest.isBlank ? .mistake("what do you do? /me waves") : .act(String(rest))
        case "nick": return rest.isEmpty ? .mistake("which name? /nick NAME") : .rename(String(rest))
        case "msg", "tell", "w":
            let name = rest.prefix { $0 != " " }
            let said = rest[name.endIndex...].trimmedOfSpaces
            guard !name.isEmpty, !said.isBlank else { return .mistake("to whom, and what? /msg NAME TEXT") }
            return .tell(to: String(name), String(said))
        default:
            return .mistake("there is no /\(word) (try /help); a text that begins with / is typed with two")
        }
    }

    /// What `/help` answers.
    static let helpLines = [
        "what you type is said to everybody here",
        "/who  /msg NAME TEXT  /me TEXT  /nick NAME  /quit",
    ]
}

extension StringProtocol {
    fileprivate var trimmedOfSpaces: SubSequence {
        var text = self[startIndex...]
        while text.first?.isWhitespace ?? false { text = text.dropFirst() }
        while text.last?.isWhitespace ?? false { text = text.dropLast() }
        return text
    }
}
