import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// The entries of members: accepted, stored and passed on. Each member has a rate; entries above it wait, so that
/// nothing is lost and no gap appears in a member's messages.
extension Relay {
    mutating func entriesReceived(_ list: [[UInt8]], from peer: PeerID, on link: RelayLink) throws {
        for bytes in list {
            guard let pace = link.member?.pace else { return }
            if pace.count == 0, link.member?.pace.bucket.take(at: now) == true {
                try accept(bytes, from: peer, on: link)
            } else {
                wait(bytes, on: link)
            }
        }
        askForPlanned(on: link)
    }

    private mutating func wait(_ bytes: [UInt8], on link: RelayLink) {
        guard let pace = link.member?.pace else { return }
        guard pace.count < configuration.limits.waitingMessageCount else {
            counters.sinceStart.failures.floods += 1
            let rate = Int(configuration.limits.messageRate)
            let reason = "more than \(rate) messages a second, in spite of a warning"
            return remove(link, .flood, by: configuration.name.text, reason)
        }
        if pace.count == 0 {
            if !state.paced.contains(where: { $0 === link }) { state.paced.append(link) }
            timers.schedule(.pace, at: now + Bounds.paceInterval)
        }
        link.member?.pace.waiting.append(bytes)
        guard !pace.wasWarned else { return }
        link.member?.pace.wasWarned = true
        let rate = Int(configuration.limits.messageRate)
        send(
            .notice(
                "\(RelayNotice.tooFast) \(rate) messages a second: the rest is passed on at that pace, and a member that "
                    + "continues is removed"), on: link)
    }

    /// Accepts the waiting entries, at each member's rate.
    mutating func passOnWaiting() {
        let paced = state.paced
        state.paced.removeAll(keepingCapacity: true)
        for link in paced {
            guard case .member(let peer) = link.phase else { continue }
            passOnTunnels(of: peer, on: link)
            do {
                while link.member?.pace.count ?? 0 > 0, link.member?.pace.bucket.take(at: now) == true {
                    guard let bytes = link.member?.pace.popFirst() else { break }
                    try accept(bytes, from: peer, on: link)
                }
            } catch {
                violated(link, LinkViolation(describing: error))
                continue
            }
            askForPlanned(on: link)
            if link.member?.pace.count ?? 0 > 0 || link.member?.planned.isEmpty == false
                || link.member?.tunnels.isEmpty == false
            {
                state.paced.append(link)
            }
            if link.member?.pace.count == 0 { link.member?.pace.wasWarned = false }
        }
        if !state.paced.isEmpty { timers.schedule(.pace, at: now + Bounds.paceInterval) }
    }

    private mutating func accept(_ bytes: [UInt8], from peer: PeerID, on link: RelayLink) throws {
        let entry = try SignedEntry(parsing: bytes)
        guard entry.entry.room == lobby.room else { return try whisperReceived(entry, from: peer, on: link) }
        let wasAskedFor = link.member?.requested.remove(entry.id) != nil
        guard !lobby.contains(entry.key) else { return }
        let author = entry.entry.author
        guard author == peer || (wasAskedFor && mayBeRestored(author)) else {
            return decline([entry.id], .author, on: link)
        }
        guard !isSilenced(author) else {
            return decline([entry.id], .muted, on: link)
        }
        // The link authenticates the author, and members check signatures themselves. We spot-check to keep forgers
        // out.
        if author != peer || state.verifications.take(at: now) {
            guard entry.verify(with: identity.signing) else { throw LinkViolation("an entry with a wrong signature") }
        }
        let insertion: Insertion
        do {
            insertion = try lobby.insert(
                entry, isNew: author == peer && !wasAskedFor, at: now, durability: .normal)
        } catch {
            // An entry that could not be stored is not passed on; its author has it and offers it again.
            return archiveFailed(error)
        }
        switch insertion {
        case .added:
            counters.sinceStart.entriesAccepted += 1
            if author == peer, let name = link.member?.name { rememberAuthor(peer, name) }
            link.isSpeaking = true
            state.accepted.append((bytes, link, entry.entry.kind.isKnown))
            state.lastSource = link
            boundLog(adding: ArchivedEntry(key: entry.key, bytes: bytes).keptBytes)
        case .duplicate: break
        case .refused: decline([entry.id], .misplaced, on: link)
        }
    }

    /// Returns whether a member may bring back entries of this author, which the relay has lost.
    private func mayBeRestored(_ author: PeerID) -> Bool {
        state.retentionState.authors[author] != nil && moderation.ban(of: author, nil, nil, at: clock.counted) == nil
    }

    private mutating func decline(_ ids: [EntryID], _ why: RelayDecline, on link: RelayLink) {
        counters.sinceStart.entriesDeclined += UInt64(ids.count)
        send(.declined(room: lobby.room, ids: ids, why: why), on: link)
    }

    /// Sends the entries that this round accepted to every member except their source, in as few frames as possible.
    mutating func passOnAccepted() {
        guard !state.accepted.isEmpty else { return }
        let accepted = state.accepted
        state.accepted.removeAll(keepingCapacity: true)
        let frames = Self.frames(of: accepted.map(\.bytes))
        // For members that would reject unknown kinds as a violation; mostly these are the same frames.
        let isAllKnown = accepted.allSatisfy(\.isKnown)
        let knownFrames = isAllKnown ? frames : Self.frames(of: accepted.filter(\.isKnown).map(\.bytes))
        // By index: in an unoptimised build each step of an iteration over an array allocates memory.
        for place in links.members.indices {
            let link = links.members[place]
            let takesAll = isAllKnown || link.capabilities.features.contains(.unknownKinds)
            if link.isSpeaking {
                link.isSpeaking = false
                let others = accepted.filter { $0.from !== link && (takesAll || $0.isKnown) }.map(\.bytes)
                for frame in Self.frames(of: others) { sendEncoded(frame, on: link) }
                counters.sinceStart.deliveries &+= UInt64(others.count)
            } else if !takesAll {
                for number in knownFrames.indices { sendEncoded(knownFrames[number], on: link) }
                counters.sinceStart.deliveries &+= UInt64(accepted.count(where: \.isKnown))
            } else {
                for number in frames.indices { sendEncoded(frames[number], on: link) }
                counters.sinceStart.deliveries &+= UInt64(accepted.count)
            }
        }
    }

    /// Encodes entries in as few frames as possible.
    static func frames(of entries: [[UInt8]]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var batch: [[UInt8]] = []
        batch.reserveCapacity(entries.count)
        var size = 0
        for entry in entries {
            if size + entry.count > Limits.frameBytes - 1024 {
                frames.append(Frame.entries(batch).encoded())
                batch = []
                size = 0
            }
            batch.append(entry)
            size += entry.count + 4
        }
        if !batch.isEmpty { frames.append(Frame.entries(batch).encoded()) }
        return frames
    }

    /// Requests missing entries. A relay shows nothing, so what becomes visible is discarded.
    mutating func settleLobby() {
        while lobby.nextShown(at: now) != nil {}
        while true {
            let wanted = lobby.nextWanted()
            guard !wanted.isEmpty else { return }
            guard let link = state.lastSource, link.member != nil else { continue }
            request(wanted, on: link)
        }
    }

    // Reconciliation (Protocol.md): members initiate, and the relay answers without keeping any state.

    mutating func reconciliationReceived(_ message: [UInt8], on link: RelayLink) throws {
        let index = lobby.index(for: link.capabilities.features)
        let reply = try Reconciliation.answer(message, over: index, floor: lobby.floor)
        send(.reconcile(room: lobby.room, gathering: nil, message: reply), on: link)
    }

    /// Sends the entries that a member requested.
    mutating func wanted(_ ids: [EntryID], on link: RelayLink) throws {
        try link.member?.pendingAnswers.add(lobby.ids(ids, for: link.capabilities.features), of: lobby.room)
        serve(link)
    }

    /// Queues more of the entries that a member requested, one frame at a time, once the frame before is on its way.
    /// Entries that cannot be read are skipped: the member asks again.
    mutating func serve(_ link: RelayLink) {
        while let ids = link.member?.pendingAnswers.first?.ids, link.channel.queuedSyncBytes < Limits.frameBytes {
            let log = lobby
            let answer = keep { _ throws(ArchiveError) in try log.entries(ids) }
            link.member?.pendingAnswers.answered(before: answer?.rest ?? [])
            guard let found = answer?.found.map(\.bytes), !found.isEmpty else { continue }
            sendAuthors(of: found, on: link)
            sendEncoded(Frame.entries(found).encoded(), in: .sync, on: link)
        }
    }

    /// Sends the names under which this relay knew the absent authors of these entries, each once on a link.
    private mutating func sendAuthors(of entries: [[UInt8]], on link: RelayLink) {
        var told: [AuthorName] = []
        for bytes in entries {
            guard let author = (try? SignedEntry(trusted: bytes))?.entry.author, links.member(author) == nil,
                let name = authorName(of: author), link.member?.sentAuthors.note(author) == true
            else { continue }
            told.append(AuthorName(peer: author, name: name.text))
        }
        for frame in Frame.authors(told, of: lobby.room) { send(frame, on: link) }
    }

    /// Plans to request the offered entries that the lobby lacks.
    mutating func offered(_ ids: [EntryID], on link: RelayLink) {
        guard let member = link.member else { return }
        let fresh = lobby.missing(from: ids).filter { !member.requested.contains($0) }
        let free = max(0, Bounds.relayPlannedCount - member.planned.count)
        link.member?.planned.append(contentsOf: fresh.prefix(free))
        askForPlanned(on: link)
    }

    /// Requests planned entries from a member, no faster than the member may send.
    private mutating func askForPlanned(on link: RelayLink) {
        guard let member = link.member, !member.planned.isEmpty else { return }
        let free = Bounds.relayRequestCount - member.requested.count - member.pace.count
        guard free > 0 else { return }
        let batch = Array(member.planned.prefix(free))
        link.member?.planned.removeFirst(batch.count)
        request(batch, on: link)
    }

    private mutating func request(_ ids: [EntryID], on link: RelayLink) {
        guard let member = link.member else { return }
        let free = max(0, Bounds.relayRequestCount - member.requested.count)
        let fresh = Array(lobby.missing(from: ids).filter { !member.requested.contains($0) }.prefix(free))
        guard !fresh.isEmpty else { return }
        link.member?.requested.formUnion(fresh)
        send(.want(room: lobby.room, ids: fresh), on: link)
    }
}
