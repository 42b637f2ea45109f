import CoreModel
import Wire

/// The private messages on their way. A message that arrives immediately is not worth a line. One that has to wait gets
/// two: when it is clear that it must, and when it has arrived. Peers are identified by key, since another may have the
/// name by then.
struct DeliveryWatch {
    /// The maximum number of messages watched. The oldest is dropped: it is still delivered, but not reported.
    private static let maximumCount = 1_000

    private struct Pending {
        var id: EntryID
        var to: PeerID
        var isTold: Bool
    }

    private var pending: [Pending] = []

    mutating func queued(_ id: EntryID, to recipient: Event.Recipient, isPresent: Bool) -> String? {
        guard !pending.contains(where: { $0.id == id }) else { return nil }
        let wasTold = pending.contains { $0.to == recipient.id && $0.isTold }
        pending.append(Pending(id: id, to: recipient.id, isTold: !isPresent))
        if pending.count > Self.maximumCount { pending.removeFirst() }
        guard !isPresent, !wasTold else { return nil }
        return "kept for \(recipient.name), who is not here; sent when \(recipient.name) is back"
    }

    mutating func delivered(_ id: EntryID, to recipient: Event.Recipient) -> String? {
        guard let index = pending.firstIndex(where: { $0.id == id }) else { return nil }
        let arrived = pending.remove(at: index)
        guard arrived.isTold, !pending.contains(where: { $0.to == arrived.to && $0.isTold }) else { return nil }
        return "\(recipient.name) has what you sent"
    }

    mutating func left(_ peer: Event.PeerSummary) -> String? {
        var count = 0
        for index in pending.indices where pending[index].to == peer.id && !pending[index].isTold {
            pending[index].isTold = true
            count += 1
        }
        guard count > 0 else { return nil }
        let messages = count == 1 ? "1 message" : "\(count) messages"
        return "\(messages) not yet delivered to \(peer.name): kept, and sent when \(peer.name) is back"
    }
}
