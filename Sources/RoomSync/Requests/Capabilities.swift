package import CoreModel
package import Wire

/// What the other side of a link knows of the protocol, and what it said that this version knows nothing of.
package struct Capabilities {
    /// As it last announced them.
    package var features: Features = []
    /// Limits the notes about what is ignored, so that a million such frames do not fill a log.
    package var notes = TokenBucket(capacity: 10, perSecond: 0.1)

    package init() {}
}
