import CoreModel
import Wire

/// The people who are here or have spoken: for Tab, and to know whether a message will have to wait.
struct ShownPeople {
    /// The maximum number of names kept of people who spoke but are not here.
    private static let maximumAbsentCount = 200

    /// A place where a person is: this network, or a relay. Names may differ between them.
    private struct Place: Hashable {
        var peer: PeerID
        var relay: String?
    }

    private var present: [Place: String] = [:]
    /// The number of places where each person is.
    private var placeCounts: [PeerID: Int] = [:]
    private var absent: [String] = []

    /// The names in alphabetical order, each in the form that means one person only.
    var names: [String] {
        let here = Set(namesHere).sorted()
        return here + absent.filter { name in !here.contains(name) }.sorted()
    }

    private var namesHere: [String] {
        var holders: [String: PeerID] = [:]
        for (place, name) in present where place.relay == nil { holders[name.lowercased()] = place.peer }
        var shared: Set<String> = []
        for (place, name) in present where place.relay != nil {
            let name = name.lowercased()
            if let holder = holders[name], holder != place.peer { shared.insert(name) }
            holders[name] = place.peer
        }
        return present.map { place, name in
            guard let relay = place.relay, shared.contains(name.lowercased()) else { return name }
            return "\(name)@\(relay)"
        }
    }

    /// The names of the people who are here, in alphabetical order.
    var presentNames: [String] { Set(present.values).sorted() }

    func isPresent(_ peer: PeerID) -> Bool { placeCounts[peer] != nil }

    /// Returns whether this peer is on our own network, under this name.
    func isHere(_ peer: PeerID, as name: String) -> Bool { present[Place(peer: peer, relay: nil)] == name }

    mutating func note(_ change: Event.PeerChange) {
        let place = Place(peer: change.peer.id, relay: change.peer.relay)
        switch change.state {
        case .left:
            if present.removeValue(forKey: place) != nil { count(place.peer, by: -1) }
            noteAbsent(change.peer.name)
        case .joined, .renamed, .away, .back:
            if present.updateValue(change.peer.name, forKey: place) == nil { count(place.peer, by: 1) }
        case .blocked, .unblocked: break
        }
    }

    private mutating func count(_ peer: PeerID, by difference: Int) {
        let count = (placeCounts[peer] ?? 0) + difference
        placeCounts[peer] = count == 0 ? nil : count
    }

    mutating func noteSpeaker(_ message: Event.Message) {
        guard !message.isOwn, !present.values.contains(message.from) else { return }
        noteAbsent(message.from)
    }

    private mutating func noteAbsent(_ name: String) {
        absent.removeAll { $0 == name }
        absent.append(name)
        if absent.count > Self.maximumAbsentCount { absent.removeFirst() }
    }
}

extension Event.PeerSummary {
    /// The name: `ben`, or `ben@hub` where a relay connects us.
    var nameAndPlace: String { relay.map { "\(name)@\($0)" } ?? name }
}
