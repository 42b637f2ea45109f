import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// The gathering that our lobby belongs to (Protocol.md, Gatherings).
extension Peer {
    /// Founds a gathering, because no peer has one.
    mutating func foundGathering() {
        guard let gathering = GatheringID(random.bytes(GatheringID.byteCount)) else { return }
        enterGathering(gathering)
    }

    /// Rejoins the gathering of a network that we were on recently.
    mutating func resumeGathering() {
        guard let known = rooms.known.gathering(in: presence.location, at: wall, clock.counted),
            known != rooms.gathering
        else {
            return
        }
        guard let ours = rooms.gathering else {
            enterGathering(known)
            return
        }
        // A gathering was founded without a network in the meantime: merge the two as if they had met.
        if known < ours {
            enterGathering(known, bringing: rooms[.lobby])
        } else if let former = openLobby(of: known) {
            enterGathering(ours, bringing: former)
        }
    }

    /// Handles the gathering that a peer is in. Without one we join it; two that meet merge into the lower one.
    mutating func meetGathering(_ theirs: GatheringID?, of peer: PeerID, on link: LinkID) {
        guard let theirs, knowsLocation(toMeet: theirs) else { return }
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
            // Theirs is higher: they join ours when they learn of it, by our hello or `gathering`.
        } else {
            enterGathering(theirs)
        }
    }

    /// Joins the lowest gathering of our peers, after the rate limit or a missing network prevented it.
    mutating func meetLowestGathering() {
        var lowest: (gathering: GatheringID, peer: PeerID, link: LinkID)?
        for peer in links.peers {
            guard let link = links.direct(with: peer), let gathering = links[link]?.gathering else { continue }
            if let known = lowest?.gathering, known <= gathering { continue }
            // Sent before we lost our networks, it does not show that we are still there.
            if presence.offlineSince != nil, gathering == rooms.gathering { continue }
            lowest = (gathering, peer, link)
        }
        if let lowest { meetGathering(lowest.gathering, of: lowest.peer, on: lowest.link) }
    }

    /// Opens the lobby of a gathering; nil if its log cannot be read.
    private mutating func openLobby(of gathering: GatheringID) -> RoomLog? {
        do {
            return try RoomLog(log: .lobby(gathering), room: .lobby, archive: archive)
        } catch {
            notify(.failed(.init(.storage, error.text)))
            return nil
        }
    }

    /// Enters a gathering's lobby, merging the log of the former one into it, if any.
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
        // Our requests in the former gathering were not answered, so they may be repeated.
        for link in links.ids { links[link]?.exchange.window.forget() }
        broadcast(.gathering(gathering))
        for peer in links.peers {
            if let link = links.direct(with: peer) { reconcileLobby(on: link) }
        }
    }

    /// Shows the latest messages, once, before any new one.
    private mutating func showRecent() {
        let count = configuration.recentLineCount
        guard count > 0, !rooms.hasShownRecent, let messages = history(of: .lobby, limit: count), !messages.isEmpty
        else { return }
        rooms.hasShownRecent = true
        for message in messages { notify(.message(message)) }
    }

    /// Leaves the gathering after a move to another network: none of its messages are sent here.
    mutating func leaveGathering() {
        guard rooms.gathering != nil else { return }
        note(.info, "moved to another network: starting a new lobby")
        // The peers that sent it may have been left behind.
        for peer in links.peers {
            for link in links.links(with: peer) where links[link]?.gathering == rooms.gathering {
                links[link]?.gathering = nil
            }
        }
        rooms.closeLobby()
    }

    /// Stores where and when we were in our gathering, for the next start.
    mutating func noteGathering() {
        guard let gathering = rooms.gathering else { return }
        rooms.known.noteStay(to: gathering, in: presence.location, at: wall, clock.counted)
        let known = rooms.known.encoded()
        let earlier = rooms.known.takeEarlierChange()
        keep { archive throws(ArchiveError) in
            try archive.setSetting(KnownGatherings.setting, to: known)
            if let earlier { try archive.setSetting(EarlierGatherings.setting, to: earlier) }
        }
        timers.schedule(.location, at: now + Bounds.locationInterval)
    }
}
