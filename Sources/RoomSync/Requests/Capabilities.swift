package import CoreModel
package import Wire

/// The features of the other side of a link, and the limit on notes about its frames that this version ignores.
package struct Capabilities {
    /// The features that it announced last.
    package var features: Features = []
    /// Limits the notes about ignored frames, so that a million of them do not fill a log.
    package var notes = TokenBucket(capacity: 10, perSecond: 0.1)

    package init() {}
}
