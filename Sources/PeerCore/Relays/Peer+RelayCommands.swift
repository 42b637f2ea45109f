import CoreModel
import LocalNetwork
import Secure
import Wire

/// Commands that concern relays.
extension Peer {
    /// Returns the session with the relay that a text refers to.
    /// - Returns: Nil if there is none, or not exactly one; the user has then been notified.
    mutating func session(meantBy text: String, _ token: CommandToken?) -> Int? {
        let meant = sessions.all.indices.filter { sessions.all[$0].isMeant(by: text) }
        guard meant.count < 2 else {
            refuse(.ambiguous, "several relays are called \(text): use the address of one", token)
            return nil
        }
        if meant.isEmpty { refuse(.noSuchRoom, "no relay here is called \(text)", token) }
        return meant.first
    }

    /// The room of commands that name none: the LAN's lobby, or a relay's where there is no LAN.
    var defaultRoom: RoomKey? {
        guard configuration.usesOnlyRelays else { return .lobby }
        return sessions.all.first?.community.map { .relayLobby($0) }
    }

    /// Writes a text into a relay's lobby. While the relay is away, the text is stored, and sent when it is back.
    mutating func say(_ text: String, _ kind: Entry.Kind, at session: Int, token: CommandToken?) {
        guard sessions.all[session].stage != .refused else {
            refuse(.notAllowed, "the relay \(sessions.all[session].name) has refused us", token)
            return
        }
        guard let community = sessions.all[session].community else {
            // Its key is not known yet, so there is no room to write into.
            guard sessions.all[session].queuedTexts.count < Bounds.queuedTextCount else {
                refuse(.tooFast, "too many messages before the relay was reached: wait until it is", token)
                return
            }
            sessions.all[session].queuedTexts.append((text, kind, token))
            return
        }
        guard let entry = write(text, kind, in: .relayLobby(community), token: token) else { return }
        for door in sessions.sessions(at: community) {
            if let link = sessions.all[door].memberLink {
                send(.entries([entry.bytes]), on: link)
            } else {
                sessions.all[door].unsent[entry.id] = false
            }
        }
    }

    // Moderation.

    /// Carries out a command of moderation.
    mutating func moderate(_ command: Command, token: CommandToken?) {
        guard !sessions.all.isEmpty else {
            refuse(
                .notAllowed, "only relays have moderation, and there is none here: to hide somebody, use /block", token)
            return
        }
        switch command {
        case .op(let password): becomeOperator(password, token)
        case .kick(let name, let reason): ask(.kick, name, reason, token)
        case .ban(let name, let reason): ask(.ban, name, reason, token)
        case .unban(let name): ask(.unban, name, "", token)
        case .bans: ask(.bans, "", "", token)
        case .mute(let name, let reason): ask(.mute, name, reason, token)
        case .unmute(let name): ask(.unmute, name, "", token)
        case .topic(let text): ask(.topic, "", text.isBlank ? "" : text, token)
        default: preconditionFailure("not a command of moderation")
        }
    }

    /// Sends an operator's password to one relay only; `RELAY PASSWORD` selects it where there are several.
    private mutating func becomeOperator(_ text: String, _ token: CommandToken?) {
        var password = text
        var place = sessions.all.count == 1 ? 0 : nil
        if let blank = text.firstIndex(of: " "),
            let named = sessions.all.firstIndex(where: { $0.isMeant(by: String(text[..<blank])) })
        {
            place = named
            password = String(text[text.index(after: blank)...])
        }
        guard let place else {
            refuse(.ambiguous, "at which relay? /op RELAY PASSWORD", token)
            return
        }
        ask(.op, at: place, "", password, nil, about: nil, token)
    }

    /// Sends an act of moderation to the relay that its target implies: that of `NAME@RELAY`, otherwise the only relay,
    /// otherwise the only one with such a member.
    private mutating func ask(
        _ act: RelayModeration.Act, _ target: String, _ text: String, _ token: CommandToken?
    ) {
        var whom = target
        var place: Int?
        if let at = target.lastIndex(of: "@"), at != target.startIndex {
            guard let session = session(meantBy: String(target[target.index(after: at)...]), token) else { return }
            place = session
            whom = String(target[..<at])
        } else if sessions.all.count == 1 {
            place = 0
        } else if let name = try? Nickname(target) {
            let found = sessions.all.indices.filter { !sessions.all[$0].roster.peers(named: name).isEmpty }
            place = found.count == 1 ? found[0] : nil
        }
        guard let place else {
            refuse(.ambiguous, "at which relay? Say NAME@RELAY", token)
            return
        }
        guard let (target, meant) = self.target(of: act, called: whom, at: place, token) else { return }
        let (seconds, reason) = act == .ban || act == .mute ? Self.splitTime(text) : (nil, text)
        ask(act, at: place, target, reason, seconds, about: meant, token)
    }

    /// Returns the target of an act as sent to the relay: the key that has the name here, so that an act never hits a
    /// peer that has just taken the name. A ban may also be of a name that no peer has, or many have.
    /// - Returns: Nil if the name is ambiguous; the user has then been notified.
    private mutating func target(
        of act: RelayModeration.Act, called text: String, at session: Int, _ token: CommandToken?
    ) -> (text: String, peer: PeerID?)? {
        switch act {
        case .kick, .ban, .mute, .unmute: break
        // A ban is lifted by the text that it was made with.
        case .unban, .bans, .op, .topic, .rename, .other: return (text, nil)
        }
        var meaning = Meaning.noSuchPeerText
        if let name = try? Nickname(text) {
            let isPresent = !sessions.all[session].roster.peers(named: name).isEmpty
            if isPresent || act != .ban { meaning = self.meaning(of: name, at: session) }
        } else if text.contains("#") {
            meaning = self.meaning(of: text)
        }
        switch meaning {
        case .one(let peer): return ("\(peer)", peer)
        case .ourselves: return ("\(id)", id)
        case .noSuchPeerText: return (text, PeerID(hexadecimal: text))
        case .several(let peers):
            refuseAmbiguous(text, peers, token)
            return nil
        }
    }

    /// Sends an act of moderation to a relay and stores the command that awaits its answer.
    private mutating func ask(
        _ act: RelayModeration.Act, at session: Int, _ target: String, _ text: String, _ seconds: UInt64?,
        about peer: PeerID?, _ token: CommandToken?
    ) {
        guard let link = sessions.all[session].memberLink else {
            refuse(.notAllowed, "not connected to \(sessions.all[session].name) just now", token)
            return
        }
        guard let number = sessions.all[session].asked.ask(act, about: peer, token: token) else {
            refuse(.tooFast, "\(sessions.all[session].name) has not answered earlier requests yet", token)
            return
        }
        send(
            .moderate(
                RelayModeration(
                    number: number, act: act, target: target.fitting(bytes: Limits.phraseBytes),
                    text: text.fitting(bytes: Limits.phraseBytes), seconds: seconds)), on: link)
    }

    /// Splits off the time that a reason may begin with: `30m`, `12h`, `7d`, `90s`.
    static func splitTime(_ reason: String) -> (seconds: UInt64?, reason: String) {
        let word = reason.prefix { $0 != " " }
        let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = word.last.flatMap({ units[$0] }), (2...9).contains(word.utf8.count),
            word.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(word.dropLast())
        else { return (nil, reason) }
        return (min(number * unit, Limits.banSeconds), String(reason[word.endIndex...].drop { $0 == " " }))
    }
}
