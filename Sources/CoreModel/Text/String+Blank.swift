extension StringProtocol {
    /// Whether a reader sees nothing of it: only white space of any kind, and characters that are invisible by
    /// themselves. Control characters do not count as blank, because they are shown as pictures.
    package var isBlank: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar {
            // The Braille pattern without dots; the Ogham space mark.
            case "\u{2800}", "\u{1680}": true
            default: scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
            }
        }
    }
}
