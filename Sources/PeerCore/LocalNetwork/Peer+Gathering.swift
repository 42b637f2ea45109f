import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// The lobby's reach: which gathering our lobby belongs to (DESIGN §5).
extension Peer {
    /// Nobody has one: this is where it starts.
    mutating func foundGathering() {
        guard let gathering = GatheringID(random.bytes(GatheringID.byteCount)) else { return }
        enterGathering(gathering)
    }

    /// We are back on a network that we were on not long ago: its gathering goes on.
    mutating func resumeGathering() {
        guard let known = rooms.known.gathering(in: presence.place, at: wall, clock.counted), known != rooms.gathering
        else {
            return
        }
        guard let ours = rooms.gathering else {
            enterGathering(known)
            return
        }
        // Meanwhile one was founded without a network: as if two had met.
        if known < ours {
            enterGathering(known, bringing: rooms[.lobby])
        } else if let former = openLobby(of: known) {
            enterGathering(ours, bringing: former)
        }
    }

    /// A peer told which gathering it is in. Without one we take theirs; two that meet become the lower one.
    mutating func meetGathering(_ theirs: GatheringID?, of peer: PeerID, on link: LinkID) {
        guard let theirs, isPlaced(toMeet: theirs) else { return }
        if let ours = rooms.gathering {
            if theirs < ours {
                guard rooms.moves.take(at: now) else {
                    timers.schedule(.gathering, at: now + Bounds.gatheringInterval)
                    return
                }
                enterGathering(theirs, bringing: rooms[.lobby])
            } else if theirs == ours {
                reconcileLobby(on: link)
            }
            // Theirs is higher: they come over when they hear of ours, which hello or `gathering` has told them.
        } else {
            enterGathering(theirs)
        }
    }

    /// We could not go over to all that we were told of: the lowest counts.
    mutating func meetLowestGathering() {
        var lowest: (gathering: GatheringID, peer: PeerID, link: LinkID)?
        for peer in links.peers {
            guard let link = links.direct(with: peer), let gathering = links[link]?.gathering else { continue }
            if let known = lowest?.gathering, known <= gathering { continue }
            // Told before we lost our networks, it does not say that we are still there.
            if presence.offlineSince != nil, gathering == rooms.gathering { continue }
            lowest = (gathering, peer, link)
        }
        if let lowest { meetGathering(lowest.gathering, of: lowest.peer, on: lowest.link) }
    }

    private mutating func openLobby(of gathering: GatheringID) -> RoomLog? {
        do {
            return try RoomLog(log: .lobby(gathering), room: .lobby, archive: archive)
        } catch {
            notify(.failed(.init(.storage, error.text)))
            return nil
        }
    }

    /// Takes up a gathering's lobby, with the log of the one that is given up, if any.
    private mutating func enterGathering(_ gathering: GatheringID, bringing former: RoomLog? = nil) {
        guard var lobby = openLobby(of: gathering) else { return }
        if let former {
            do {
                try lobby.absorb(former)
            } catch {
                notify(.failed(.init(.storage, error.text)))
                return
            }
            if case .lobby(let other) = former.log { rooms.known.noteMerge(of: other) }
        }
        rooms.openLobby(lobby, of: gathering)
        noteGathering()
        if former == nil { showRecent() }
        // What was asked for while we were elsewhere was not answered, and may be asked for again.
        for link in links.ids { links[link]?.exchange.window.forget() }
        broadcast(.gathering(gathering))
        for peer in links.peers {
            if let link = links.direct(with: peer) { reconcileLobby(on: link) }
        }
    }

    /// What was said last, once, before anything new.
    private mutating func showRecent() {
        let count = configuration.recentLineCount
        guard count > 0, !rooms.hasShownRecent, let messages = history(of: .lobby, limit: count), !messages.isEmpty
        else { return }
        rooms.hasShownRecent = true
        for message in messages { notify(.message(message)) }
    }

    /// We are on another network now: nothing of the old one is told here.
    mutating func leaveGathering() {
        guard rooms.gathering != nil else { return }
        note(.info, "another network: the lobby starts anew")
        // Who told so may have been left behind.
        for peer in links.peers {
            for link in links.links(with: peer) where links[link]?.gathering == rooms.gathering {
                links[link]?.gathering = nil
            }
        }
        rooms.closeLobby()
    }

    /// Where and when we are in our gathering is kept, for the next start.
    mutating func noteGathering() {
        guard let gathering = rooms.gathering else { return }
        rooms.known.noteStay(to: gathering, in: presence.place, at: wall, clock.counted)
        let known = rooms.known.encoded()
        let earlier = rooms.known.takeEarlierChange()
        keep { archive throws(ArchiveError) in
            try archive.setSetting(KnownGatherings.setting, to: known)
            if let earlier { try archive.setSetting(EarlierGatherings.setting, to: earlier) }
        }
        timers.schedule(.location, at: now + Bounds.locationInterval)
    }
}
