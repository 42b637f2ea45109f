import CoreModel
import Wire

/// Both directions of a plain text connection, as `nc` and telnet make it: bytes become whole lines of repaired UTF-8;
/// texts become single lines that cannot control the terminal. Each outgoing line is one array, so lines are never
/// interleaved.
struct GuestTerminal {
    /// The maximum number of bytes of a line; a longer line is dropped as a whole.
    static let lineBytes = Limits.textBytes

    /// A line that a guest has typed.
    enum Line: Equatable {
        case text(String)
        /// The line had more than ``lineBytes``.
        case tooLong
    }

    /// The state of the parser of telnet commands (RFC 854).
    private enum Telnet {
        case data
        /// IAC has been received.
        case command
        /// WILL, WONT, DO or DONT has been received: one byte follows.
        case option
        /// SB has been received: everything is skipped until IAC SE.
        case parameters
        case parametersCommand
    }

    private var line: [UInt8] = []
    private var isTooLong = false
    private var wasReturn = false
    private var telnet = Telnet.data

    /// Returns the lines that are now complete, in order. The rest, at most ``lineBytes``, waits for more bytes.
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

    /// Filters telnet commands out of the input.
    /// - Returns: Nil for a byte of a telnet command. 255 does not occur in UTF-8, so no text is lost.
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

    /// Removes white space from both ends of a text.
    static func trimmed(_ text: String) -> String { String(text.trimmedOfSpaces) }

    // MARK: Out

    /// Encodes one line for the guest, with CR LF.
    static func line(_ text: String) -> [UInt8] { Array(harmless(text).utf8) + [0x0D, 0x0A] }

    /// Encodes a question; the guest types the answer on the same line.
    static func question(_ text: String) -> [UInt8] { Array(harmless(text).utf8) }

    /// Makes a text of others safe for a terminal that obeys control characters: nothing in it moves the cursor, starts
    /// a line or changes the direction of the text around it.
    static func harmless(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var shown = String.UnicodeScalarView()
        var isReturn = false
        var column = 0
        for scalar in text.unicodeScalars {
            if scalar == "\t" {
                // To the next tab stop, if every character before is one column wide. Beyond any table a tab is one
                // blank: otherwise a text made only of tabs would grow eightfold.
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

/// A request that a guest has typed.
enum GuestRequest: Equatable {
    case say(String)
    case act(String)
    case tell(to: String, String)
    case who
    case rename(String)
    case help
    case quit
    /// A blank line: nothing to do.
    case nothing
    /// A description of the mistake in the line.
    case mistake(String)

    /// Parses a line. A text that begins with a slash is typed with two, as everywhere.
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

    /// The answer to `/help`.
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
