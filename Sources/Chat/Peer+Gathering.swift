import Secure
import Wire

/// The lobby's reach: which gathering our lobby belongs to (DESIGN §5).
extension Peer {
    /// Nobody has one: this is where it starts.
    mutating func foundGathering() {
        guard let gathering = GatheringID(random.bytes(GatheringID.byteCount)) else { return }
        enterGathering(gathering)
    }

    /// A peer told which gathering it is in. Without one we take theirs; two that meet become the lower one.
    mutating func meetGathering(_ theirs: GatheringID?, of peer: PeerID, on link: LinkID) {
        guard let theirs else { return }
        if let ours = rooms.gathering {
            if theirs < ours {
                enterGathering(theirs, bringing: rooms[.lobby])
            } else if theirs == ours {
                reconcileLobby(on: link)
            }
            // Theirs is higher: they come over when they hear of ours, which hello or `gathering` has told them.
        } else {
            enterGathering(theirs)
        }
    }

    /// Takes up a gathering's lobby, with the log of the one that is given up, if any.
    private mutating func enterGathering(_ gathering: GatheringID, bringing former: RoomLog? = nil) {
        do {
            var lobby = try RoomLog(log: .lobby(gathering), room: .lobby, archive: archive)
            if let former { try lobby.absorb(former) }
            rooms.openLobby(lobby, of: gathering)
        } catch {
            notify(.failed(.init(.storage, error.text)))
            return
        }
        broadcast(.gathering(gathering))
        for peer in links.peers {
            if let link = links.direct(with: peer) { reconcileLobby(on: link) }
        }
    }

    /// We are on another network now: nothing of the old one is told here.
    mutating func leaveGathering() {
        guard rooms.gathering != nil else { return }
        note(.info, "another network: the lobby starts anew")
        rooms.closeLobby()
    }
}
