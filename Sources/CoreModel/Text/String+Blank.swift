extension StringProtocol {
    /// Whether a reader sees nothing of it: blanks of any kind, and characters that show nothing by themselves. Controls
    /// are shown, by pictures.
    package var isBlank: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar {
            // The Braille pattern without dots; a letter that is a gap.
            case "\u{2800}", "\u{1680}": true
            default: scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
            }
        }
    }
}
