import Wire

/// What the other side of a link knows of the protocol, and what it said that this version knows nothing of.
struct Understanding {
    /// As it last announced them.
    var features: Features = []
    /// Limits the notes about what is ignored, so that a million such frames do not fill a log.
    var notes = TokenBucket(capacity: 10, perSecond: 0.1)
}
