import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Looking up earlier messages, except those of blocked people.
extension Peer {
    /// Answers `/history` with the last lines of a room.
    mutating func history(of room: RoomName?, limit: Int, token: CommandToken?) {
        guard let key = self.room(named: room ?? .lobby, token) else { return }
        let count = min(max(limit, 1), Bounds.historyLineCount)
        guard let messages = history(of: key, limit: count, token: token) else { return }
        if case .conversation(let peer) = key, case .conversation(let name) = room {
            pointOutFormerConversation(with: peer, called: name, token)
        }
        notify(.history(room: room ?? .lobby, messages: messages), token: token)
    }

    /// Returns the last lines of a room that may be shown, ascending. In the lobby, lines of earlier gatherings on this
    /// network precede those of the current one: they are sent to no other peer, but a peer that was there has them.
    /// - Returns: Nil if they cannot be read; the user has then been notified.
    mutating func history(of key: RoomKey, limit: Int, token: CommandToken? = nil) -> [Event.Message]? {
        var lines: [Event.Message] = []
        if let log = rooms[key]?.log {
            guard let entries = lastShown(of: log, limit: limit, token: token) else { return nil }
            lines = entries.map { message($0, in: key, isHistory: true, hasGap: false) }
        }
        guard key == .lobby else { return lines }
        for gathering in rooms.known.before(rooms.gathering, in: presence.location).reversed() {
            guard lines.count < limit else { break }
            let log = LogID.lobby(gathering)
            guard let entries = lastShown(of: log, limit: limit - lines.count, token: token) else { return nil }
            // Other peers may have brought some of them into this gathering.
            let present = Set(lines.map(\.id))
            var earlier = entries.filter { !present.contains($0.id) }
                .map { message($0, in: key, isHistory: true, hasGap: false) }
            for place in earlier.indices { earlier[place].isEarlier = true }
            lines = earlier + lines
        }
        return lines
    }

    /// Returns the last entries of a log that may be shown, ascending. Messages of blocked people do not count towards
    /// the limit, however many there are.
    private mutating func lastShown(of log: LogID, limit: Int, token: CommandToken?) -> [SignedEntry]? {
        let blocked = roster.blocked
        return keep(token: token) { archive throws(ArchiveError) in
            var found: [SignedEntry] = []
            var before: EntryKey?
            while found.count < limit {
                let page = try archive.entries(of: log, before: before, limit: limit)
                let shown = page.compactMap { try? SignedEntry(trusted: $0.bytes) }
                    .filter { !blocked.contains($0.entry.author) }
                found = shown + found
                before = page.first?.key
                if page.count < limit { break }
            }
            return found.suffix(limit)
        }
    }

    /// Searches all rooms for words and answers with the last matching lines.
    mutating func search(_ words: String, limit: Int, token: CommandToken?) {
        let wanted = SearchWords(words)
        guard !wanted.isEmpty else {
            refuse(.badCommand, "nothing to search for: type at least one word", token)
            return
        }
        guard wanted.count <= Bounds.searchWordCount else {
            refuse(.tooLong, "those are too many words to search for: a few are enough", token)
            return
        }
        let count = min(max(limit, 1), Bounds.historyLineCount)
        let blocked = roster.blocked
        let found = keep(token: token) { archive throws(ArchiveError) in
            var looked = count
            while true {
                let hits = try archive.search(words: words, limit: looked)
                let shown = hits.compactMap { hit in
                    (try? SignedEntry(trusted: hit.entry.bytes)).map { (log: hit.log, entry: $0) }
                }.filter { !blocked.contains($0.entry.entry.author) }
                guard shown.count < count, hits.count == looked, looked < Bounds.searchedLineCount else {
                    return shown.suffix(count)
                }
                looked = min(4 * looked, Bounds.searchedLineCount)
            }
        }
        guard let found else { return }
        let messages = found.map { log, entry in
            let key: RoomKey =
                switch log {
                case .lobby: .lobby
                case .conversation(let peer): .conversation(peer)
                case .relayLobby(let relay): .relayLobby(relay)
                }
            return message(entry, in: key, isHistory: true, hasGap: false)
        }
        notify(.found(words: words, messages: messages), token: token)
    }

    /// Points out which conversation is shown, where the user spoke with another key under the same name.
    private mutating func pointOutFormerConversation(with peer: PeerID, called text: String, _ token: CommandToken?) {
        guard let name = Self.plainName(in: text), let other = partner(called: name, besides: peer) else { return }
        let (shown, former) = (exactName(of: peer, called: name.text), exactName(of: other, called: name.text))
        notify(
            .remark("this is the conversation with \(shown); for the other of this name: @\(former)", about: peer),
            token: token)
    }
}
