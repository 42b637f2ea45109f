import Chat
import Wire

/// Who is here and who has spoken: for Tab, and to know whether a message will have to wait.
struct Roster {
    /// Names of people who spoke but are not here.
    private static let maximumAbsentCount = 200

    /// Somebody may be here and at relays, under different names.
    private struct Place: Hashable {
        var peer: PeerID
        var relay: String?
    }

    private var present: [Place: String] = [:]
    private var absent: [String] = []

    /// In alphabetical order.
    var names: [String] {
        let here = Set(present.values).sorted()
        return here + absent.filter { name in !here.contains(name) }.sorted()
    }

    /// Of those who are here, in alphabetical order.
    var presentNames: [String] { Set(present.values).sorted() }

    func isPresent(_ name: String) -> Bool { present.values.contains(name) }

    /// Whether this peer is on our own network, under this name.
    func isHere(_ peer: PeerID, as name: String) -> Bool { present[Place(peer: peer, relay: nil)] == name }

    mutating func note(_ change: Event.PeerChange) {
        let place = Place(peer: change.peer.id, relay: change.peer.relay)
        switch change.state {
        case .left:
            present[place] = nil
            noteAbsent(change.peer.name)
        case .joined, .renamed, .away, .back: present[place] = change.peer.name
        case .blocked, .unblocked: break
        }
    }

    mutating func noteSpeaker(_ message: Event.Message) {
        guard !message.isOwn, !isPresent(message.from) else { return }
        noteAbsent(message.from)
    }

    private mutating func noteAbsent(_ name: String) {
        absent.removeAll { $0 == name }
        absent.append(name)
        if absent.count > Self.maximumAbsentCount { absent.removeFirst() }
    }
}

extension Event.PeerSummary {
    /// `ben`, or `ben@hub` where a relay is what connects us.
    var nameAndPlace: String { relay.map { "\(name)@\($0)" } ?? name }
}
