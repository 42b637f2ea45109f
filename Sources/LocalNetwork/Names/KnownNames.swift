package import CoreModel
package import Wire

/// The keys that were met, in this start and earlier ones, and their names. A name that was heard only at a relay is
/// kept apart from those of our networks: the same name there may be somebody else's.
package struct KnownNames {
    /// Where a name was heard: nil is a network of ours.
    private struct NetworkLocation: Hashable {
        var name: String
        var relay: PeerID?
    }

    /// The last name of every key, and at which relay it was heard.
    private var names: [PeerID: (name: Nickname, relay: PeerID?)] = [:]
    /// The last key of every name (folded) in each place. A key that was renamed keeps its old names until another
    /// takes them.
    private var holders: [NetworkLocation: PeerID] = [:]
    /// The relays that names were heard at, in the order in which they were met; few.
    private var relays: [PeerID] = []
    private var firstSeen: [PeerID: WallTime] = [:]
    /// What others called keys that were never met. Never walked but by ``all``.
    private var reported: [PeerID: Nickname] = [:]
    private var lastSeen: [PeerID: WallTime] = [:]
    /// Keys that came to a name that another key had, with that key, until the first that is said to them by it.
    private var successions: [Succession: PeerID] = [:]

    private struct Succession: Hashable {
        var peer: PeerID
        var name: String
    }

    /// - Parameters:
    ///   - first: when it was met first, unless that is known.
    ///   - last: when it was met last.
    package mutating func remember(
        _ id: PeerID, as name: Nickname, at relay: PeerID?, since first: WallTime, until last: WallTime
    ) {
        guard hasRoom(for: id) else { return }
        names[id] = (name, relay)
        reported[id] = nil
        let place = NetworkLocation(name: name.folded, relay: relay)
        // Names cost nothing, so a key may have had many.
        if holders[place] != nil || holders.count < 2 * Bounds.knownPeerCount { holders[place] = id }
        if let relay, !relays.contains(relay) { relays.append(relay) }
        if firstSeen[id] == nil { firstSeen[id] = first }
        lastSeen[id] = last
    }

    /// Whether it is known, or can be without others giving way.
    package func hasRoom(for id: PeerID) -> Bool { names[id] != nil || names.count < Bounds.knownPeerCount }

    /// Drops ``Bounds/forgottenPeerCount`` keys, if there are so many that may go: first those that were met in passing,
    /// longest ago. Walks over all of them.
    /// - Returns: which they were.
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

    package func firstSeen(_ id: PeerID) -> WallTime? { firstSeen[id] }

    package func name(of id: PeerID) -> Nickname? { names[id]?.name }

    /// The name of a key, if it was heard at this relay and on no network of ours.
    package func name(of id: PeerID, at relay: PeerID) -> Nickname? {
        names[id].flatMap { $0.relay == relay ? $0.name : nil }
    }

    /// At which relay the name of a key was heard; nil: on a network of ours, or nowhere.
    package func relay(of id: PeerID) -> PeerID? { names[id]?.relay }

    /// The key that last had this name, at a relay or (nil) on a network of ours.
    package func lastHolder(of name: Nickname, at relay: PeerID? = nil) -> PeerID? {
        holders[NetworkLocation(name: name.folded, relay: relay)]
    }

    /// The keys that last had this name at relays.
    package func holdersAtRelays(of name: Nickname) -> [PeerID] { relays.compactMap { lastHolder(of: name, at: $0) } }

    /// All keys, ascending. Walks over all of them.
    package var all: [PeerID] { (Array(names.keys) + reported.keys).sorted() }

    /// All keys whose last name this is, ascending. Walks over all of them.
    package func keys(called name: Nickname) -> [PeerID] {
        names.filter { $0.value.name == name }.keys.sorted()
    }

    // Keys that came to others' names.

    /// - Parameter former: the key that had the name before; nil: it has been pointed out.
    package mutating func noteSuccession(of id: PeerID, to former: PeerID?, named name: Nickname) {
        let succession = Succession(peer: id, name: name.folded)
        guard let former else {
            successions[succession] = nil
            return
        }
        guard successions[succession] != nil || successions.count < Bounds.knownPeerCount else { return }
        successions[succession] = former
    }

    /// The key whose name this one has taken, if that is still to be pointed out.
    package func predecessor(of id: PeerID, named name: Nickname) -> PeerID? {
        successions[Succession(peer: id, name: name.folded)]
    }

    // Keys that were never met.

    /// Notes under which name others knew a key. The first name stays: the peer that told it may lie, which is why such
    /// a name is never shown without the beginning of the key.
    /// - Returns: whether that is new.
    package mutating func report(_ id: PeerID, as name: Nickname) -> Bool {
        guard names[id] == nil, reported[id] == nil, reported.count < Bounds.reportedNameCount else { return false }
        reported[id] = name
        return true
    }

    package func reportedName(of id: PeerID) -> Nickname? { reported[id] }

    // As kept: NAME, NAME@ID for one that was heard only at a relay, or NAME# for one that others told of.

    package static func text(_ name: Nickname, at relay: PeerID?) -> String {
        relay.map { "\(name.text)@\($0)" } ?? name.text
    }

    package static func text(reported name: Nickname) -> String { name.text + "#" }

    package static func reported(in text: String) -> Nickname? {
        text.hasSuffix("#") ? try? Nickname(String(text.dropLast())) : nil
    }

    package static func parts(of text: String) -> (name: Nickname, relay: PeerID?)? {
        guard let mark = text.firstIndex(of: "@") else { return (try? Nickname(text)).map { ($0, nil) } }
        guard let name = try? Nickname(String(text[..<mark])),
            let relay = PeerID(hexadecimal: String(text[text.index(after: mark)...]))
        else { return nil }
        return (name, relay)
    }
}
