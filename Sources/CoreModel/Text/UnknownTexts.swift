import Wire

extension Entry {
    /// What people are shown of it.
    package var shownText: String { kind.isKnown ? body : "[this needs a newer Earshot]" }
}

extension RelayRefusal.Code {
    /// For people, where the relay gives no reason in words.
    package var words: String { self == .other ? "for a reason that this version does not know" : "\(self)" }
}
