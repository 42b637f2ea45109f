import CoreModel
import LocalNetwork
import Secure
import Wire

/// Resolving names to keys, and keys to names. A name that is shown and typed back refers to the key that it was shown
/// for; a name that refers to several keys is queried. So a text for one person never reaches another who has the same
/// name.
///
///     NAME            a peer on this network, otherwise the only one with that name at our relays or earlier
///     NAME@RELAY      a member of that relay
///     NAME#ID, #ID    the key whose ID begins with these digits
///     ID              a key, in 64 hexadecimal digits
extension Peer {
    /// The peers that a name refers to.
    enum Meaning: Equatable {
        case noSuchPeerText
        case ourselves
        case one(PeerID)
        /// Ascending.
        case several([PeerID])
    }

    /// The minimum number of digits of an ID; fewer are not distinctive.
    private static let leastDigitCount = 4

    // Names that are entered.

    /// Returns the key that a text refers to.
    /// - Returns: Nil if there is none, or not exactly one; the user has then been notified.
    mutating func resolve(_ text: String, _ token: CommandToken?) -> PeerID? {
        if let (_, relay) = Self.place(in: text), session(meantBy: relay, token) == nil { return nil }
        switch meaning(of: text) {
        case .one(let peer): return peer
        case .ourselves: refuse(.noSuchPeer, "that is you", token)
        case .several(let peers): refuseAmbiguous(text, peers, token)
        case .noSuchPeerText: refuse(.noSuchPeer, noSuchPeerText(text), token)
        }
        return nil
    }

    mutating func refuseAmbiguous(_ text: String, _ peers: [PeerID], _ token: CommandToken?) {
        let names = peers.prefix(8).map { displayName(of: $0) }.joined(separator: ", ")
        refuse(.ambiguous, "several people are called \(text): choose one of \(names)", token)
    }

    /// Returns the text of the error for a name that refers to no peer.
    private func noSuchPeerText(_ text: String) -> String {
        if PeerID(hexadecimal: text) != nil {
            return "nobody with the ID \(text.prefix(8))… has been met (see who is here: /who)"
        }
        if let (name, relay) = Self.place(in: text) {
            return "nobody at \(relay) is called \(name) (see who is here: /who)"
        }
        let mayBeName = text.contains("#") || (try? Nickname(text)) != nil
        return "nobody \(mayBeName ? "is called \(text)" : "can be called that") (see who is here: /who)"
    }

    /// Splits `NAME@RELAY` at its `@`.
    private static func place(in text: String) -> (name: String, relay: String)? {
        guard let mark = text.firstIndex(of: "@"), mark != text.startIndex else { return nil }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }

    /// Returns the peers that a text refers to, in any of the four forms.
    func meaning(of text: String) -> Meaning {
        if let peer = PeerID(hexadecimal: text) {
            guard peer != id else { return .ourselves }
            return isKnown(peer) ? .one(peer) : .noSuchPeerText
        }
        if let (name, relay) = Self.place(in: text) {
            let meant = sessions.all.indices.filter { sessions.all[$0].isMeant(by: relay) }
            guard meant.count == 1, let name = try? Nickname(name) else { return .noSuchPeerText }
            return meaning(of: name, at: meant[0])
        }
        if let mark = text.firstIndex(of: "#") {
            return meaning(ofID: text[text.index(after: mark)...], named: String(text[..<mark]))
        }
        guard let name = try? Nickname(text) else { return .noSuchPeerText }
        let meaning = meaning(of: name)
        guard meaning == .noSuchPeerText, let digits = PeerID.placeholderDigits(in: text) else { return meaning }
        return self.meaning(ofID: digits, named: "")
    }

    private func isKnown(_ peer: PeerID) -> Bool {
        roster.name(of: peer) != nil || roster.known.reportedName(of: peer) != nil
            || sessions.all.contains { $0.roster.lastName(of: peer) != nil }
    }

    /// Returns the peers that a name without a relay refers to. Peers on this network take precedence. Among those that
    /// are only at relays, or absent, none does: the one present last is not necessarily the one that is meant.
    func meaning(of name: Nickname) -> Meaning {
        if naming.claim?.name == name { return .ourselves }
        let here = roster.shown(as: name)
        if !here.isEmpty { return meaning(amid: here) }
        let before = roster.lastHolder(of: name).map { [$0] } ?? []
        let atRelays = sessions.all.flatMap { $0.roster.peers(named: name) }
        if !atRelays.isEmpty { return meaning(amid: before + atRelays) }
        return meaning(
            amid: before + roster.known.holdersAtRelays(of: name)
                + sessions.all.compactMap { $0.roster.lastHolder(of: name) })
    }

    /// Returns the peers that a name at a relay refers to: a member, otherwise the one that had the name there last.
    func meaning(of name: Nickname, at session: Int) -> Meaning {
        let there = sessions.all[session].roster
        let present = there.peers(named: name)
        if !present.isEmpty { return meaning(amid: present) }
        let kept = sessions.all[session].community.flatMap { roster.known.lastHolder(of: name, at: $0) }
        return meaning(amid: [there.lastHolder(of: name) ?? kept].compactMap(\.self))
    }

    /// Reduces candidates to a meaning; blocked ones count only if there are no others.
    private func meaning(amid candidates: [PeerID]) -> Meaning {
        var peers: [PeerID] = []
        for peer in candidates { peers.insert(sorted: peer) }
        let unblocked = peers.filter { !roster.blocked.contains($0) }
        if !unblocked.isEmpty { peers = unblocked }
        guard let first = peers.first else { return .noSuchPeerText }
        guard peers.count == 1 else { return .several(peers) }
        return first == id ? .ourselves : .one(first)
    }

    /// Returns the keys with such an ID, and such a name if one is given. Searches all known keys.
    private func meaning(ofID digits: Substring, named name: String) -> Meaning {
        let digits = digits.lowercased()
        guard digits.utf8.count >= Self.leastDigitCount else { return .noSuchPeerText }
        let wanted = try? Nickname(name)
        guard name.isEmpty || wanted != nil else { return .noSuchPeerText }
        if id.description.hasPrefix(digits) { return .ourselves }
        let known = roster.ids + roster.known.all + sessions.all.flatMap(\.roster.knownPeers)
        var found: [PeerID] = []
        for peer in known where peer.description.hasPrefix(digits) { found.insert(sorted: peer) }
        if let wanted { found.removeAll { !isCalled($0, wanted) } }
        guard found.count < 2 else { return .several(found) }
        return found.first.map { .one($0) } ?? .noSuchPeerText
    }

    /// Whether a key has or last had this name, anywhere.
    func isCalled(_ peer: PeerID, _ name: Nickname) -> Bool {
        roster.name(of: peer) == name || roster.known.name(of: peer) == name
            || roster.known.reportedName(of: peer) == name
            || sessions.all.contains { $0.roster.lastName(of: peer) == name }
    }

    // Names that are shown.

    /// Returns the name by which this peer shows another: the shortest form that refers to this key and no other.
    func displayName(of peer: PeerID) -> String {
        if peer == id { return naming.claim?.name.text ?? configuration.name.text }
        let names = knownNames(of: peer)
        if let name = names.first(where: { meaning(of: $0) == .one(peer) }) { return name.text }
        for session in sessions.all.indices {
            guard let name = sessions.all[session].roster.lastName(of: peer),
                meaning(of: name, at: session) == .one(peer)
            else { continue }
            return "\(name.text)@\(sessions.all[session].name)"
        }
        if let name = names.first ?? roster.known.reportedName(of: peer) {
            return exactName(of: peer, called: name.text)
        }
        // Anybody may take such a name as their own.
        let placeholder = peer.placeholderName
        let other = (try? Nickname(placeholder)).map { meaning(of: $0) } ?? .noSuchPeerText
        return other == .noSuchPeerText ? placeholder : exactName(of: peer, called: "")
    }

    /// Returns a name with the beginning of the key, in a form that no nickname can have.
    func exactName(of peer: PeerID, called name: String) -> String { peer.exactName(name) }

    /// Returns the names of a key: those on this network before those at relays, and current ones before earlier ones.
    private func knownNames(of peer: PeerID) -> [Nickname] {
        var names: [Nickname] = []
        if let person = roster[peer] { names.append(person.shownName ?? person.name) }
        for session in sessions.all {
            guard session.roster[peer] != nil, let name = session.roster.lastName(of: peer) else { continue }
            names.append(name)
        }
        if let name = roster.known.name(of: peer) { names.append(name) }
        return names + sessions.all.compactMap { $0.roster.lastName(of: peer) }
    }

    /// Returns the name of a peer at a relay.
    func memberName(of peer: PeerID, at relay: PeerID) -> String {
        guard let session = sessions.session(at: relay) else { return displayName(of: peer) }
        if peer == id { return sessions.all[session].ownName?.text ?? displayName(of: peer) }
        guard let name = sessions.all[session].roster.lastName(of: peer) ?? roster.known.name(of: peer, at: relay)
        else {
            let name = displayName(of: peer)
            let other = (try? Nickname(name)).map { meaning(of: $0, at: session) } ?? .noSuchPeerText
            return other == .noSuchPeerText || other == .one(peer) ? name : exactName(of: peer, called: name)
        }
        let isOnlyOne = meaning(of: name, at: session) == .one(peer)
        return isOnlyOne ? name.text : exactName(of: peer, called: name.text)
    }

    /// Returns another key that has or had the same name, if one is known, which makes it necessary to show the key.
    /// Searches all known keys.
    func namesake(of peer: PeerID) -> PeerID? {
        for name in knownNames(of: peer) {
            let others =
                roster.shown(as: name) + sessions.all.flatMap { $0.roster.peers(named: name) }
                + roster.known.keys(called: name)
            if let other = others.first(where: { $0 != peer && $0 != id }) { return other }
        }
        return nil
    }

    /// Returns the name of a peer, with the beginning of the key where another has or had the name.
    func distinctName(of peer: PeerID) -> String {
        let name = displayName(of: peer)
        guard !name.contains("#"), namesake(of: peer) != nil else { return name }
        return "\(name) (ID \(peer.description.prefix(PeerID.shownDigitCount))…)"
    }
}
