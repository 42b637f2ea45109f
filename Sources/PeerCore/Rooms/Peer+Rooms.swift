import CoreModel
import Links
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Entries: written, received, shown and passed on.
extension Peer {
    /// Accesses the archive. A failure is reported to the user and has no other effect.
    /// - Returns: Nil if it failed.
    @discardableResult
    mutating func keep<Result>(
        token: CommandToken? = nil, _ change: (any Archive) throws(ArchiveError) -> Result
    ) -> Result? {
        do {
            return try change(archive)
        } catch {
            notify(.failed(.init(.storage, error.text)), token: token)
            return nil
        }
    }

    /// Writes an entry of our own into a room.
    /// - Returns: Nil if it cannot be stored; the user has then been notified.
    mutating func write(
        _ text: String, _ kind: Entry.Kind, in key: RoomKey, token: CommandToken?
    ) -> SignedEntry? {
        guard let room = rooms[key] else { return nil }
        let entry = Entry(
            room: room.room, author: id, lamport: room.nextLamport, wallTime: min(wall.milliseconds, Limits.wallTime),
            parents: room.heads, kind: kind, body: text)
        let signed = SignedEntry(signing: entry, by: identity)
        do {
            let insertion = try rooms[key]?.insert(signed, at: now, durability: .full)
            precondition(insertion == .added, "an entry of ours fits its own log")
        } catch {
            notify(.failed(.init(.storage, error.text)), token: token)
            return nil
        }
        if case .conversation(let peer) = key { noteAnswer(to: peer) }
        boundLog(of: key, adding: ArchivedEntry(key: signed.key, bytes: signed.bytes).keptBytes)
        while let shown = rooms[key]?.nextShown(at: now) {
            showEntry(shown, in: key, token: shown.entry.id == signed.id ? token : nil)
        }
        return signed
    }

    /// Returns the room that a frame on this link may refer to.
    /// - Returns: Nil if there is none, or none at present (another gathering). That is no violation: a later version
    ///   may have rooms that this one does not know.
    func room(_ room: RoomID, with peer: PeerID, on link: LinkID) -> RoomKey? {
        if room == .lobby {
            guard let gathering = rooms.gathering, links[link]?.gathering == gathering else { return nil }
            return .lobby
        }
        if let session = links[link]?.session, let community = sessions.all[session].community,
            room == .relayLobby(of: community)
        {
            return .relayLobby(community)
        }
        if let guest = guest(in: room, of: link) { return .conversation(guest) }
        return room == .conversation(id, peer) ? .conversation(peer) : nil
    }

    /// Verifies, stores and confirms received entries; unrequested ones are limited in rate.
    mutating func entriesReceived(_ list: [[UInt8]], from peer: PeerID, on link: LinkID) throws {
        for bytes in list {
            let entryID = EntryID(of: bytes)
            let wasAskedFor = links[link]?.exchange.window.arrived(entryID, ofBytes: bytes.count, at: now) == true
            guard wasAskedFor || links[link]?.exchange.unsolicited.take(at: now) == true else { continue }
            let unverified = try SignedEntry(parsing: bytes)
            let entry = unverified.entry
            guard let key = room(entry.room, with: peer, on: link) else {
                noteIgnored("an entry of a room that does not belong to this link is ignored", on: link)
                continue
            }
            if case .conversation(let other) = key {
                guard entry.author == other || entry.author == id else {
                    throw LinkViolation("a private entry by somebody else")
                }
                // Messages of a blocked peer are neither stored nor confirmed.
                if roster.blocked.contains(other), entry.author == other { continue }
                guard openConversation(with: other) else { continue }
            }
            if rooms[key]?.contains(unverified.key) == true {
                if case .conversation(entry.author) = key { confirm([entryID], of: entry.room, on: link) }
                continue
            }
            // Not stored, so not confirmed.
            if case .conversation(let other) = key, isDeclined(unverified, by: other) { continue }
            guard unverified.verify(with: identity.signing) else {
                // A relay does not verify everything that it passes on; the fault may be the author's.
                if case .relayLobby = key {
                    let name = displayName(of: entry.author)
                    warn("a message with an invalid signature, supposedly by \(name), is not shown")
                    continue
                }
                throw LinkViolation("an entry with a wrong signature")
            }
            // Not stored, so not confirmed: it will be sent again.
            if isFlooded(key) { continue }
            try entryVerified(unverified, in: key, on: link, wasAskedFor: wasAskedFor)
        }
        askForPlanned(on: link)
    }

    /// Stores a verified entry, then confirms it or passes it on, depending on its room.
    private mutating func entryVerified(
        _ entry: SignedEntry, in key: RoomKey, on link: LinkID, wasAskedFor: Bool
    ) throws {
        let insertion: Insertion
        // A relay passes on messages that were sent just now.
        let isNew = !wasAskedFor && (links[link]?.session != nil || links[link]?.peer == entry.entry.author)
        let floor = links[link]?.exchange.floor(of: entry.entry.room) ?? 0
        do {
            guard
                let result = try rooms[key]?.insert(
                    entry, isNew: isNew, sendersFloor: floor, at: now,
                    durability: key.isConversation ? .full : .normal)
            else { return }
            insertion = result
        } catch {
            // Not stored, so not confirmed: it will be sent again.
            notify(.failed(.init(.storage, error.text)))
            return
        }
        guard insertion == .added else {
            let name = displayName(of: entry.entry.author)
            warn("a message by \(name) is not accepted", detail: "\(entry.id): \(insertion)")
            return
        }
        let keptBytes = ArchivedEntry(key: entry.key, bytes: entry.bytes).keptBytes
        if case .conversation(entry.entry.author) = key {
            rooms.retentionState.unsolicited.add(keptBytes, by: entry.entry.author)
        } else {
            noteAuthor(entry.entry.author, on: link)
        }
        boundLog(of: key, adding: keptBytes)
        // Dropped immediately for lack of space, so not confirmed.
        guard rooms[key]?.contains(entry.key) == true else { return }
        rooms.lastSource[key] = link
        if wasAskedFor, let since = links[link]?.establishedWall, entry.entry.wallTime < since.milliseconds {
            rooms.late.insert(entry.id)
        }
        switch key {
        case .lobby:
            if !wasAskedFor { passOn(entry, from: link) }
            spread(entry.id)
        case .relayLobby:
            break
        case .conversation(let other):
            // If our state was lost, the other side still has our own entries.
            guard entry.entry.author == other else { return noteAnswer(to: other) }
            noteUse(of: link)
            rooms.unseen.arrived(entry.key, from: other)
            confirm([entry.id], of: entry.entry.room, on: link)
        }
    }

    /// Shows all entries that can be shown and requests those that are missing.
    /// - Returns: Whether there were any.
    mutating func settleRooms() -> Bool {
        var wasBusy = false
        for key in rooms.keys {
            while let shown = rooms[key]?.nextShown(at: now) {
                showEntry(shown, in: key, token: nil)
                wasBusy = true
            }
            if let ids = rooms[key]?.nextWanted(), !ids.isEmpty {
                askForMissing(ids, in: key)
                wasBusy = true
            }
        }
        return wasBusy
    }

    /// Shows an entry, unless its author is blocked or it was shown before.
    private mutating func showEntry(_ shown: Shown, in key: RoomKey, token: CommandToken?) {
        let isLate = rooms.late.remove(shown.entry.id) != nil
        if key != .lobby { rooms.unseen.shown(shown.entry.key) }
        guard !roster.blocked.contains(shown.entry.entry.author) else { return }
        if key == .lobby, isLate, wasShownElsewhere(shown.entry.key) { return }
        showInOrder(shown, in: key, isLate: isLate, token: token)
    }

    /// Whether an entry was shown in the lobby of a gathering that we left on another network, and that has since met
    /// our current one through other peers.
    private func wasShownElsewhere(_ key: EntryKey) -> Bool {
        rooms.known.records.contains { session in
            guard session.gathering != rooms.gathering else { return false }
            // An entry that cannot be read is shown again.
            return (try? archive.entry(key, in: .lobby(session.gathering))) != nil
        }
    }

    /// Returns the message event for an entry.
    func message(_ entry: SignedEntry, in key: RoomKey, isHistory: Bool, hasGap: Bool) -> Event.Message {
        let room: RoomName
        var partner: PeerID?
        var from = displayName(of: entry.entry.author)
        switch key {
        case .lobby: room = .lobby
        case .conversation(let peer):
            room = .conversation(with: displayName(of: peer))
            partner = peer
        case .relayLobby(let relay):
            room = .relayLobby(relay: relayName(of: relay))
            from = memberName(of: entry.entry.author, at: relay)
        }
        return Event.Message(
            room: room, isPrivate: key.isConversation, from: from,
            fromID: entry.entry.author, text: entry.entry.shownText, kind: entry.entry.kind, id: entry.id,
            time: WallTime(milliseconds: entry.entry.wallTime), lamport: entry.entry.lamport, isHistory: isHistory,
            isOwn: entry.entry.author == id, hasGap: hasGap, partner: partner)
    }

    /// Requests missing parents immediately, from the peer that sent their child; if that link is gone, from another.
    private mutating func askForMissing(_ ids: [EntryID], in key: RoomKey) {
        var source: LinkID?
        switch key {
        case .conversation(let peer):
            source = links.best(with: peer)
        case .relayLobby(let relay):
            source = sessions.session(at: relay).flatMap { sessions.all[$0].memberLink }
        case .lobby:
            let last = rooms.lastSource.removeValue(forKey: .lobby)
            source = last.flatMap { links[$0]?.isEstablished == true ? $0 : nil } ?? randomLobbyLink()
        }
        guard let source, let room = rooms[key]?.room else { return }
        request(ids, of: room, on: source)
    }

    /// Returns a random link whose peer is in our gathering.
    mutating func randomLobbyLink(where isMeant: (PeerID) -> Bool = { _ in true }) -> LinkID? {
        guard let gathering = rooms.gathering else { return nil }
        let candidates = links.peers.compactMap { peer -> LinkID? in
            guard isMeant(peer), let link = links.direct(with: peer), links[link]?.gathering == gathering else {
                return nil
            }
            return link
        }
        guard !candidates.isEmpty else { return nil }
        return candidates[Int(random.uniform(below: UInt64(candidates.count)))]
    }

    /// Passes an entry on to our other links: on a big LAN few peers have a link with the author.
    private mutating func passOn(_ entry: SignedEntry, from source: LinkID) {
        guard discovery.mesh.isSparse, let gathering = rooms.gathering else { return }
        let heardFrom = links[source]?.peer
        let isKnown = entry.entry.kind.isKnown
        broadcast(.entries([entry.bytes])) { link in
            link.gathering == gathering && link.peer != heardFrom
                && (isKnown || link.exchange.capabilities.features.contains(.unknownKinds))
        }
    }

    // Gossip: for peers that have no link with an entry's author.

    /// Schedules an entry's ID for gossip to a few peers.
    private mutating func spread(_ entry: EntryID) {
        guard links.peers.count > 1, rooms.gossipedEntries.count < Bounds.entryGossipCount else { return }
        rooms.gossipedEntries.append(entry)
        timers.schedule(.entryGossip, at: now + Bounds.entryGossipInterval)
    }

    /// Sends the IDs of new entries to a few random links.
    mutating func gossipEntries() {
        guard !rooms.gossipedEntries.isEmpty else { return }
        let gossipedEntries = rooms.gossipedEntries
        let frame = Frame.have(room: .lobby, ids: gossipedEntries)
        let encoded = frame.encoded()
        rooms.gossipedEntries.removeAll(keepingCapacity: true)
        var told: [LinkID] = []
        for _ in 0..<Bounds.entryGossipFanout {
            guard let link = randomLobbyLink(), !told.contains(link) else { continue }
            told.append(link)
            let features = links[link]?.exchange.capabilities.features ?? []
            let ids = rooms[.lobby]?.ids(gossipedEntries, for: features) ?? []
            if ids.count == gossipedEntries.count {
                sendEncoded(encoded, in: frame.lane, on: link)
            } else if !ids.isEmpty {
                send(.have(room: .lobby, ids: ids), on: link)
            }
        }
    }
}
