import Secure
import Wire

/// Dropping what was said, here. What others have is theirs, and the person is told so.
extension Peer {
    mutating func forget(_ room: RoomName, token: CommandToken?) {
        guard let key = self.room(named: room, token) else { return }
        guard var log = rooms[key] else {
            refuse(.noSuchRoom, "there is nothing to forget in \(room)", token)
            return
        }
        rooms[key] = nil
        let count = keep(token: token) { _ throws(ArchiveError) in try log.forget() }
        rooms[key] = log
        guard let count else { return }
        if case .conversation(let peer) = key {
            rooms.keeping.unasked.note(0, by: peer)
            rooms.keeping.unasked.forgetDeclined(by: peer)
        }
        boundEverything()
        rooms.unseen.forget { key == .conversation($0) }
        var name = "\(room)"
        if case .conversation(let peer) = key { name = "@\(distinctName(of: peer))" }
        notify(.notice("forgotten: \(Self.lines(count)) of \(name). \(whoStillHasIt(key))"), token: token)
    }

    private func whoStillHasIt(_ key: RoomKey) -> String {
        switch key {
        case .conversation(let peer):
            return "\(displayName(of: peer)) still has what was delivered there"
        case .relayLobby:
            return "The relay and its members still have it"
        case .lobby:
            let count = everybody().count
            let others =
                count == 0 ? "Whoever was here" : count == 1 ? "The other one here" : "The \(count) others here"
            return "\(others) still \(count > 1 ? "have" : "has") it, and may tell newcomers"
        }
    }

    static func lines(_ count: Int) -> String { count == 1 ? "1 line" : "\(count) lines" }
}
