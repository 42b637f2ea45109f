import CoreModel
import LocalNetwork
import Secure
import Wire

/// Names that pass to other keys. This is pointed out, because it may be another person; an open conversation never
/// follows the name, because it is with a key.
extension Peer {
    /// The conversation that the user has entered.
    struct OpenConversation: Equatable {
        let peer: PeerID
        /// The name that was last reported.
        var name: String
        /// The last of its names that it did not have to share.
        var ownName: String
        /// The key that has that name now, as reported to the user.
        var successor: PeerID?
    }

    // Keys that take names.

    /// Returns a remark if a name has passed to this key from another. To be called before the name is stored.
    /// - Parameter session: The session with the relay where the name is in use; nil means this network.
    mutating func remarkOnKey(of peer: PeerID, named name: Nickname, at session: Int? = nil) -> String? {
        let former = session.map { formerHolder(of: name, at: $0) } ?? formerHolder(of: name)
        guard let former, former != peer else { return nil }
        roster.noteSuccession(of: peer, to: former, named: name)
        return Self.remark(on: name)
    }

    private static func remark(on name: Nickname) -> String { "not the same key as the \(name.text) of before" }

    /// Returns the key that had the name on our networks, otherwise the one that has or had it at a relay.
    private func formerHolder(of name: Nickname) -> PeerID? {
        if let last = roster.lastHolder(of: name) { return last }
        let atRelays = sessions.all.lazy.compactMap { session in
            session.roster.peers(named: name).first ?? session.roster.lastHolder(of: name)
        }
        return (atRelays.first ?? roster.known.holdersAtRelays(of: name).first).flatMap { $0 == id ? nil : $0 }
    }

    /// Returns the key that had the name at a relay, otherwise the one that has or had it on our networks.
    private func formerHolder(of name: Nickname, at session: Int) -> PeerID? {
        let kept = sessions.all[session].community.flatMap { roster.known.lastHolder(of: name, at: $0) }
        let last = sessions.all[session].roster.lastHolder(of: name) ?? kept ?? roster.lastHolder(of: name)
        return last == id ? nil : last
    }

    // Messages addressed by name.

    /// Whether a private message addressed by name may be sent to this key, which may not be the one that the user
    /// means. A name that is new to the key is pointed out once.
    mutating func isIntendedRecipient(_ peer: PeerID, as text: String, _ token: CommandToken?) -> Bool {
        guard let name = Self.plainName(in: text) else { return true }
        if let open = presence.open, open.successor == peer, Self.plainName(in: open.ownName) == name {
            refuse(.ambiguous, "not said: \(anotherKey(text)), or \(open.name) for the one of before", token)
            return false
        }
        pointOutSuccession(of: peer, named: name, token)
        return true
    }

    /// Returns the name in `NAME` and `NAME@RELAY`; nil if the text specifies the key.
    static func plainName(in text: String) -> Nickname? {
        guard !text.contains("#"), PeerID(hexadecimal: text) == nil else { return nil }
        return try? Nickname(String(text.prefix { $0 != "@" }))
    }

    private func anotherKey(_ text: String) -> String {
        "\(text) has another key now: /room @\(text) to talk to this one"
    }

    /// Points out, once, that a name has passed to this key from another.
    private mutating func pointOutSuccession(of peer: PeerID, named name: Nickname, _ token: CommandToken?) {
        guard isCalled(peer, name), let former = predecessor(of: peer, named: name) else { return }
        roster.noteSuccession(of: peer, to: nil, named: name)
        let (new, old) = (exactName(of: peer, called: name.text), exactName(of: former, called: name.text))
        notify(.remark("\(Self.remark(on: name)): this is \(new), that one is \(old)", about: peer), token: token)
    }

    /// Returns the previous holder of a key's name, if no message was sent to the key since: one seen in this run, or
    /// one that the user has a private conversation with while it has none with this key.
    private func predecessor(of peer: PeerID, named name: Nickname) -> PeerID? {
        if let former = roster.known.predecessor(of: peer, named: name) { return former }
        return hasConversation(with: peer) ? nil : partner(called: name, besides: peer)
    }

    /// Returns another key with this name that the user has a private conversation with.
    func partner(called name: Nickname, besides peer: PeerID) -> PeerID? {
        roster.known.keys(called: name).first { $0 != peer && $0 != id && hasConversation(with: $0) }
    }

    private func hasConversation(with peer: PeerID) -> Bool {
        // Entries that cannot be read count as absent; writing the message will report the error.
        (try? archive.entries(of: .conversation(peer), before: nil, limit: 1))?.isEmpty == false
    }

    // The open conversation.

    /// Directs typed text to one key from now on, whatever its name becomes; nil means to a room.
    mutating func converse(with text: String?, token: CommandToken?) {
        guard let text else {
            presence.open = nil
            return
        }
        guard let peer = resolve(text, token) else { return }
        if let name = Self.plainName(in: text) { pointOutSuccession(of: peer, named: name, token) }
        let name = displayName(of: peer)
        presence.open = OpenConversation(peer: peer, name: name, ownName: name)
        notify(.conversation(.init(peer: peer, name: name)), token: token)
    }

    /// Reports a new name of the key in the open conversation, chosen by it or forced because another key took its
    /// name. Runs after every input.
    mutating func followConversation() {
        guard var open = presence.open else { return }
        var change = Event.Conversation(peer: open.peer, name: displayName(of: open.peer), was: open.name)
        open.name = change.name
        if !open.name.contains("#") {
            open.ownName = open.name
            open.successor = nil
        } else if !open.ownName.contains("#"), case .one(let other) = meaning(of: open.ownName), other != open.peer,
            other != open.successor
        {
            open.successor = other
            change.remark = anotherKey(open.ownName)
        }
        presence.open = open
        if change.name != change.was || change.remark != nil { notify(.conversation(change)) }
    }
}
