import CoreModel
import RoomSync
import Secure
import Wire

/// Limits on messages from keys that the user has never written to. Beyond them nothing is stored or confirmed, so an
/// honest sender sees that its message still waits; it is requested when the user writes to the sender.
extension Peer {
    /// Whether a private entry by another key is declined. The user is notified once.
    mutating func isDeclined(_ entry: SignedEntry, by peer: PeerID) -> Bool {
        guard entry.entry.author == peer, !isAnswered(peer) else { return false }
        let count = ArchivedEntry(key: entry.key, bytes: entry.bytes).keptBytes
        guard
            let refusal = rooms.retentionState.unsolicited.refusal(of: count, by: peer, within: configuration.retention)
        else {
            return false
        }
        rooms.retentionState.unsolicited.decline([entry.id], ofBytes: count, by: peer)
        if rooms.retentionState.unsolicited.isNewRefusal(refusal, of: peer) { notify(.notice(text(of: refusal, peer))) }
        return true
    }

    /// Whether entries that this key offers are not requested, because they would be declined again.
    mutating func isOfferDeclined(_ ids: [EntryID], by peer: PeerID) -> Bool {
        guard let least = rooms.retentionState.unsolicited.leastDeclined(by: peer) else { return false }
        guard rooms.retentionState.unsolicited.refusal(of: least, by: peer, within: configuration.retention) != nil
        else {
            rooms.retentionState.unsolicited.forgetDeclined(by: peer)
            return false
        }
        rooms.retentionState.unsolicited.decline(ids, ofBytes: least, by: peer)
        return true
    }

    /// Whether the user has written to this key.
    private mutating func isAnswered(_ peer: PeerID) -> Bool {
        if rooms.retentionState.unsolicited.isAnswered(peer) { return true }
        guard !rooms.retentionState.unsolicited.hasMessages(by: peer) else { return false }
        // The conversation may have existed and been pruned entirely.
        let setting = UnsolicitedMessages.setting(of: peer)
        guard keep({ archive throws(ArchiveError) in try archive.setting(setting) }) ?? nil != nil else { return false }
        _ = rooms.retentionState.unsolicited.answer(peer)
        return true
    }

    /// Lifts the limits on a key, because the user has written to it, and requests the declined messages.
    mutating func noteAnswer(to peer: PeerID) {
        guard !isAnswered(peer) else { return }
        let setting = UnsolicitedMessages.setting(of: peer)
        keep { archive throws(ArchiveError) in try archive.setSetting(setting, to: [1]) }
        let declined = rooms.retentionState.unsolicited.answer(peer)
        guard let link = links.best(with: peer) else { return }
        plan(declined, of: .conversation(id, peer), on: link)
    }

    private func text(of refusal: UnsolicitedMessages.Refusal, _ peer: PeerID) -> String {
        let name = displayName(of: peer)
        switch refusal {
        case .ofKey:
            let size = Self.size(configuration.retention.unsolicitedBytesPerKey)
            return "not kept: more than \(size) of messages from \(name), to whom you have never written "
                + "(/msg \(name) TEXT accepts the rest, /block \(name) refuses it)"
        case .ofAll:
            let size = Self.size(configuration.retention.unsolicitedBytes)
            return "not kept: messages from \(name), because people to whom you have never written have already left "
                + "\(size) (/msg \(name) TEXT takes them, /block \(name) refuses them, /forget @NAME makes room)"
        }
    }

    /// Returns a size in the largest unit that needs no fraction.
    static func size(_ bytes: Int) -> String {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes > 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
