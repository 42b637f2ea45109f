import Chat
import Wire

/// Who is here and who has spoken: for Tab, and to know whether a message will have to wait.
struct Roster {
    /// Names of people who spoke but are not here.
    private static let maximumAbsentCount = 200

    private var present: [PeerID: String] = [:]
    private var absent: [String] = []

    /// In alphabetical order.
    var names: [String] {
        let here = present.values.sorted()
        return here + absent.filter { name in !here.contains(name) }.sorted()
    }

    func isPresent(_ name: String) -> Bool { present.values.contains(name) }

    mutating func note(_ change: Event.PeerChange) {
        switch change.state {
        case .left:
            present[change.peer.id] = nil
            noteAbsent(change.peer.name)
        case .joined, .renamed, .away, .back: present[change.peer.id] = change.peer.name
        case .blocked, .unblocked: break
        }
    }

    mutating func noteSpeaker(_ message: Event.Message) {
        guard !message.isOwn, present[message.fromID] == nil else { return }
        noteAbsent(message.from)
    }

    private mutating func noteAbsent(_ name: String) {
        absent.removeAll { $0 == name }
        absent.append(name)
        if absent.count > Self.maximumAbsentCount { absent.removeFirst() }
    }
}
