/// The stricter rule for choosing a name (Protocol.md, Choosing a name). Other peers' names are read by
/// ``Nickname/init(_:)``: peers that chose a name under an older rule keep it and are shown with it.
extension Nickname {
    /// Creates a name that a person or a program chooses for itself.
    /// - Throws: The reason why the name is not allowed, in words that say what to do.
    public init(choosing typed: String) throws(NicknameError) {
        try self.init(typed)
        if let reason = Self.reasonByName[folded] { throw .reserved(folded, reason) }
        guard !text.hasPrefix("-") else { throw .optionLike }
        try requireVisible()
        try requireOneScript()
    }

    /// Folded names that have another meaning where a name can be given, with that meaning.
    private static let reasonByName = [
        "*": "means every lobby", "lobby": "means everybody here", "all": "means everybody",
        ".": "means a directory", "..": "means a directory",
    ]

    /// Checks that every character is visible and that the first one does not need another before it.
    private func requireVisible() throws(NicknameError) {
        let scalars = Array(text.unicodeScalars)
        if let first = scalars.first, first.isMark { throw .leadingMark(first) }
        for (index, scalar) in scalars.enumerated() {
            if scalar.isBlank { throw .invisible(scalar) }
            guard scalar.isJoiner else { continue }
            // Between letters that it joins, it changes how they are drawn; elsewhere it is invisible.
            let before = scalars[..<index].last { !$0.isMark }
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            guard before?.isJoined(by: scalar) == true, next?.isJoined(by: scalar) == true else {
                throw .invisible(scalar)
            }
        }
    }

    private func requireOneScript() throws(NicknameError) {
        let scripts = Set(text.unicodeScalars.compactMap { LetterScript(of: $0) })
        let found = LetterScript.allCases.filter { scripts.contains($0) }
        guard found.count < 2 else { throw .mixed(found[0], found[1]) }
    }
}

extension Unicode.Scalar {
    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether this character is drawn as nothing although it is not white space by its properties (``Nickname``
    /// rejects white space in every name): the empty braille pattern, half a fill space, the object replacement
    /// character, the blanks of Egyptian hieroglyphs, the filler of Khitan small script, the null notehead, and code
    /// points that are never characters.
    fileprivate var isBlank: Bool {
        switch value {
        case 0x2800, 0x303F, 0xFFFC, 0x13441, 0x13442, 0x16FE4, 0x1D159: true
        default: properties.isNoncharacterCodePoint
        }
    }

    /// Whether this character has no appearance of its own but stacks or joins the letters around it: those with the
    /// Indic syllabic category Invisible_Stacker or Number_Joiner in Unicode 15.0.0, and Tifinagh's.
    fileprivate var isJoiner: Bool {
        switch value {
        case 0x1039, 0x17D2, 0x1A60, 0x1BAB, 0x2D7F, 0xAAF6, 0x10A3F, 0x1107F, 0x11133, 0x1193E, 0x11A47, 0x11A99,
            0x11D45, 0x11D97, 0x11F42:
            true
        default: false
        }
    }

    /// Whether this is a letter or number of the script that a joiner belongs to. Each script is on one page of 256
    /// code points, except for the extensions of Myanmar and Meetei Mayek.
    fileprivate func isJoined(by joiner: Unicode.Scalar) -> Bool {
        switch properties.generalCategory {
        case .otherLetter, .otherNumber: break
        default: return false
        }
        switch (joiner.value, value) {
        case (0x1039, 0xA9E0...0xA9FF), (0x1039, 0xAA60...0xAA7F), (0xAAF6, 0xABC0...0xABFF): return true
        default: return value >> 8 == joiner.value >> 8
        }
    }
}
