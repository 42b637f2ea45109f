/// A person's name, prepared as RFC 8266 prepares nicknames but limited to one word of at most 32 bytes so that it can
/// be typed in a command (Protocol.md, Names).
public struct Nickname: Hashable, Sendable {
    /// The name as shown: normalized (NFKC).
    public let text: String
    /// The name as compared: two names are the same if these are equal.
    public let folded: String

    /// Creates a name that a peer may have. A name chosen for oneself must satisfy ``init(choosing:)``.
    /// - Throws: The reason why it is not a valid name, in words that say what to do.
    public init(_ typed: String) throws(NicknameError) {
        // Normalization may make a text 18 times as long; no text that long is a name.
        guard typed.utf8.count <= 4 * Limits.nameBytes else { throw .tooLong(bytes: typed.utf8.count) }
        let normalized = FoldedText.normalized(typed)
        guard !normalized.isEmpty else { throw .empty }
        for scalar in normalized.unicodeScalars where Self.isForbidden(scalar) { throw .forbidden(scalar) }
        guard normalized.utf8.count <= Limits.nameBytes else { throw .tooLong(bytes: normalized.utf8.count) }
        text = normalized
        folded = FoldedText.folded(normalized)
        guard !folded.isEmpty else { throw .empty }
    }

    /// Compares the folded forms.
    public static func == (left: Self, right: Self) -> Bool { left.folded == right.folded }
    public func hash(into hasher: inout Hasher) { hasher.combine(folded) }

    /// Returns the name to use if this one is taken: `ana` becomes `ana-2`, and `ana-2` with 3 becomes `ana-3`. The
    /// base is shortened by whole characters if the result would be too long.
    public func numbered(_ number: Int) -> Nickname {
        let suffix = "-\(number)"
        var base = self.base
        while base.utf8.count + suffix.utf8.count > Limits.nameBytes { base.removeLast() }
        // A normalized name, cut at the end of a character and followed by ASCII, is a name.
        return (try? Nickname(base + suffix)) ?? self
    }

    /// The number to try first if this name is taken: 2, or one more than the number at its end.
    public var nextNumber: Int { parts.number.map { $0 + 1 } ?? 2 }

    /// The name without a number at its end.
    private var base: String { String(parts.base) }

    private var parts: (base: Substring, number: Int?) {
        guard let dash = text.lastIndex(of: "-"), dash > text.startIndex else { return (text[...], nil) }
        let digits = text[text.index(after: dash)...]
        let isNumber = (1...6).contains(digits.utf8.count) && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, digits.first != "0", let number = Int(digits) else { return (text[...], nil) }
        return (text[..<dash], number)
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "@", "#", "/", " ": return true
        // Selects the emoji presentation of a character and nothing else.
        case "\u{FE0F}": return false
        default: break
        }
        if scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.isWhitespace { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator, .spaceSeparator:
            return true
        default:
            return false
        }
    }
}

/// The reason why a text is not a name, or not one to choose, and what to do.
public enum NicknameError: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    case tooLong(bytes: Int)
    case forbidden(Unicode.Scalar)
    // For chosen names only:
    /// The name has another meaning, which the second value describes.
    case reserved(String, String)
    /// The name begins with a hyphen.
    case optionLike
    /// The name contains an invisible character.
    case invisible(Unicode.Scalar)
    /// The name begins with a combining mark.
    case leadingMark(Unicode.Scalar)
    case mixed(LetterScript, LetterScript)

    public var description: String {
        switch self {
        case .empty:
            return "a name cannot be empty: give one of 1 to \(Limits.nameBytes) bytes"
        case .tooLong(let bytes):
            return "the name has \(bytes) bytes, but the maximum is \(Limits.nameBytes): choose a shorter one"
        case .forbidden(let scalar):
            let isVisible = scalar.value > 0x20 && scalar.value < 0x7F
            let shown = isVisible ? "\(scalar)" : scalar == " " ? "a blank" : Self.code(scalar)
            return "a name cannot contain \(shown): use letters, digits, - and _"
        case .reserved(let name, let meaning):
            return "a name cannot be \(name), because that \(meaning): take another"
        case .optionLike:
            return "a name cannot begin with -, because it would be read as an option: begin with a letter or digit"
        case .invisible(let scalar):
            return "a name cannot contain \(Self.code(scalar)), because it is invisible: use letters, digits, - and _"
        case .leadingMark(let scalar):
            return "a name cannot begin with \(Self.code(scalar)), because it is a combining mark: "
                + "begin with a letter or digit"
        case .mixed(let one, let other):
            return "a name cannot mix \(one) and \(other) letters, because it could pass for another: use one script"
        }
    }

    private static func code(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
