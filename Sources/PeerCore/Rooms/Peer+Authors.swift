import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Names of absent authors. Entries do not contain them, so the peer that sends the entries sends the names along.
extension Peer {
    /// Sends the names that we know of the absent authors of these lobby entries, before the entries are sent: each
    /// author once per link.
    mutating func sendAuthors(of entries: [ArchivedEntry], to peer: PeerID, on link: LinkID) {
        var names: [AuthorName] = []
        for entry in entries {
            guard let author = (try? SignedEntry(trusted: entry.bytes))?.entry.author, author != id, author != peer,
                !roster.blocked.contains(author), roster[author].map({ $0.goneAt != nil }) ?? true,
                let name = roster.name(of: author) ?? roster.known.reportedName(of: author),
                links[link]?.exchange.sentAuthors.note(author) == true
            else { continue }
            names.append(AuthorName(peer: author, name: name.text))
        }
        for frame in Frame.authors(names, of: .lobby) { send(frame, on: link) }
    }

    /// Stores the names that a peer reports for authors. A name counts only when an entry by its author arrives on the
    /// same link, so that names of keys that never wrote anything take no space.
    mutating func authorsReceived(_ names: [AuthorName], of room: RoomID, by peer: PeerID, on link: LinkID) {
        guard let key = self.room(room, with: peer, on: link), !key.isConversation else { return }
        links[link]?.exchange.noteTold(names)
    }

    /// Adopts the name reported for an author, now that an entry by that author has arrived on the same link.
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
