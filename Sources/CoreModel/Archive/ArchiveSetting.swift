/// The names of settings that more than one type reads.
package enum ArchiveSetting {
    /// The last name of a peer, as text.
    package static let name = "name"
    /// The key of a relay's community, for commands that read an archive without a running relay. A relay that is its
    /// own community has none.
    package static let community = "community"
}
