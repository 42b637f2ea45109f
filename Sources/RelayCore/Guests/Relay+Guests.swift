import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// Guests with nothing installed (`earshot relay --text`). A guest is a member like any other, with a key that the
/// relay made for it; it receives lines instead of frames.
extension Relay {
    // Joining.

    mutating func guestAccepted(_ id: LinkID, from endpoint: Endpoint) {
        let link = RelayLink(id: id, endpoint: endpoint, channel: Channel(closed: ()), at: now)
        // Unknown kinds are sent to guests too, as a line that says so.
        link.capabilities.features = .ofThisVersion
        let seed = random.bytes(Identity.seedBytes)
        link.guest = RelayGuest(identity: Identity(seed: seed, signing: identity.signing))
        links.insert(link)
        state.guests.count += 1
        timers.schedule(.maintenance, at: now + RelayGuest.joinTime)
        guard state.guests.count <= configuration.limits.guestCount else {
            counters.sinceStart.refusals[Int(RelayRefusal.Code.full.rawValue)] += 1
            tell(link, "There is no place for another guest. Try again later.")
            return dismiss(link, .refused)
        }
        tell(link, "This is \(configuration.name.text), a relay of Earshot.")
        tell(link, "You speak plain text: what is said here can be read on its way.")
        ask(link, "Nickname: ")
    }

    mutating func guestBytesReceived(_ bytes: [UInt8], on link: RelayLink) {
        link.lastHeard = now
        for line in link.guest?.terminal.receive(bytes) ?? [] {
            // An earlier line may have ended the link.
            guard link.phase != .closing, let stage = link.guest?.stage else { return }
            switch (line, stage) {
            case (.tooLong, .member): tell(link, "* not said: a line has at most \(GuestTerminal.lineBytes) bytes")
            case (.tooLong, .awaitingName): failed(link, "That is too long.", "Nickname: ")
            case (.tooLong, .awaitingPassword): failed(link, "That is too long.", "Password: ")
            case (.text(let text), .awaitingName): nameGiven(text, on: link)
            case (.text(let text), .awaitingPassword(let name)): letIn(name, password: Array(text.utf8), on: link)
            case (.text(let text), .member): requested(GuestRequest(text), on: link)
            }
        }
    }

    private mutating func nameGiven(_ text: String, on link: RelayLink) {
        do throws(NicknameError) {
            let name = try Nickname(choosing: GuestTerminal.trimmed(text))
            guard names.holder(of: name) == nil else { return failed(link, "Username exists", "Nickname: ") }
            letIn(name, password: nil, on: link)
        } catch {
            failed(link, "No: \(error).", "Nickname: ")
        }
    }

    private mutating func letIn(_ name: Nickname, password: [UInt8]?, on link: RelayLink) {
        guard let peer = link.guest?.identity.peerID else { return }
        let join = RelayJoin(name: name.text, isStrict: true, password: password, program: "plain text")
        if let objection = objection(to: peer, join, from: link.endpoint.address, isOperator: false) {
            guard objection.code == .wrongPassword else { return refuse(objection, peer, on: link) }
            link.guest?.stage = .awaitingPassword(name)
            guard password != nil else { return ask(link, "Password: ") }
            counters.sinceStart.refusals[Int(objection.code.rawValue)] += 1
            return failed(link, "The password is wrong.", "Password: ")
        }
        guard let name = names.claim(name, by: peer, isStrict: true) else {
            link.guest?.stage = .awaitingName
            return failed(link, "Username exists", "Nickname: ")
        }
        link.guest?.stage = .member
        admit(peer, as: name, on: link, program: join.program)
    }

    /// Asks again, at most ``RelayGuest/failureLimit`` times.
    private mutating func failed(_ link: RelayLink, _ reason: String, _ question: String) {
        tell(link, reason)
        link.guest?.failures += 1
        guard (link.guest?.failures ?? 0) < RelayGuest.failureLimit else {
            note(.info, "guest at \(link.endpoint) refused: too many attempts to join")
            return dismiss(link, .refused)
        }
        ask(link, question)
    }

    // Taking part.

    private mutating func requested(_ request: GuestRequest, on link: RelayLink) {
        guard let peer = link.peer else { return }
        switch request {
        case .nothing: break
        case .mistake(let text): tell(link, "* \(text)")
        case .help: for line in GuestRequest.helpLines { tell(link, "* \(line)") }
        case .say(let text): say(text, .text, on: link)
        case .act(let text): say(text, .action, on: link)
        case .who:
            guard link.member?.acts.take(at: now) == true else { return tell(link, "* not so fast") }
            tell(link, whoLine)
        case .rename(let name):
            moderationReceived(RelayModeration(number: 0, act: .rename, target: name), from: peer, on: link)
        case .tell(let name, let text):
            guard link.member?.acts.take(at: now) == true else { return tell(link, "* not said: not so fast") }
            sendPrivately(text, to: name, on: link)
        case .quit:
            tell(link, "* goodbye")
            dismiss(link, .leaving, as: .left)
        }
    }

    /// Turns a guest's text into an entry, as a member would have written it, and handles it as one.
    private mutating func say(_ text: String, _ kind: Entry.Kind, on link: RelayLink) {
        guard let guest = link.guest, link.member != nil else { return }
        let peer = guest.identity.peerID
        let lamport = min(max(lobby.nextLamport, guest.lamport + 1), Limits.lamport)
        link.guest?.lamport = lamport
        let entry = Entry(
            room: lobby.room, author: peer, lamport: lamport, wallTime: min(wall.milliseconds, Limits.wallTime),
            parents: lobby.heads, kind: kind, body: text)
        do {
            try entriesReceived([SignedEntry(signing: entry, by: guest.identity).bytes], from: peer, on: link)
        } catch {
            violated(link, LinkViolation(describing: error))
        }
    }

    private mutating func sendPrivately(_ text: String, to name: String, on link: RelayLink) {
        guard let own = link.member?.name.text else { return }
        guard let wanted = try? Nickname(name), let peer = names.holder(of: wanted), let other = links.member(peer)
        else { return tell(link, "* nobody here is called \(name)") }
        guard other !== link else { return tell(link, "* that is you") }
        // The member that took the name a moment ago is not the one that the guest sees under it.
        guard state.guests.isShown(peer, as: wanted) else {
            return tell(link, "* not said: \(name) is somebody else since a moment ago (see /who)")
        }
        if other.guest != nil {
            tell(other, "[\(own) to you] \(text)")
        } else {
            sendPrivately(text, from: link, to: other, peer)
        }
        tell(link, "[you to \(other.member?.name.text ?? name)] \(text)")
    }

    /// Sends a private message to a member: an entry of the room of the two, signed with the guest's key. A guest has
    /// no disk, so nothing waits for the receipt.
    private mutating func sendPrivately(_ text: String, from link: RelayLink, to other: RelayLink, _ peer: PeerID) {
        guard let guest = link.guest else { return }
        let lamport = min(guest.privateLamport + 1, Limits.lamport)
        link.guest?.privateLamport = lamport
        let entry = Entry(
            room: .conversation(guest.identity.peerID, peer), author: guest.identity.peerID, lamport: lamport,
            wallTime: min(wall.milliseconds, Limits.wallTime), parents: [], kind: .text, body: text)
        send(.entries([SignedEntry(signing: entry, by: guest.identity).bytes]), on: other)
    }

    /// Handles a private message from a member to a guest: the relay is the guest's end of the conversation.
    mutating func whisperReceived(_ entry: SignedEntry, from peer: PeerID, on link: RelayLink) throws(LinkViolation) {
        let guests = links.members.filter { $0.guest != nil }
        let other = guests.first { guest in
            guest.guest.map { entry.entry.room == .conversation($0.identity.peerID, peer) } ?? false
        }
        // If the guest has just left, it is not shown and the member gets no receipt. A relay handles no other rooms.
        guard let other else { return noteIgnored("an entry of a room that is not here is ignored", on: link) }
        guard entry.entry.author == peer, entry.verify(with: identity.signing) else {
            throw LinkViolation("a private entry by another")
        }
        let own = link.member?.name.text ?? peer.placeholderName
        let lamport = max(other.guest?.privateLamport ?? 0, min(entry.entry.lamport, Limits.lamport - 1))
        other.guest?.privateLamport = lamport
        tell(other, "[\(own) to you] \(entry.entry.shownText)")
        send(.receipt(room: entry.entry.room, ids: [entry.id]), on: link)
    }

    private var whoLine: String {
        let here = links.members.compactMap { $0.member?.name.text }
        let more = here.count > RelayGuest.whoCount ? " and \(here.count - RelayGuest.whoCount) more" : ""
        return "* \(here.count) here: \(here.prefix(RelayGuest.whoCount).joined(separator: ", "))\(more)"
    }

    // Output for guests.

    /// Queues one line for a guest.
    mutating func tell(_ link: RelayLink, _ line: String) {
        queue(GuestTerminal.line(line), for: link)
    }

    private mutating func queue(_ bytes: [UInt8], for link: RelayLink) {
        guard !link.window.isClosing else { return }
        link.guest?.outgoing += bytes
        markDirty(link)
        closeIfOverfull(link, holding: link.guest?.outgoing.count ?? 0)
    }

    private mutating func ask(_ link: RelayLink, _ question: String) {
        queue(GuestTerminal.question(question), for: link)
    }

    /// Turns a frame for a member into lines for a guest.
    mutating func sendToGuest(_ encoded: [UInt8], on link: RelayLink) {
        if state.guests.formatted.frame == encoded { return queue(state.guests.formatted.lines, for: link) }
        guard let frame = try? Frame(decoding: encoded) else { return }
        switch frame {
        case .welcome(let welcome): greet(link, welcome)
        case .entries(let list):
            let entries = list.compactMap { try? SignedEntry(trusted: $0) }
            state.guests.formatted = (encoded, entries.flatMap { GuestTerminal.line(line(of: $0)) })
            queue(state.guests.formatted.lines, for: link)
        case .notice(let text): tell(link, "* \(text)")
        case .topic(let topic, let name): tell(link, "* \(name) set the topic: \(topic ?? "none")")
        case .refusal(let refusal): tell(link, "No: \(refusal.reason).")
        case .removed(let removal):
            let reason = removal.reason.isEmpty ? "" : ": \(removal.reason)"
            tell(link, "* you were \(removal.how == .ban ? "banned" : "removed") by \(removal.by)\(reason)")
        case .moderated(let answer):
            switch answer.outcome {
            case .done: tell(link, "* you are \(answer.text) now")
            case .nameTaken: tell(link, "Username exists")
            default: tell(link, "* \(answer.text)")
            }
        case .declined(_, _, let why):
            tell(link, why == .muted ? "* not said: you are muted" : "* not said: the relay did not take it")
        // `sendToGuests` announces members; the other frames are between programs.
        default: break
        }
    }

    /// Greets a guest that has joined, with the topic, the message of the day and the last messages.
    private mutating func greet(_ link: RelayLink, _ welcome: RelayWelcome) {
        tell(link, "* you are \(welcome.name); /help tells what you can do, /quit leaves")
        if let topic = welcome.topic { tell(link, "* the topic: \(topic)") }
        for line in (welcome.messageOfTheDay ?? "").split(whereSeparator: \.isNewline) { tell(link, "* \(line)") }
        let log = lobby
        let history = keep { _ throws(ArchiveError) in try log.history(limit: RelayGuest.historyCount) }
        for entry in history ?? [] { tell(link, "(\(Self.stamp(of: entry))) \(line(of: entry))") }
    }

    /// Formats the time of an earlier message with date and zone, because a guest has no clock of ours to compare with.
    private static func stamp(of entry: SignedEntry) -> String {
        WallTime(milliseconds: entry.entry.wallTime).utcText
    }

    /// Formats an entry as a line of text.
    private func line(of entry: SignedEntry) -> String {
        let peer = entry.entry.author
        let former = (state.retentionState.authors[peer] ?? nil).map { peer.exactName($0.text) }
        let author = names.name(of: peer)?.text ?? former ?? peer.placeholderName
        let text = entry.entry.shownText
        return entry.entry.kind == .action ? "* \(author) \(text)" : "\(author): \(text)"
    }

    /// Tells guests which members joined and left.
    mutating func sendToGuests(_ changes: [RelayMember]) {
        guard state.guests.count > 0 else { return }
        let lines = changes.compactMap { change -> (about: PeerID, bytes: [UInt8])? in
            state.guests.line(of: change).map { (change.peer, GuestTerminal.line($0)) }
        }
        for link in links.members where link.guest != nil && link.member?.knowsRoster == true {
            for line in lines where line.about != link.peer { queue(line.bytes, for: link) }
        }
    }

    /// Tells a guest that has just joined which members are present.
    mutating func tellRoster(_ roster: [RelayMember], to link: RelayLink) {
        state.guests.show(roster)
        tell(link, whoLine)
    }

    /// Removes and returns at most `room` bytes of the output that is queued for a guest.
    mutating func takeGuestOutput(_ link: RelayLink, most room: Int) -> [UInt8] {
        guard let outgoing = link.guest?.outgoing else { return [] }
        link.guest?.outgoing = Array(outgoing.dropFirst(room))
        return outgoing.count <= room ? outgoing : Array(outgoing.prefix(room))
    }
}
