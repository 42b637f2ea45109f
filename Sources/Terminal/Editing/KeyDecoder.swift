import CoreModel

/// A key press.
enum Key: Equatable {
    case text(String)
    /// Pasted text, with LF for newlines.
    case paste(String)
    case enter, tab, backspace, delete
    case left, right, wordLeft, wordRight, home, end, up, down
    case killToEnd, killToStart, killWord, killNextWord, yank
    case redraw, interrupt, endOfInput
}

/// Decodes the bytes of a terminal into keys. UTF-8 and escape sequences may arrive in pieces of any size. Memory is
/// bounded: an escape sequence that does not end is dropped.
struct KeyDecoder {
    /// The maximum length of an escape sequence. No key sends more (ECMA-48 sets no bound).
    private static let maximumSequenceBytes = 32
    /// The maximum length of a terminal's unsolicited reply that is skipped to its end.
    private static let maximumStringBytes = 4096
    /// The maximum length of a paste, four times the longest text that can be sent. Larger pastes are cut.
    static let maximumPasteBytes = 64 * 1024

    private enum State {
        case ground
        /// ESC was read.
        case escape
        /// ESC [ and these parameters were read.
        case sequence([UInt8])
        /// ESC O was read.
        case singleShift
        /// An operating system command or similar string: its number of bytes so far, and whether the last was ESC.
        case string(count: Int, sawEscape: Bool)
        case paste
    }

    private var state = State.ground
    /// Typed bytes not yet returned as a key. They may end within a character's UTF-8.
    private var text: [UInt8] = []
    /// The number of bytes missing from the last character in `text`.
    private var missingByteCount = 0
    private var pasted: [UInt8] = []
    private static let pasteEnd: [UInt8] = [0x1B] + Array("[201~".utf8)
    /// The number of bytes of ``pasteEnd`` that the last bytes matched.
    private var pasteEndMatch = 0

    mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes { take(byte, into: &keys) }
        flushText(into: &keys)
        return keys
    }

    /// Emits complete characters and keeps the start of an incomplete one.
    private mutating func flushText(into keys: inout [Key]) {
        guard missingByteCount == 0, !text.isEmpty else { return flushBeforeIncomplete(into: &keys) }
        keys.append(.text(String(decoding: text, as: UTF8.self)))
        text.removeAll(keepingCapacity: true)
    }

    private mutating func flushBeforeIncomplete(into keys: inout [Key]) {
        guard missingByteCount > 0, let start = text.lastIndex(where: { $0 >= 0xC0 }), start > 0 else { return }
        keys.append(.text(String(decoding: text[..<start], as: UTF8.self)))
        text.removeFirst(start)
    }

    private mutating func take(_ byte: UInt8, into keys: inout [Key]) {
        switch state {
        case .ground:
            takeGround(byte, into: &keys)
        case .escape:
            takeEscaped(byte, into: &keys)
        case .sequence(var parameters):
            switch byte {
            case 0x40...0x7E:
                state = .ground
                if parameters == Array("200".utf8), byte == UInt8(ascii: "~") {
                    state = .paste
                } else if let key = Self.key(final: byte, parameters: parameters) {
                    keys.append(key)
                }
            case 0x1B:
                state = .escape
            case 0x20...0x3F:
                parameters.append(byte)
                state = parameters.count <= Self.maximumSequenceBytes ? .sequence(parameters) : .ground
            default:
                state = .ground
                takeGround(byte, into: &keys)
            }
        case .singleShift:
            state = .ground
            if let key = Self.key(final: byte, parameters: []) { keys.append(key) }
        case .string(let count, let sawEscape):
            let isEnd = byte == 0x07 || (sawEscape && byte == 0x5C) || count >= Self.maximumStringBytes
            state = isEnd ? .ground : .string(count: count + 1, sawEscape: byte == 0x1B)
        case .paste:
            takePasted(byte, into: &keys)
        }
    }

    private mutating func takeGround(_ byte: UInt8, into keys: inout [Key]) {
        if missingByteCount > 0 {
            if byte & 0xC0 == 0x80 {
                text.append(byte)
                missingByteCount -= 1
                return
            }
            missingByteCount = 0
        }
        switch byte {
        case 0x20...0x7E: text.append(byte)
        case 0x80...0xBF, 0xF8...0xFF: text.append(contentsOf: Array("\u{FFFD}".utf8))
        case 0xC0...0xDF: startCharacter(byte, missing: 1)
        case 0xE0...0xEF: startCharacter(byte, missing: 2)
        case 0xF0...0xF7: startCharacter(byte, missing: 3)
        default:
            flushText(into: &keys)
            if byte == 0x1B {
                state = .escape
            } else if let key = Self.controls[byte] {
                keys.append(key)
            }
        }
    }

    private mutating func startCharacter(_ byte: UInt8, missing: Int) {
        text.append(byte)
        missingByteCount = missing
    }

    private static let controls: [UInt8: Key] = [
        0x01: .home, 0x02: .left, 0x03: .interrupt, 0x04: .endOfInput, 0x05: .end, 0x06: .right, 0x08: .backspace,
        0x09: .tab, 0x0A: .enter, 0x0B: .killToEnd, 0x0C: .redraw, 0x0D: .enter, 0x0E: .down, 0x10: .up,
        0x15: .killToStart, 0x17: .killWord, 0x19: .yank, 0x7F: .backspace,
    ]

    private mutating func takeEscaped(_ byte: UInt8, into keys: inout [Key]) {
        state = .ground
        switch byte {
        case UInt8(ascii: "["): state = .sequence([])
        case UInt8(ascii: "O"): state = .singleShift
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            state = .string(count: 0, sawEscape: false)
        case 0x1B: state = .escape
        case UInt8(ascii: "b"), UInt8(ascii: "B"): keys.append(.wordLeft)
        case UInt8(ascii: "f"), UInt8(ascii: "F"): keys.append(.wordRight)
        case UInt8(ascii: "d"): keys.append(.killNextWord)
        case 0x7F, 0x08: keys.append(.killWord)
        case 0x20...0x7E: break
        default: takeGround(byte, into: &keys)
        }
    }

    private static func key(final: UInt8, parameters: [UInt8]) -> Key? {
        let numbers = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        // The second parameter is 3 with Alt and 5 with Control (xterm).
        let isByWord = numbers.count == 2 && ["3", "5", "7"].contains(numbers[1])
        switch final {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return isByWord ? .wordRight : .right
        case UInt8(ascii: "D"): return isByWord ? .wordLeft : .left
        case UInt8(ascii: "H"): return .home
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "M"): return .enter
        case UInt8(ascii: "~"):
            switch numbers.first {
            case "1", "7": return .home
            case "4", "8": return .end
            case "3": return .delete
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func takePasted(_ byte: UInt8, into keys: inout [Key]) {
        if byte == Self.pasteEnd[pasteEndMatch] {
            pasteEndMatch += 1
            guard pasteEndMatch == Self.pasteEnd.count else { return }
            keys.append(.paste(Self.withPlainNewlines(pasted)))
            pasted = []
            pasteEndMatch = 0
            state = .ground
            return
        }
        // The bytes that looked like the end were text. Only ESC can begin the end again.
        keepPasted(Self.pasteEnd[..<pasteEndMatch])
        pasteEndMatch = byte == 0x1B ? 1 : 0
        if pasteEndMatch == 0 { keepPasted([byte]) }
    }

    private mutating func keepPasted(_ bytes: some Collection<UInt8>) {
        guard pasted.count + bytes.count <= Self.maximumPasteBytes else { return }
        pasted.append(contentsOf: bytes)
    }

    /// Terminals send a pasted newline as CR.
    private static func withPlainNewlines(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A, index > 0, bytes[index - 1] == 0x0D { continue }
            result.append(byte == 0x0D ? 0x0A : byte)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
