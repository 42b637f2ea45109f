import Secure
import Wire

/// Names of authors who are not here. They stand in no entry: who hands entries over tells them along.
extension Peer {
    /// Says under which names we know the authors of these entries of the lobby, before the entries are sent: those who
    /// are neither of the two that speak here, each once on a link.
    mutating func tellAuthors(of entries: [ArchivedEntry], to peer: PeerID, on link: LinkID) {
        var names: [AuthorName] = []
        for entry in entries {
            guard let author = (try? SignedEntry(trusted: entry.bytes))?.entry.author, author != id, author != peer,
                !roster.blocked.contains(author),
                let name = roster.name(of: author) ?? roster.known.reportedName(of: author),
                links[link]?.exchange.noteTold(author) == true
            else { continue }
            names.append(AuthorName(peer: author, name: name.text))
        }
        for start in stride(from: 0, to: names.count, by: Limits.frameAuthorCount) {
            let some = names[start..<min(start + Limits.frameAuthorCount, names.count)]
            send(.authors(room: .lobby, names: Array(some)), on: link)
        }
    }

    /// What others called those that we have never met.
    mutating func authorsTold(_ names: [AuthorName], of room: RoomID, by peer: PeerID, on link: LinkID) {
        guard let key = try? self.room(room, with: peer, on: link), !key.isConversation else { return }
        for told in names {
            guard told.peer != id, let name = try? Nickname(told.name), roster.report(told.peer, as: name) else {
                continue
            }
            let known = KnownPeer(
                id: told.peer, name: KnownNames.text(reported: name), firstSeen: clock.counted, lastSeen: clock.counted,
                isBlocked: roster.blocked.contains(told.peer))
            keep { archive throws(ArchiveError) in try archive.remember(known) }
        }
    }
}
