import Wire

/// What the other side of a link knows of the protocol, and what it said that this version knows nothing of.
struct Understanding {
    /// As it last announced them.
    var features: Features = []
    /// Limits the notes about what is ignored, so that a million such frames do not fill a log.
    var notes = TokenBucket(capacity: 10, perSecond: 0.1)
}

extension Entry {
    /// What people are shown of it.
    var shownText: String { kind.isKnown ? body : "[this needs a newer Earshot]" }
}

extension RelayRefusal.Code {
    /// For people, where the relay gives no reason in words.
    var words: String { self == .other ? "for a reason that this version does not know" : "\(self)" }
}
