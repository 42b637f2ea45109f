import CoreModel
import LocalNetwork
import Secure
import Wire

/// Commands of the person or program in front. A command that cannot be carried out is refused with the reason and with
/// what to do next.
extension Peer {
    /// Carries out a command, or defers it until the name of this peer is settled. While quitting, only an immediate
    /// quit is accepted.
    mutating func commanded(_ command: Command, token: CommandToken?) {
        switch presence.stage {
        case .awaitingReceipts, .finished:
            if case .quit(afterReceipts: false) = command { quitNow(.done) }
            return
        case .awaitingStart, .awaitingName:
            // Until the name is settled, no peer may be known yet: commands are deferred until then.
            var limit = Bounds.deferredCommandCount
            if case .quit(let afterReceipts) = command {
                if !afterReceipts { break }
                // It would not be repeated: the input has ended.
                limit += 1
            }
            guard presence.deferred.count < limit else {
                refuse(.tooFast, "too many commands before the name is settled: try again in a second", token)
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
            tellByName(name, text, kind, token: token)
        case .converse(let name): converse(with: name, token: token)
        case .who: listPeers(token: token)
        case .history(let room, let limit):
            showAllBacklogs()
            history(of: room, limit: limit, token: token)
        case .search(let words, let limit): search(words, limit: limit, token: token)
        case .nick(let name): nick(name, token: token)
        case .away(let word): goAway(word, token: token)
        case .block(let name): block(name, token: token)
        case .unblock(let name): unblock(name, token: token)
        case .blocked: notify(.blocked(blockedPeers), token: token)
        case .forget(let room): forget(room, token: token)
        case .op, .kick, .ban, .unban, .bans, .mute, .unmute, .topic: moderate(command, token: token)
        case .quit(let afterReceipts): quit(afterReceipts: afterReceipts)
        }
    }

    /// Reports that a command was refused.
    mutating func refuse(_ code: Event.Failure.Code, _ text: String, _ token: CommandToken?) {
        notify(.failed(.init(code, text)), token: token)
    }

    /// Returns whether a text can be sent; if not, it has been refused.
    private mutating func isSayable(_ text: String, _ token: CommandToken?) -> Bool {
        guard !text.isBlank else {
            refuse(.badCommand, "nothing to say: the text is \(text.isEmpty ? "empty" : "blank")", token)
            return false
        }
        guard text.utf8.count <= Limits.textBytes else {
            refuse(
                .tooLong,
                "the message has \(text.utf8.count) bytes, the maximum is \(Limits.textBytes): send it in parts", token)
            return false
        }
        return true
    }

    /// Writes a text into the room that it names; without one, into the default lobby.
    private mutating func say(_ text: String, _ kind: Entry.Kind, in room: RoomName?, token: CommandToken?) {
        guard isSayable(text, token) else { return }
        switch room {
        case nil where configuration.usesOnlyRelays, .lobby where configuration.usesOnlyRelays:
            say(text, kind, at: 0, token: token)
        case nil, .lobby: sayHere(text, kind, token: token)
        case .everyLobby:
            if !configuration.usesOnlyRelays { sayHere(text, kind, token: token) }
            for session in sessions.all.indices where isOwnRoom(session) { say(text, kind, at: session, token: token) }
        case .conversation(let name):
            tellByName(name, text, kind, token: token)
        case .relayLobby(let relay):
            guard let session = session(meantBy: relay, token) else { return }
            say(text, kind, at: session, token: token)
        }
    }

    /// Whether no earlier session has the same room: relays of one community share one room.
    private func isOwnRoom(_ session: Int) -> Bool {
        guard let community = sessions.all[session].community else { return true }
        return sessions.sessions(at: community).first == session
    }

    private mutating func tellByName(_ name: String, _ text: String, _ kind: Entry.Kind, token: CommandToken?) {
        guard isSayable(text, token), let peer = resolve(name, token), isIntendedRecipient(peer, as: name, token) else {
            return
        }
        tell(peer, text, kind, token: token)
    }

    /// Writes a text into the lobby of our gathering and sends it on every link in that gathering; founds one if
    /// needed.
    private mutating func sayHere(_ text: String, _ kind: Entry.Kind, token: CommandToken?) {
        if rooms.gathering == nil { foundGathering() }
        guard let gathering = rooms.gathering, let entry = write(text, kind, in: .lobby, token: token) else { return }
        broadcast(.entries([entry.bytes])) { $0.gathering == gathering }
    }

    /// Returns everybody who is present: first on this network, then at each relay.
    func presentPeers() -> [Event.PeerSummary] {
        let here = roster.ids.compactMap { roster[$0] }
            .filter { $0.shownName != nil && $0.goneAt == nil }
            .sorted { ($0.name.folded, $0.id) < ($1.name.folded, $1.id) }
            .map { summary(of: $0) }
        let elsewhere = sessions.all.indices.flatMap { session in
            sessions.all[session].roster.sorted.filter { $0.peer != id }.map { summary(of: $0, at: session) }
        }
        return here + elsewhere
    }

    /// Returns the room that a name refers to.
    /// - Returns: Nil if there is none; the user has then been notified.
    mutating func room(named room: RoomName, _ token: CommandToken?) -> RoomKey? {
        switch room {
        case .lobby, .everyLobby:
            return defaultRoom ?? .lobby
        case .conversation(let name):
            guard let peer = resolve(name, token), openConversation(with: peer) else { return nil }
            return .conversation(peer)
        case .relayLobby(let relay):
            guard let session = session(meantBy: relay, token), let community = sessions.all[session].community
            else { return nil }
            return .relayLobby(community)
        }
    }

    /// Requests another name; the answer follows when the name is settled.
    private mutating func nick(_ text: String, token: CommandToken?) {
        do {
            let name = try Nickname(choosing: text)
            presence.nickToken = token
            naming.rename(to: name, at: now, wall: wall)
        } catch {
            refuse(.badName, "\(error)", token)
        }
    }

    /// Sets the away text and sends it to all peers and relays; nil means back.
    private mutating func goAway(_ word: String?, token: CommandToken?) {
        let text = word.map { $0.isBlank ? "" : $0.fitting(bytes: Limits.awayBytes) }
        guard text != presence.away else { return }
        presence.away = text
        broadcast(.away(text))
        scheduleAdvertisement(isUrgent: true)
        for session in sessions.all { if let link = session.memberLink { send(.away(text), on: link) } }
        notify(.notice(text == nil ? "you are back" : "you are away"), token: token)
    }
}
