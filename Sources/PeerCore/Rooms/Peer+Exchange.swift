import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// Keeping logs in step over a link: reconciliation, asking, offering, answering (DESIGN §4).
extension Peer {
    /// A link has been established: what waits for this peer is sent, and the logs are compared.
    mutating func startExchange(with peer: PeerID, on id: LinkID) {
        // Nothing if it has begun, because the gatherings were found to be the same.
        if links[id]?.exchange.isComparing(.lobby) == false { reconcileLobby(on: id) }
        startConversation(with: peer, on: id)
    }

    /// The private part of it, which is all that goes through a tunnel.
    mutating func startConversation(with peer: PeerID, on id: LinkID) {
        resendUnconfirmed(to: peer, on: id)
        let key = RoomKey.conversation(peer)
        guard isInitiator(towards: peer), rooms[key]?.isEmpty == false else { return }
        reconcile(key, on: id)
    }

    /// One of two opens reconciliations, so that a message is never taken for the answer to another.
    private func isInitiator(towards peer: PeerID) -> Bool { id < peer }

    /// A relay keeps nothing of it, so its members always open.
    private func isInitiator(towards peer: PeerID, on link: LinkID) -> Bool {
        links[link]?.session != nil || isInitiator(towards: peer)
    }

    /// Compares the lobby's log if both are in the same gathering.
    mutating func reconcileLobby(on id: LinkID) {
        guard let link = links[id], let peer = link.peer, isInitiator(towards: peer),
            let gathering = rooms.gathering, link.gathering == gathering
        else { return }
        reconcile(.lobby, on: id)
    }

    /// From time to time with somebody, in case something slipped through.
    mutating func reconcileWithSomebody() {
        let jitter = 0.5 + random.unit()
        timers.schedule(.reconciliation, at: now + Bounds.reconciliationInterval * jitter)
        reconcileWithRelays()
        let own = id
        guard let link = randomLobbyLink(where: { own < $0 }) else { return }
        reconcile(.lobby, on: link)
    }

    mutating func reconcile(_ key: RoomKey, on id: LinkID) {
        guard let log = rooms[key] else { return }
        let index = log.index(for: links[id]?.exchange.capabilities.features ?? [])
        let (reconciliation, message) = Reconciliation.open(over: index, floor: log.floor)
        // What was asked for and never came (the other side was in another gathering just then) may be asked for again.
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

    mutating func reconciliationReceived(
        _ message: [UInt8], room: RoomID, gathering: GatheringID?, from peer: PeerID, on id: LinkID
    ) throws {
        guard let key = self.room(room, with: peer, on: id) else { return noteIgnoredRoom(room, on: id) }
        // Only the lobby's log is one gathering's.
        guard gathering == (key == .lobby ? rooms.gathering : nil) else { return }
        if case .conversation(let other) = key, !openConversation(with: other) { return }
        guard let log = rooms[key] else { return }
        let index = log.index(for: links[id]?.exchange.capabilities.features ?? [])
        if let floor = Reconciliation.floor(of: message) {
            rooms[key]?.note(othersFloor: floor)
            links[id]?.exchange.note(floor: floor, of: room)
        }
        if !isInitiator(towards: peer, on: id) {
            let reply = try Reconciliation.answer(message, over: index, floor: log.floor)
            sendReconciliation(reply, of: key, on: id)
            return
        }
        // An answer to a reconciliation that was given up meanwhile is late, not wrong.
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
        if let session = links[id]?.session { relayCompared(outcome, session: session) }
        offer(outcome.have, of: room, on: id)
        plan(outcome.need, of: room, on: id)
    }

    // Asking.

    /// Asks for these when there is room for their answers.
    mutating func plan(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        if let peer = links[link]?.peer, room == .conversation(id, peer), isOfferDeclined(ids, by: peer) { return }
        guard !ids.isEmpty, let planned = links[link]?.exchange.planned.count else { return }
        links[link]?.exchange.planned.append(ids.prefix(max(0, Bounds.plannedEntryCount - planned)), of: room)
        askForPlanned(on: link)
    }

    /// Keeps a window of asked-for entries open, so that what a peer sends us is bounded by what we take.
    mutating func askForPlanned(on link: LinkID) {
        while let room = links[link]?.exchange.planned.room, let peer = links[link]?.peer,
            let space = links[link]?.exchange.window.space(at: now), let limit = links[link]?.exchange.window.limit,
            // In quarters: over a long way a window of which half waits to be asked for is only half as fast.
            space > 0, space >= limit / 4
        {
            // Meanwhile some may have come from elsewhere.
            let key = self.room(room, with: peer, on: link)
            var batch: [EntryID] = []
            while batch.count < space, let next = links[link]?.exchange.planned.next(of: room) {
                if let key, rooms[key]?.contains(next) == false { batch.append(next) }
            }
            request(batch, of: room, on: link)
        }
        // If none of those comes, nothing else may remind us of the rest.
        if links[link]?.exchange.planned.isEmpty == false { timers.schedule(.requests, at: now + Bounds.requestTime) }
    }

    mutating func request(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        guard let space = links[link]?.exchange.window.space(at: now) else { return }
        let fresh = Array(ids.filter { links[link]?.exchange.window.contains($0) == false }.prefix(space))
        guard !fresh.isEmpty else { return }
        links[link]?.exchange.window.asked(for: fresh, at: now)
        send(.want(room: room, ids: fresh), on: link)
    }

    // Answering.

    /// The other side asks for entries of a room that both are in. They are sent as fast as it reads.
    mutating func wanted(_ ids: [EntryID], of room: RoomID, by peer: PeerID, on link: LinkID) throws {
        guard let key = self.room(room, with: peer, on: link), let log = rooms[key] else {
            return noteIgnoredRoom(room, on: link)
        }
        // What is asked for may have been told by somebody else.
        let known = log.ids(ids, for: links[link]?.exchange.capabilities.features ?? [])
        try links[link]?.exchange.owed.add(known, of: room)
        serve(link)
    }

    /// Queues more of what the other side of a link asked for, if what it was sent is on its way: one frame at a time.
    mutating func serve(_ link: LinkID) {
        // Looked at in place: a copy of the link would make each change below copy what it owes.
        while let peer = links[link]?.peer, links[link]?.exchange.owed.isEmpty == false,
            let queued = links[link]?.channel.queuedSyncBytes, queued < Limits.frameBytes
        {
            sendPendingAnswers(to: peer, on: link)
        }
    }

    /// As many of one room as fit one frame. What is of another gathering by now is passed over, and so is what cannot be
    /// read: the other side asks again.
    private mutating func sendPendingAnswers(to peer: PeerID, on link: LinkID) {
        guard let (room, ids) = links[link]?.exchange.owed.first else { return }
        guard let key = self.room(room, with: peer, on: link), let log = rooms[key],
            let answer = keep({ _ throws(ArchiveError) in try log.entries(ids) })
        else {
            links[link]?.exchange.owed.answered(before: [])
            return
        }
        links[link]?.exchange.owed.answered(before: answer.rest)
        guard !answer.found.isEmpty else { return }
        if key == .lobby { tellAuthors(of: answer.found, to: peer, on: link) }
        sendEncoded(Frame.entries(answer.found.map(\.bytes)).encoded(), in: .sync, on: link)
        if let session = links[link]?.session { relayTook(answer.found.map(\.key.id), session: session) }
    }

    /// The other side lacks these: it is told, and asks at its own pace.
    private mutating func offer(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        var rest = ids[...]
        while !rest.isEmpty {
            send(.have(room: room, ids: Array(rest.prefix(Limits.frameIDCount))), on: link)
            rest = rest.dropFirst(Limits.frameIDCount)
        }
    }

    mutating func offered(_ ids: [EntryID], of room: RoomID, by peer: PeerID, on link: LinkID) {
        guard let key = self.room(room, with: peer, on: link) else { return noteIgnoredRoom(room, on: link) }
        if case .conversation(let other) = key, !openConversation(with: other) { return }
        guard let log = rooms[key] else { return }
        // What we have of a conversation is confirmed again: the first receipt may have been lost with a link.
        let present = !key.isConversation ? [] : ids.filter { log.contains($0) }
        if !present.isEmpty { confirm(present, of: room, on: link) }
        plan(ids.filter { !log.contains($0) }, of: room, on: link)
    }

    private mutating func noteIgnoredRoom(_ room: RoomID, on link: LinkID) {
        noteIgnored("a frame about the room \(room), which is none of this link's just now, is ignored", on: link)
    }
}
