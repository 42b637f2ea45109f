import Wire

extension Entry {
    /// The text that people see: the body, or a placeholder for an unknown kind.
    package var shownText: String { kind.isKnown ? body : "[this needs a newer Earshot]" }
}

extension RelayRefusal.Code {
    /// The reason for people, where the relay gives none in words.
    package var words: String { self == .other ? "for a reason that this version does not know" : "\(self)" }
}
