import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Names of authors who are not here. They stand in no entry: who hands entries over tells them along.
extension Peer {
    /// Says under which names we know the authors of these entries of the lobby, before the entries are sent: those who
    /// are not here, each once on a link.
    mutating func tellAuthors(of entries: [ArchivedEntry], to peer: PeerID, on link: LinkID) {
        var names: [AuthorName] = []
        for entry in entries {
            guard let author = (try? SignedEntry(trusted: entry.bytes))?.entry.author, author != id, author != peer,
                !roster.blocked.contains(author), roster[author].map({ $0.goneAt != nil }) ?? true,
                let name = roster.name(of: author) ?? roster.known.reportedName(of: author),
                links[link]?.exchange.toldAuthors.note(author) == true
            else { continue }
            names.append(AuthorName(peer: author, name: name.text))
        }
        for frame in Frame.authors(names, of: .lobby) { send(frame, on: link) }
    }

    /// What others called authors. It counts when an entry by the author comes on the same link, so that names of keys
    /// that never said anything fill nothing.
    mutating func authorsTold(_ names: [AuthorName], of room: RoomID, by peer: PeerID, on link: LinkID) {
        guard let key = self.room(room, with: peer, on: link), !key.isConversation else { return }
        links[link]?.exchange.noteTold(names)
    }

    /// An entry by somebody else has come on a link.
    mutating func noteAuthor(_ author: PeerID, on link: LinkID) {
        guard author != id, let name = links[link]?.exchange.takeToldName(of: author),
            roster.report(author, as: name)
        else { return }
        let known = KnownPeer(
            id: author, name: KnownNames.text(reported: name), firstSeen: clock.counted, lastSeen: clock.counted,
            isBlocked: roster.blocked.contains(author))
        keep { archive throws(ArchiveError) in try archive.remember(known) }
    }
}
