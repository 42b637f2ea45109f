import Secure
import Wire

/// What the person or program in front asks for. Whatever cannot be done says why, and what to do next.
extension Peer {
    mutating func commanded(_ command: Command, token: CommandToken?) {
        switch presence.stage {
        case .awaitingReceipts, .finished:
            if case .quit(afterReceipts: false) = command { quitNow(.done) }
            return
        case .awaitingStart, .awaitingName:
            // Until the name is settled nobody may be known yet; what is asked for now is done then.
            var limit = Bounds.deferredCommandCount
            if case .quit(let afterReceipts) = command {
                if !afterReceipts { break }
                // Nobody would ask for it again: the input has ended.
                limit += 1
            }
            guard presence.deferred.count < limit else {
                refuse(.tooFast, "too much at once before the name is settled: try again in a second", token)
                return
            }
            presence.deferred.append((command, token))
            return
        case .ready:
            break
        }
        switch command {
        case .say(let text, let kind, let room): say(text, kind, in: room, token: token)
        case .tell(let name, let text, let kind):
            guard isSayable(text, token), let peer = resolve(name, token) else { return }
            tell(peer, text, kind, token: token)
        case .who: notify(.who(everybody()), token: token)
        case .history(let room, let limit):
            showAllBacklogs()
            history(of: room, limit: limit, token: token)
        case .search(let words, let limit): search(words, limit: limit, token: token)
        case .nick(let name): nick(name, token: token)
        case .away(let word): goAway(word, token: token)
        case .block(let name): setBlocked(true, name, token: token)
        case .unblock(let name): setBlocked(false, name, token: token)
        case .blocked: notify(.blocked(blockedPeers), token: token)
        case .forget(let room): forget(room, token: token)
        case .op, .kick, .ban, .unban, .bans, .mute, .unmute, .topic: moderate(command, token: token)
        case .quit(let afterReceipts): quit(afterReceipts: afterReceipts)
        }
    }

    mutating func refuse(_ code: Event.Failure.Code, _ text: String, _ token: CommandToken?) {
        notify(.failed(.init(code, text)), token: token)
    }

    private mutating func isSayable(_ text: String, _ token: CommandToken?) -> Bool {
        guard !text.isBlank else {
            refuse(.badCommand, "nothing to say: the text is \(text.isEmpty ? "empty" : "blank")", token)
            return false
        }
        guard text.utf8.count <= Limits.textBytes else {
            refuse(
                .tooLong,
                "the message has \(text.utf8.count) bytes, \(Limits.textBytes) is the most: send it in parts", token)
            return false
        }
        return true
    }

    private mutating func say(_ text: String, _ kind: Entry.Kind, in room: RoomName?, token: CommandToken?) {
        guard isSayable(text, token) else { return }
        switch room {
        case nil where configuration.usesOnlyRelays, .lobby where configuration.usesOnlyRelays:
            say(text, kind, at: 0, token: token)
        case nil, .lobby: sayHere(text, kind, token: token)
        case .everyLobby:
            if !configuration.usesOnlyRelays { sayHere(text, kind, token: token) }
            for visit in visits.all.indices { say(text, kind, at: visit, token: token) }
        case .conversation(let name):
            guard let peer = resolve(name, token) else { return }
            tell(peer, text, kind, token: token)
        case .relayLobby(let relay):
            guard let visit = visit(meantBy: relay, token) else { return }
            say(text, kind, at: visit, token: token)
        }
    }

    private mutating func sayHere(_ text: String, _ kind: Entry.Kind, token: CommandToken?) {
        if rooms.gathering == nil { foundGathering() }
        guard let gathering = rooms.gathering, let entry = write(text, kind, in: .lobby, token: token) else { return }
        broadcast(.entries([entry.bytes])) { $0.gathering == gathering }
    }

    /// A name of somebody present or met before, or a peer ID in hexadecimal.
    private mutating func resolve(_ text: String, _ token: CommandToken?) -> PeerID? {
        if let peer = PeerID(hexadecimal: text) {
            if peer == id {
                refuse(.noSuchPeer, "that is you", token)
                return nil
            }
            guard roster[peer] != nil || roster.name(of: peer) != nil || visits.visit(with: peer) != nil else {
                refuse(.noSuchPeer, "nobody with the ID \(text.prefix(8))… has been met (see who is here: /who)", token)
                return nil
            }
            return peer
        }
        if let at = text.firstIndex(of: "@"), at != text.startIndex {
            guard let name = try? Nickname(String(text[..<at])) else {
                refuse(.noSuchPeer, "nobody can be called that (see who is here: /who)", token)
                return nil
            }
            let peer = member(named: name, at: String(text[text.index(after: at)...]), token)
            guard peer != id else {
                refuse(.noSuchPeer, "that is you", token)
                return nil
            }
            return peer
        }
        guard let name = try? Nickname(text) else {
            refuse(.noSuchPeer, "nobody can be called that (see who is here: /who)", token)
            return nil
        }
        if name.folded == naming.claim?.name.folded {
            refuse(.noSuchPeer, "that is you", token)
            return nil
        }
        let present = roster.present(named: name)
        if present.count > 1 {
            let ids = present.map { "\($0)" }.joined(separator: ", ")
            refuse(.ambiguous, "several are called \(name.text) just now; use the ID of one: \(ids)", token)
            return nil
        }
        let elsewhere = present.isEmpty ? member(named: name, at: nil, token) : nil
        guard let peer = present.first ?? elsewhere ?? roster.lastHolder(of: name) else {
            refuse(.noSuchPeer, "nobody is called \(name.text) (see who is here: /who)", token)
            return nil
        }
        return peer
    }

    func everybody() -> [Event.PeerSummary] {
        let here = roster.ids.compactMap { roster[$0] }
            .filter { $0.shownName != nil && $0.goneAt == nil }
            .sorted { ($0.name.folded, $0.id) < ($1.name.folded, $1.id) }
            .map { summary(of: $0) }
        let elsewhere = visits.all.indices.flatMap { visit in
            visits.all[visit].roster.sorted.filter { $0.peer != id }.map { summary(of: $0, at: visit) }
        }
        return here + elsewhere
    }

    /// Which of our rooms is meant; nil: none (which has been told).
    mutating func room(named room: RoomName, _ token: CommandToken?) -> RoomKey? {
        switch room {
        case .lobby, .everyLobby:
            return .lobby
        case .conversation(let name):
            guard let peer = resolve(name, token), openConversation(with: peer) else { return nil }
            return .conversation(peer)
        case .relayLobby(let relay):
            guard let visit = visit(meantBy: relay, token), let relay = visits.all[visit].relay else { return nil }
            return .relayLobby(relay)
        }
    }

    private mutating func history(of room: RoomName?, limit: Int, token: CommandToken?) {
        let meant = room == nil || room == .everyLobby ? defaultRoom : nil
        guard let key = meant ?? self.room(named: room ?? .lobby, token) else { return }
        let log = rooms[key]?.log
        let count = min(max(limit, 1), Bounds.historyLineCount)
        let entries = keep(token: token) { archive throws(ArchiveError) in
            guard let log else { return [ArchivedEntry]() }
            return try archive.entries(of: log, before: nil, limit: count)
        }
        guard let entries else { return }
        notify(.history(room: room ?? .lobby, messages: messages(entries.map { (key, $0) })), token: token)
    }

    private mutating func search(_ words: String, limit: Int, token: CommandToken?) {
        let wanted = SearchWords(words)
        guard !wanted.isEmpty else {
            refuse(.badCommand, "there is no word in that: say what to look for", token)
            return
        }
        guard wanted.count <= Bounds.searchWordCount else {
            refuse(.tooLong, "that is too much to look for: a few words are enough", token)
            return
        }
        let count = min(max(limit, 1), Bounds.historyLineCount)
        let found = keep(token: token) { archive throws(ArchiveError) in
            try archive.search(words: words, limit: count)
        }
        guard let found else { return }
        let placed = found.compactMap { hit -> (RoomKey, ArchivedEntry)? in
            switch hit.log {
            case .lobby: (.lobby, hit.entry)
            case .conversation(let peer): (.conversation(peer), hit.entry)
            case .relayLobby(let relay): (.relayLobby(relay), hit.entry)
            }
        }
        notify(.found(words: words, messages: messages(placed)), token: token)
    }

    private func messages(_ entries: [(RoomKey, ArchivedEntry)]) -> [Event.Message] {
        entries.compactMap { key, archived in
            guard let entry = try? SignedEntry(trusted: archived.bytes),
                !roster.blocked.contains(entry.entry.author)
            else { return nil }
            return message(entry, in: key, isHistory: true, hasGap: false)
        }
    }

    private mutating func nick(_ text: String, token: CommandToken?) {
        do {
            let name = try Nickname(choosing: text)
            presence.nickToken = token
            naming.rename(to: name, at: now, wall: wall)
        } catch {
            refuse(.badName, "\(error)", token)
        }
    }

    private mutating func goAway(_ word: String?, token: CommandToken?) {
        let text = word.map { $0.isBlank ? "" : Self.fitting($0, bytes: Limits.awayBytes) }
        guard text != presence.away else { return }
        presence.away = text
        broadcast(.away(text))
        restate(isUrgent: true)
        for visit in visits.all { if let link = visit.memberLink { send(.away(text), on: link) } }
        notify(.notice(text == nil ? "you are back" : "you are away"), token: token)
    }

    /// As much of a text as fits, whole characters only.
    private static func fitting(_ text: String, bytes limit: Int) -> String {
        var fitting = ""
        var size = 0
        for character in text {
            size += character.utf8.count
            if size > limit { break }
            fitting.append(character)
        }
        return fitting
    }

    private var blockedPeers: [Event.BlockedPeer] {
        roster.blocked.sorted().map { peer in
            let isHere = roster[peer].map { $0.goneAt == nil } ?? (visits.visit(with: peer) != nil)
            return Event.BlockedPeer(name: displayName(of: peer), id: peer, isHere: isHere)
        }
    }

    private mutating func setBlocked(_ isBlocked: Bool, _ name: String, token: CommandToken?) {
        guard let peer = resolve(name, token) else { return }
        if isBlocked { roster.block(peer) } else { roster.unblock(peer) }
        let summary =
            roster[peer].map { self.summary(of: $0) }
            ?? Event.PeerSummary(name: displayName(of: peer), id: peer, isBlocked: isBlocked)
        let known = KnownPeer(
            id: peer, name: summary.name, firstSeen: roster.firstSeen(peer) ?? wall, lastSeen: wall,
            isBlocked: isBlocked)
        keep(token: token) { archive throws(ArchiveError) in try archive.remember(known) }
        notify(.peer(.init(state: isBlocked ? .blocked : .unblocked, peer: summary)), token: token)
        // What it wrote meanwhile was not confirmed, so it still has it for us.
        if !isBlocked, let link = links.best(with: peer) { startExchange(with: peer, on: link) }
    }
}
