import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Dropping a room's messages on this machine. Other peers keep their copies, and the user is notified of that.
extension Peer {
    /// Drops all messages of a room, in the lobby also those of earlier gatherings on this network.
    mutating func forget(_ room: RoomName, token: CommandToken?) {
        guard let key = self.room(named: room, token) else { return }
        // Lines held back to be shown are part of it.
        _ = rooms.backlog.take(of: key)
        var count = 0
        // `/history` shows these as part of the lobby.
        let earlier = key == .lobby ? rooms.known.before(rooms.gathering, in: presence.location) : []
        for gathering in earlier {
            let forgotten = keep(token: token) { archive throws(ArchiveError) in
                // The room ID is irrelevant to dropping entries.
                var log = try RoomLog(log: .lobby(gathering), room: .lobby, archive: archive)
                return try log.forget()
            }
            guard let forgotten else { return }
            count += forgotten
        }
        guard var log = rooms[key] else {
            guard count == 0 else { return tellForgotten(count, of: key, "\(room)", token) }
            refuse(.noSuchRoom, "there is nothing to forget in \(room)", token)
            return
        }
        rooms[key] = nil
        let forgotten = keep(token: token) { _ throws(ArchiveError) in try log.forget() }
        rooms[key] = log
        guard let forgotten else { return }
        count += forgotten
        if case .conversation(let peer) = key {
            rooms.retentionState.unsolicited.note(0, by: peer)
            rooms.retentionState.unsolicited.forgetDeclined(by: peer)
        }
        boundEverything()
        rooms.unseen.forget { key == .conversation($0) }
        var name = "\(room)"
        if case .conversation(let peer) = key { name = "@\(distinctName(of: peer))" }
        tellForgotten(count, of: key, name, token)
    }

    private mutating func tellForgotten(_ count: Int, of key: RoomKey, _ name: String, _ token: CommandToken?) {
        notify(.notice("forgotten: \(Self.lines(count)) of \(name). \(whoStillHasIt(key))"), token: token)
    }

    /// Returns a sentence that says who still has the messages.
    private func whoStillHasIt(_ key: RoomKey) -> String {
        switch key {
        case .conversation(let peer):
            return "\(displayName(of: peer)) still has the messages that were delivered there"
        case .relayLobby:
            return "The relay and its members still have it"
        case .lobby:
            let count = presentPeers().count
            let others =
                count == 0 ? "Everyone who was here" : count == 1 ? "The other person here" : "The \(count) others here"
            return "\(others) still \(count > 1 ? "have" : "has") it, and may pass it on to newcomers"
        }
    }

    static func lines(_ count: Int) -> String { count == 1 ? "1 line" : "\(count) lines" }
}
