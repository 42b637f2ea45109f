package import CoreModel
package import Wire

/// The keys met in this run and earlier ones, and their names. A name received only at a relay is kept apart from those
/// of our networks: the same name there may belong to somebody else.
package struct KnownNames {
    /// A name and where it was received: a relay, or (nil) one of our networks.
    private struct NameAndSource: Hashable {
        var name: String
        var relay: PeerID?
    }

    /// The last name of each key, and the relay where it was received.
    private var names: [PeerID: (name: Nickname, relay: PeerID?)] = [:]
    /// The last key of each folded name in each place. A renamed key keeps its old names until another key takes them.
    private var holders: [NameAndSource: PeerID] = [:]
    /// The relays where names were received, in the order in which they were met; few.
    private var relays: [PeerID] = []
    private var firstSeen: [PeerID: WallTime] = [:]
    /// The names that others gave for keys never met. Iterated by ``all`` only.
    private var reported: [PeerID: Nickname] = [:]
    private var lastSeen: [PeerID: WallTime] = [:]
    /// The keys that took a name of another key, with that key, until the user has been warned of it.
    private var successions: [Succession: PeerID] = [:]

    /// A key and a name that it took.
    private struct Succession: Hashable {
        var peer: PeerID
        var name: String
    }

    /// Records a key and its name, if there is room.
    /// - Parameters:
    ///   - first: When it was first met, unless that is known.
    ///   - last: When it was last met.
    package mutating func remember(
        _ id: PeerID, as name: Nickname, at relay: PeerID?, since first: WallTime, until last: WallTime
    ) {
        guard hasRoom(for: id) else { return }
        names[id] = (name, relay)
        reported[id] = nil
        let place = NameAndSource(name: name.folded, relay: relay)
        // Names cost nothing, so a key may have had many.
        if holders[place] != nil || holders.count < 2 * Bounds.knownPeerCount { holders[place] = id }
        if let relay, !relays.contains(relay) { relays.append(relay) }
        if firstSeen[id] == nil { firstSeen[id] = first }
        lastSeen[id] = last
    }

    /// Returns whether a key is known, or there is room for it without an eviction.
    package func hasRoom(for id: PeerID) -> Bool { names[id] != nil || names.count < Bounds.knownPeerCount }

    /// Evicts up to ``Bounds/forgottenPeerCount`` keys that are not spared: first those that were met in passing,
    /// longest ago. Walks over all keys.
    /// - Returns: The evicted keys, ascending.
    package mutating func forgetSome(sparing isSpared: (PeerID) -> Bool) -> [PeerID] {
        var candidates: [(isLasting: Int, last: WallTime, id: PeerID)] = []
        for id in names.keys where !isSpared(id) {
            let (first, last) = (firstSeen[id]?.milliseconds ?? 0, lastSeen[id]?.milliseconds ?? 0)
            let isLasting = last > first && last - first >= UInt64(Bounds.passingTime.components.seconds) * 1000
            candidates.append((isLasting ? 1 : 0, WallTime(milliseconds: last), id))
        }
        candidates.sort { ($0.isLasting, $0.last, $0.id) < ($1.isLasting, $1.last, $1.id) }
        let gone = Set(candidates.prefix(Bounds.forgottenPeerCount).map(\.id))
        for id in gone {
            names[id] = nil
            firstSeen[id] = nil
            lastSeen[id] = nil
        }
        holders = holders.filter { !gone.contains($0.value) }
        successions = successions.filter { !gone.contains($0.value) && !gone.contains($0.key.peer) }
        return gone.sorted()
    }

    /// Returns when a key was first met.
    package func firstSeen(_ id: PeerID) -> WallTime? { firstSeen[id] }

    /// Returns the last name of a key.
    package func name(of id: PeerID) -> Nickname? { names[id]?.name }

    /// Returns the name of a key, if it was received at this relay and on none of our networks.
    package func name(of id: PeerID, at relay: PeerID) -> Nickname? {
        names[id].flatMap { $0.relay == relay ? $0.name : nil }
    }

    /// Returns the relay where the name of a key was received; nil: on one of our networks, or nowhere.
    package func relay(of id: PeerID) -> PeerID? { names[id]?.relay }

    /// Returns the key that last had this name, at a relay or (nil) on one of our networks.
    package func lastHolder(of name: Nickname, at relay: PeerID? = nil) -> PeerID? {
        holders[NameAndSource(name: name.folded, relay: relay)]
    }

    /// Returns the keys that last had this name at relays.
    package func holdersAtRelays(of name: Nickname) -> [PeerID] { relays.compactMap { lastHolder(of: name, at: $0) } }

    /// All keys, ascending. Walks over all of them.
    package var all: [PeerID] { (Array(names.keys) + reported.keys).sorted() }

    /// Returns all keys with this last name, ascending. Walks over all of them.
    package func keys(called name: Nickname) -> [PeerID] {
        names.filter { $0.value.name == name }.keys.sorted()
    }

    // Keys that took other keys' names.

    /// Records that a key took a name of another key.
    /// - Parameter former: The key that had the name before; nil: the user has been warned.
    package mutating func noteSuccession(of id: PeerID, to former: PeerID?, named name: Nickname) {
        let succession = Succession(peer: id, name: name.folded)
        guard let former else {
            successions[succession] = nil
            return
        }
        guard successions[succession] != nil || successions.count < Bounds.knownPeerCount else { return }
        successions[succession] = former
    }

    /// Returns the key that had this name before, if the user has not been warned yet.
    package func predecessor(of id: PeerID, named name: Nickname) -> PeerID? {
        successions[Succession(peer: id, name: name.folded)]
    }

    // Keys that were never met.

    /// Records a name that others gave for a key. The first name is kept: the peer that sent it may lie, so such a name
    /// is never shown without the beginning of the key.
    /// - Returns: Whether it is new.
    package mutating func report(_ id: PeerID, as name: Nickname) -> Bool {
        guard names[id] == nil, reported[id] == nil, reported.count < Bounds.reportedNameCount else { return false }
        reported[id] = name
        return true
    }

    /// Returns the name that others gave for a key.
    package func reportedName(of id: PeerID) -> Nickname? { reported[id] }

    // As stored: NAME, NAME@ID if received only at a relay, or NAME# if reported by others.

    /// Returns the stored form of a name.
    package static func text(_ name: Nickname, at relay: PeerID?) -> String {
        relay.map { "\(name.text)@\($0)" } ?? name.text
    }

    /// Returns the stored form of a name reported by others.
    package static func text(reported name: Nickname) -> String { name.text + "#" }

    /// Returns the name, if the text is the stored form of one reported by others.
    package static func reported(in text: String) -> Nickname? {
        text.hasSuffix("#") ? try? Nickname(String(text.dropLast())) : nil
    }

    /// Parses the stored form of a name; nil if it is malformed.
    package static func parts(of text: String) -> (name: Nickname, relay: PeerID?)? {
        guard let mark = text.firstIndex(of: "@") else { return (try? Nickname(text)).map { ($0, nil) } }
        guard let name = try? Nickname(String(text[..<mark])),
            let relay = PeerID(hexadecimal: String(text[text.index(after: mark)...]))
        else { return nil }
        return (name, relay)
    }
}
