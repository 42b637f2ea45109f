package import Wire

/// Authors whose names have been told on a link, so that each is told once: as many as one answer can have. Of more it
/// may be told again.
package struct ToldAuthors {
    private var authors: Set<PeerID> = []

    package init() {}

    /// The name of an author is about to be told.
    /// - Returns: false if it was told a while ago.
    package mutating func note(_ author: PeerID) -> Bool {
        guard !authors.contains(author) else { return false }
        if authors.count >= Limits.frameAuthorCount { authors.removeAll() }
        authors.insert(author)
        return true
    }
}
