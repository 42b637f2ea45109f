import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// Synchronising logs over a link: reconciliation, requests, offers and answers (Protocol.md, Reconciliation).
extension Peer {
    /// Starts the exchange on a new link: sends what waits for this peer and reconciles the logs.
    mutating func startExchange(with peer: PeerID, on id: LinkID) {
        // Already begun if the gatherings were found to be equal.
        if links[id]?.exchange.isComparing(.lobby) == false { reconcileLobby(on: id) }
        startConversation(with: peer, on: id)
    }

    /// Starts the private part of the exchange, the only part that runs through a tunnel.
    mutating func startConversation(with peer: PeerID, on id: LinkID) {
        resendUnconfirmed(to: peer, on: id)
        let key = RoomKey.conversation(peer)
        guard isInitiator(towards: peer), rooms[key]?.isEmpty == false else { return }
        reconcile(key, on: id)
    }

    /// Whether we open reconciliations with a peer. Only one side does, so that a message is never mistaken for the
    /// answer to another.
    private func isInitiator(towards peer: PeerID) -> Bool { id < peer }

    /// Whether we open reconciliations on a link. On a link with a relay, members always do, because the relay keeps no
    /// state for them.
    private func isInitiator(towards peer: PeerID, on link: LinkID) -> Bool {
        links[link]?.session != nil || isInitiator(towards: peer)
    }

    /// Reconciles the lobby's log if both sides are in the same gathering.
    mutating func reconcileLobby(on id: LinkID) {
        guard let link = links[id], let peer = link.peer, isInitiator(towards: peer),
            let gathering = rooms.gathering, link.gathering == gathering
        else { return }
        reconcile(.lobby, on: id)
    }

    /// Reconciles with a random peer and with relays, in case an entry was missed. Runs at jittered intervals.
    mutating func reconcileWithRandomPeer() {
        let jitter = 0.5 + random.unit()
        timers.schedule(.reconciliation, at: now + Bounds.reconciliationInterval * jitter)
        reconcileWithRelays()
        let own = id
        guard let link = randomLobbyLink(where: { own < $0 }) else { return }
        reconcile(.lobby, on: link)
    }

    /// Opens a reconciliation of a room on a link, replacing one under way.
    mutating func reconcile(_ key: RoomKey, on id: LinkID) {
        guard let log = rooms[key] else { return }
        let index = log.index(for: links[id]?.exchange.capabilities.features ?? [])
        let (reconciliation, message) = Reconciliation.open(over: index, floor: log.floor)
        // Requests that were never answered (the other side was in another gathering just then) may be sent again.
        links[id]?.exchange.window.forget()
        links[id]?.exchange.planned.removeAll(of: log.room)
        links[id]?.exchange.rounds.removeAll { $0.room == log.room }
        links[id]?.exchange.rounds.append(.init(room: log.room, reconciliation: reconciliation))
        sendReconciliation(message, of: key, on: id)
    }

    private mutating func sendReconciliation(_ message: [UInt8], of key: RoomKey, on id: LinkID) {
        guard let log = rooms[key] else { return }
        let gathering = key == .lobby ? rooms.gathering : nil
        send(.reconcile(room: log.room, gathering: gathering, message: message), on: id)
    }

    /// Answers or continues a reconciliation, then offers and requests the differences found.
    mutating func reconciliationReceived(
        _ message: [UInt8], room: RoomID, gathering: GatheringID?, from peer: PeerID, on id: LinkID
    ) throws {
        guard let key = self.room(room, with: peer, on: id) else { return noteIgnoredRoom(room, on: id) }
        // Only the lobby's log belongs to a gathering.
        guard gathering == (key == .lobby ? rooms.gathering : nil) else { return }
        if case .conversation(let other) = key, !openConversation(with: other) { return }
        guard let log = rooms[key] else { return }
        let index = log.index(for: links[id]?.exchange.capabilities.features ?? [])
        if let floor = Reconciliation.floor(of: message) {
            rooms[key]?.note(highestKnownFloor: floor)
            links[id]?.exchange.note(floor: floor, of: room)
        }
        if !isInitiator(towards: peer, on: id) {
            let reply = try Reconciliation.answer(message, over: index, floor: log.floor)
            sendReconciliation(reply, of: key, on: id)
            return
        }
        // An answer to a reconciliation that was abandoned meanwhile is late, not wrong.
        guard let place = links[id]?.exchange.rounds.firstIndex(where: { $0.room == room }),
            var reconciliation = links[id]?.exchange.rounds[place].reconciliation
        else { return }
        let outcome = try reconciliation.messageReceived(message, over: index, floor: log.floor)
        if let reply = outcome.reply {
            links[id]?.exchange.rounds[place].reconciliation = reconciliation
            sendReconciliation(reply, of: key, on: id)
        } else {
            links[id]?.exchange.rounds.remove(at: place)
        }
        if let session = links[id]?.session { relayReconciled(outcome, session: session) }
        offer(outcome.have, of: room, on: id)
        plan(outcome.need, of: room, on: id)
    }

    // Requests.

    /// Plans to request these entries as soon as the window has room for their answers.
    mutating func plan(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        if let peer = links[link]?.peer, room == .conversation(id, peer), isOfferDeclined(ids, by: peer) { return }
        guard !ids.isEmpty, let planned = links[link]?.exchange.planned.count else { return }
        links[link]?.exchange.planned.append(ids.prefix(max(0, Bounds.plannedEntryCount - planned)), of: room)
        askForPlanned(on: link)
    }

    /// Requests planned entries while the window has room, so that our pace bounds what a peer sends us.
    mutating func askForPlanned(on link: LinkID) {
        while let room = links[link]?.exchange.planned.room, let peer = links[link]?.peer,
            let space = links[link]?.exchange.window.space(at: now), let limit = links[link]?.exchange.window.limit,
            // Requests more as soon as a quarter of the window is free: with a long round trip, a half-used window is
            // only half as fast.
            space > 0, space >= limit / 4
        {
            // Some may have arrived from elsewhere meanwhile.
            let key = self.room(room, with: peer, on: link)
            var batch: [EntryID] = []
            while batch.count < space, let next = links[link]?.exchange.planned.next(of: room) {
                if let key, rooms[key]?.contains(next) == false { batch.append(next) }
            }
            request(batch, of: room, on: link)
        }
        // If none of those arrives, nothing else would trigger a request for the rest.
        if links[link]?.exchange.planned.isEmpty == false {
            timers.schedule(.requests, at: now + Bounds.requestTimeout)
        }
    }

    /// Requests entries that are not already requested, as far as the window has room.
    mutating func request(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        guard let space = links[link]?.exchange.window.space(at: now) else { return }
        let fresh = Array(ids.filter { links[link]?.exchange.window.contains($0) == false }.prefix(space))
        guard !fresh.isEmpty else { return }
        links[link]?.exchange.window.asked(for: fresh, at: now)
        send(.want(room: room, ids: fresh), on: link)
    }

    // Answers.

    /// Queues the requested entries of a room that both sides are in. They are sent as fast as the other side reads.
    mutating func wanted(_ ids: [EntryID], of room: RoomID, by peer: PeerID, on link: LinkID) throws {
        guard let key = self.room(room, with: peer, on: link), let log = rooms[key] else {
            return noteIgnoredRoom(room, on: link)
        }
        // The IDs may have been learned from another peer.
        let known = log.ids(ids, for: links[link]?.exchange.capabilities.features ?? [])
        try links[link]?.exchange.pendingAnswers.add(known, of: room)
        serve(link)
    }

    /// Queues more requested entries, one frame at a time, once earlier ones are on their way.
    mutating func serve(_ link: LinkID) {
        // Accessed in place: a copy of the link would make each change below copy its pending answers.
        while let peer = links[link]?.peer, links[link]?.exchange.pendingAnswers.isEmpty == false,
            let queued = links[link]?.channel.queuedSyncBytes, queued < Limits.frameBytes
        {
            sendPendingAnswers(to: peer, on: link)
        }
    }

    /// Sends as many pending answers of one room as fit one frame. Entries of another gathering, and entries that
    /// cannot be read, are skipped: the other side requests them again.
    private mutating func sendPendingAnswers(to peer: PeerID, on link: LinkID) {
        guard let (room, ids) = links[link]?.exchange.pendingAnswers.first else { return }
        guard let key = self.room(room, with: peer, on: link), let log = rooms[key],
            let answer = keep({ _ throws(ArchiveError) in try log.entries(ids) })
        else {
            links[link]?.exchange.pendingAnswers.answered(before: [])
            return
        }
        links[link]?.exchange.pendingAnswers.answered(before: answer.rest)
        guard !answer.found.isEmpty else { return }
        if key == .lobby { sendAuthors(of: answer.found, to: peer, on: link) }
        sendEncoded(Frame.entries(answer.found.map(\.bytes)).encoded(), in: .sync, on: link)
        if let session = links[link]?.session { relayAccepted(answer.found.map(\.key.id), session: session) }
    }

    /// Offers entries that the other side lacks; it requests them at its own pace.
    private mutating func offer(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        var rest = ids[...]
        while !rest.isEmpty {
            send(.have(room: room, ids: Array(rest.prefix(Limits.frameIDCount))), on: link)
            rest = rest.dropFirst(Limits.frameIDCount)
        }
    }

    /// Requests offered entries that we lack, and confirms private ones that we have.
    mutating func offered(_ ids: [EntryID], of room: RoomID, by peer: PeerID, on link: LinkID) {
        guard let key = self.room(room, with: peer, on: link) else { return noteIgnoredRoom(room, on: link) }
        if case .conversation(let other) = key, !openConversation(with: other) { return }
        guard let log = rooms[key] else { return }
        // Entries of a conversation that we have are confirmed again: the first receipt may have been lost with a link.
        let present = !key.isConversation ? [] : ids.filter { log.contains($0) }
        if !present.isEmpty { confirm(present, of: room, on: link) }
        plan(ids.filter { !log.contains($0) }, of: room, on: link)
    }

    private mutating func noteIgnoredRoom(_ room: RoomID, on link: LinkID) {
        noteIgnored("a frame about the room \(room), which is not one of this link's now, is ignored", on: link)
    }
}
