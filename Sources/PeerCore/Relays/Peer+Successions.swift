import CoreModel
import LocalNetwork
import Secure
import Wire

/// Names that come to other keys: pointed out, because it may be another person, and never followed by a conversation
/// that is open, which is with a key.
extension Peer {
    /// The conversation that a person has entered.
    struct OpenConversation: Equatable {
        let peer: PeerID
        /// As it was last told.
        var name: String
        /// The last of its names that it did not have to share.
        var ownName: String
        /// The key that has that name now, as has been told.
        var successor: PeerID?
    }

    // Keys that come to names.

    /// Points it out if a name has come to a key that another key had before; to be asked before the name is
    /// remembered.
    /// - Parameter visit: at which relay; nil: on this network.
    mutating func remarkOnKey(of peer: PeerID, named name: Nickname, at session: Int? = nil) -> String? {
        let former = session.map { formerHolder(of: name, at: $0) } ?? formerHolder(of: name)
        guard let former, former != peer else { return nil }
        roster.noteSuccession(of: peer, to: former, named: name)
        return Self.remark(on: name)
    }

    private static func remark(on name: Nickname) -> String { "not the same key as the \(name.text) of before" }

    /// The key that had the name on our networks, else the one that has or had it at a relay.
    private func formerHolder(of name: Nickname) -> PeerID? {
        if let last = roster.lastHolder(of: name) { return last }
        let atRelays = sessions.all.lazy.compactMap { session in
            session.roster.peers(named: name).first ?? session.roster.lastHolder(of: name)
        }
        return (atRelays.first ?? roster.known.holdersAtRelays(of: name).first).flatMap { $0 == id ? nil : $0 }
    }

    /// The key that had the name at a relay, else the one that has or had it on our networks.
    private func formerHolder(of name: Nickname, at session: Int) -> PeerID? {
        let kept = sessions.all[session].community.flatMap { roster.known.lastHolder(of: name, at: $0) }
        let last = sessions.all[session].roster.lastHolder(of: name) ?? kept ?? roster.lastHolder(of: name)
        return last == id ? nil : last
    }

    // What is said by name.

    /// Before something is said by name to a key, in private: whether that is what the person means. If the name is new
    /// to the key this is pointed out once.
    mutating func mayBeTold(_ peer: PeerID, as text: String, _ token: CommandToken?) -> Bool {
        guard let name = Self.plainName(in: text) else { return true }
        if let open = presence.open, open.successor == peer, Self.plainName(in: open.ownName) == name {
            refuse(.ambiguous, "not said: \(anotherKey(text)), or \(open.name) for the one of before", token)
            return false
        }
        pointOutSuccession(of: peer, named: name, token)
        return true
    }

    /// The name in `NAME` and `NAME@RELAY`; nil if the text says which key.
    static func plainName(in text: String) -> Nickname? {
        guard !text.contains("#"), PeerID(hexadecimal: text) == nil else { return nil }
        return try? Nickname(String(text.prefix { $0 != "@" }))
    }

    private func anotherKey(_ text: String) -> String {
        "\(text) has another key now: /room @\(text) to talk to this one"
    }

    private mutating func pointOutSuccession(of peer: PeerID, named name: Nickname, _ token: CommandToken?) {
        guard isCalled(peer, name), let former = predecessor(of: peer, named: name) else { return }
        roster.noteSuccession(of: peer, to: nil, named: name)
        let (new, old) = (exactName(of: peer, called: name.text), exactName(of: former, called: name.text))
        notify(.remark("\(Self.remark(on: name)): this is \(new), that one is \(old)", about: peer), token: token)
    }

    /// The key whose name this one has and to which nothing has been said since: seen in this start, or one that we have
    /// spoken with in private before, as with this one never.
    private func predecessor(of peer: PeerID, named name: Nickname) -> PeerID? {
        if let former = roster.known.predecessor(of: peer, named: name) { return former }
        return hasConversation(with: peer) ? nil : partner(called: name, besides: peer)
    }

    /// Another key of this name with which we have spoken in private.
    func partner(called name: Nickname, besides peer: PeerID) -> PeerID? {
        roster.known.keys(called: name).first { $0 != peer && $0 != id && hasConversation(with: $0) }
    }

    private func hasConversation(with peer: PeerID) -> Bool {
        // What cannot be read is as good as nothing; the entry itself will say so.
        (try? archive.entries(of: .conversation(peer), before: nil, limit: 1))?.isEmpty == false
    }

    // The conversation that is open.

    /// What is typed goes to one key from now on, whatever it is called; nil: to a room.
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

    /// Tells when the key that a conversation is open with is called otherwise, by its own wish or because another key
    /// has its name; looked at after every input.
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
