import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Private messages: rooms of two members, whose entries are stored until the other side confirms them.
extension Peer {
    /// Opens the log of a conversation, creating it if there is none.
    /// - Returns: False if it cannot be read; the user has then been notified.
    mutating func openConversation(with peer: PeerID) -> Bool {
        if rooms[.conversation(peer)] != nil { return true }
        let room = RoomID.conversation(id, peer)
        rememberMember(peer)
        do {
            rooms.openConversation(try RoomLog(log: .conversation(peer), room: room, archive: archive), with: peer)
            return true
        } catch {
            notify(.failed(.init(.storage, error.text)))
            return false
        }
    }

    /// Writes a private message, and sends it if there is a way to the peer; otherwise seeks one.
    mutating func tell(_ peer: PeerID, _ text: String, _ kind: Entry.Kind, token: CommandToken?) {
        let key = RoomKey.conversation(peer)
        guard openConversation(with: peer), let entry = write(text, kind, in: key, token: token) else { return }
        presence.receiptTokens.remember(token, for: entry.id)
        keep { archive throws(ArchiveError) in try archive.awaitReceipt(of: entry.key, in: .conversation(peer)) }
        notify(.delivery(id: entry.id, to: recipient(peer), state: .queued), token: token)
        sessions.unacknowledgedPeers.insert(peer)
        timers.schedule(.redelivery, at: now + Bounds.redeliveryInterval)
        warnOfPlainText(peer)
        if let link = route(to: peer) {
            noteUse(of: link)
            send(.entries([entry.bytes]), on: link)
        } else {
            requestLink(peer)
            reachThroughRelay(peer)
        }
    }

    private func recipient(_ peer: PeerID) -> Event.Recipient { .init(name: displayName(of: peer), id: peer) }

    /// Offers unconfirmed messages to a peer again, on every new link; the peer knows which it has.
    mutating func resendUnconfirmed(to peer: PeerID, on link: LinkID) {
        let waiting = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)) }
        guard let waiting, !waiting.isEmpty, openConversation(with: peer) else { return }
        let room = RoomID.conversation(id, peer)
        let features = links[link]?.exchange.capabilities.features ?? []
        // Offered, not pushed: the peer requests them at its own pace, and a thousand of them do not fill a queue.
        var rest = rooms[.conversation(peer)]?.ids(waiting.map(\.id), for: features)[...] ?? []
        while !rest.isEmpty {
            send(.have(room: room, ids: Array(rest.prefix(Limits.frameIDCount))), on: link)
            rest = rest.dropFirst(Limits.frameIDCount)
        }
    }

    /// Shows, as history, the messages that were stored just before the last process died.
    mutating func showUnseen() {
        for message in rooms.unseen.leftOver {
            rooms.unseen.shown(message.key)
            let log = LogID.conversation(message.peer)
            let kept = keep { archive throws(ArchiveError) in try archive.entry(message.key, in: log) } ?? nil
            guard let kept, let entry = try? SignedEntry(trusted: kept.bytes),
                !roster.blocked.contains(message.peer)
            else { continue }
            notify(
                .message(self.message(entry, in: .conversation(message.peer), isHistory: true, hasGap: false)))
        }
    }

    /// Records which messages have been shown. Runs after every input.
    mutating func keepUnseen() {
        if rooms.unseen.hasShown { timers.schedule(.shownMessages, at: now + Bounds.seenDelay) }
        guard let change = rooms.unseen.takeChange() else { return }
        keep { archive throws(ArchiveError) in try archive.setSetting(UnseenMessages.setting, to: change) }
    }

    /// Confirms entries that are stored durably (the host commits before this is sent).
    mutating func confirm(_ ids: [EntryID], of room: RoomID, on link: LinkID) {
        send(.receipt(room: room, ids: ids), on: link)
    }

    /// Ends redelivery of confirmed messages and reports their delivery.
    mutating func receiptReceived(for ids: [EntryID], of room: RoomID, from peer: PeerID, on link: LinkID) {
        guard room == .conversation(id, peer) else {
            return noteIgnored("a receipt for a room that does not belong to this link is ignored", on: link)
        }
        defer { considerRedelivery(of: peer) }
        let log = LogID.conversation(peer)
        for entry in ids {
            let wasAwaited = keep { archive throws(ArchiveError) in
                try archive.receiptArrived(for: entry, in: log)
            }
            guard wasAwaited == true else { continue }
            // Entries that no longer await a receipt may be pruned.
            if rooms.retentionState.isFull { timers.schedule(.retention, at: now + Bounds.retentionStepInterval) }
            notify(
                .delivery(id: entry, to: recipient(peer), state: .delivered),
                token: presence.receiptTokens.take(for: entry))
        }
    }

    /// Whether a peer that is present has not yet confirmed a message, or a relay may lack one.
    func awaitsReceipts() -> Bool {
        if hasUnsentEntriesForRelays { return true }
        let others = sessions.unacknowledgedPeers.filter {
            sessions.session(with: $0) != nil || discovery.mesh.table.reaches($0)
        }
        return (links.peers + others).contains { peer in
            guard !roster.blocked.contains(peer) else { return false }
            return ((try? archive.awaitingReceipt(in: .conversation(peer))) ?? []).isEmpty == false
        }
    }
}

/// The command that each own private entry came from, so that its receipt can be tied to it. The oldest are dropped.
struct ReceiptTokens {
    private var tokens: [EntryID: CommandToken] = [:]
    private var order: [EntryID] = []
    private static let capacity = 10_000

    /// Stores the token of the command that wrote an entry.
    mutating func remember(_ token: CommandToken?, for entry: EntryID) {
        guard let token else { return }
        if order.count >= Self.capacity {
            for old in order.prefix(Self.capacity / 2) { tokens[old] = nil }
            order.removeFirst(Self.capacity / 2)
        }
        tokens[entry] = token
        order.append(entry)
    }

    /// Removes and returns the token for an entry.
    mutating func take(for entry: EntryID) -> CommandToken? { tokens.removeValue(forKey: entry) }
}
