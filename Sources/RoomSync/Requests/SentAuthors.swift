package import Wire

/// The authors whose names were sent on a link, so that each is sent once. As many are remembered as one frame can
/// have; beyond that, names may be sent again.
package struct SentAuthors {
    private var authors: Set<PeerID> = []

    package init() {}

    /// Records that the name of an author is about to be sent.
    /// - Returns: False if it was sent recently.
    package mutating func note(_ author: PeerID) -> Bool {
        guard !authors.contains(author) else { return false }
        if authors.count >= Limits.frameAuthorCount { authors.removeAll() }
        authors.insert(author)
        return true
    }
}
