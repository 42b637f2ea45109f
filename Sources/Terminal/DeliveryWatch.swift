import Wire

/// Private messages on their way. What arrives at once is not worth a line; what has to wait is: once when it is
/// known, once when it has arrived.
struct DeliveryWatch {
    /// The oldest is forgotten (not the message: only whether to speak of it).
    private static let maximumCount = 1_000

    private struct Pending {
        var id: EntryID
        var to: String
        var isTold: Bool
    }

    private var pending: [Pending] = []

    mutating func queued(_ id: EntryID, to name: String, isPresent: Bool) -> String? {
        guard !pending.contains(where: { $0.id == id }) else { return nil }
        let wasTold = pending.contains { $0.to == name && $0.isTold }
        pending.append(Pending(id: id, to: name, isTold: !isPresent))
        if pending.count > Self.maximumCount { pending.removeFirst() }
        guard !isPresent, !wasTold else { return nil }
        return "kept for \(name), who is not here: sent as soon as \(name) is"
    }

    mutating func delivered(_ id: EntryID) -> String? {
        guard let index = pending.firstIndex(where: { $0.id == id }) else { return nil }
        let arrived = pending.remove(at: index)
        guard arrived.isTold, !pending.contains(where: { $0.to == arrived.to && $0.isTold }) else { return nil }
        return "\(arrived.to) has what you sent"
    }

    mutating func left(_ name: String) -> String? {
        var count = 0
        for index in pending.indices where pending[index].to == name && !pending[index].isTold {
            pending[index].isTold = true
            count += 1
        }
        guard count > 0 else { return nil }
        let messages = count == 1 ? "1 message" : "\(count) messages"
        return "\(messages) not yet with \(name): kept, and sent when \(name) is back"
    }

    mutating func renamed(from old: String, to new: String) {
        for index in pending.indices where pending[index].to == old { pending[index].to = new }
    }
}
