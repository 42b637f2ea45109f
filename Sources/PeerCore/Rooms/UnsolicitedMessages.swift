import CoreModel
import RoomSync
import Secure
import Wire

/// The stored private messages from keys that the user has never written to: their bytes per key and in total. A key
/// costs nothing, so a bound per conversation alone bounds nothing.
struct UnsolicitedMessages {
    /// The limits that a message may exceed.
    enum Refusal: Equatable {
        /// The key has used up its own limit.
        case ofKey
        /// All such keys together have used up the common limit.
        case ofAll
    }

    /// The declined entries of one key.
    private struct Declined {
        /// Not ordered: membership tests only, and sorted when taken.
        var ids: Set<EntryID> = []
        var leastBytes: Int
    }

    /// The stored bytes of each such key's conversation; no entry for a key without any.
    private var bytes: [PeerID: Int] = [:]
    private(set) var totalBytes = 0
    /// The keys that the user has written to. Membership tests only, never iterated.
    private var answered: Set<PeerID> = []
    /// The declined entries, requested when the user writes to their author. The IDs number at most ``declinedCount``.
    private var declined: [PeerID: Declined] = [:]
    private var declinedCount = 0
    /// The keys whose refusal the user was notified of. Membership tests only, never iterated.
    private var told: Set<PeerID> = []
    private var hasToldOfAll = false

    /// 16,384 × 64 bytes = 1 MiB. Entries beyond it are offered again on the next link with their author.
    private static let declinedCount = 16_384
    /// The maximum number of authors with recorded declined entries; for others each entry is judged again.
    private static let declinedKeyCount = 4_096
    /// The maximum number of notices, one per key, for when keys are created by the thousand.
    private static let lineCount = 20

    init() {}

    /// Loads the state of earlier starts. An earlier version did not record which keys were written to: that is
    /// determined once, from the stored entries.
    init(of own: PeerID, in archive: any Archive) throws(ArchiveError) {
        let isNoted = try archive.setting(Self.setting) != nil
        for log in try archive.logs() {
            guard case .conversation(let peer) = log else { continue }
            let setting = Self.setting(of: peer)
            if !isNoted, try Self.hasEntry(by: own, log, archive) { try archive.setSetting(setting, to: [1]) }
            if try archive.setting(setting) != nil {
                answered.insert(peer)
            } else {
                note(try archive.bytes(of: log), by: peer)
            }
        }
        if !isNoted { try archive.setSetting(Self.setting, to: [1]) }
    }

    /// Whether a log contains an entry of this peer.
    private static func hasEntry(
        by own: PeerID, _ log: LogID, _ archive: any Archive
    ) throws(ArchiveError) -> Bool {
        if try !archive.awaitingReceipt(in: log).isEmpty { return true }
        var before: EntryKey?
        repeat {
            let page = try archive.entries(of: log, before: before, limit: 256)
            if page.contains(where: { (try? SignedEntry(trusted: $0.bytes))?.entry.author == own }) { return true }
            before = page.first?.key
        } while before != nil
        return false
    }

    static let setting = "written to"
    static func setting(of peer: PeerID) -> String { "\(setting) \(peer)" }

    // Keys that were written to.

    func isAnswered(_ peer: PeerID) -> Bool { answered.contains(peer) }

    /// Whether messages of this key are stored; if so, it is known whether it was written to.
    func hasMessages(by peer: PeerID) -> Bool { bytes[peer] != nil }

    /// Records that the user has written to a key.
    /// - Returns: The declined entries, which may be accepted now.
    mutating func answer(_ peer: PeerID) -> [EntryID] {
        answered.insert(peer)
        totalBytes -= bytes.removeValue(forKey: peer) ?? 0
        return forgetDeclined(by: peer)
    }

    // Stored bytes.

    /// Sets the stored bytes of a conversation.
    mutating func note(_ count: Int, by peer: PeerID) {
        guard !answered.contains(peer) else { return }
        totalBytes += count - (bytes[peer] ?? 0)
        bytes[peer] = count > 0 ? count : nil
    }

    mutating func add(_ count: Int, by peer: PeerID) { note((bytes[peer] ?? 0) + count, by: peer) }

    /// Returns why this many more bytes are declined; nil if they are accepted.
    func refusal(of count: Int, by peer: PeerID, within retention: Retention) -> Refusal? {
        guard !answered.contains(peer) else { return nil }
        if count > retention.unsolicitedBytesPerKey - (bytes[peer] ?? 0) { return .ofKey }
        let isOneTooMany = bytes[peer] == nil && bytes.count >= Bounds.unsolicitedKeyCount
        return isOneTooMany || count > retention.unsolicitedBytes - totalBytes ? .ofAll : nil
    }

    // Declined entries.

    /// Records declined entries, as far as there is room.
    mutating func decline(_ ids: [EntryID], ofBytes count: Int, by peer: PeerID) {
        guard declined[peer] != nil || declined.count < Self.declinedKeyCount else { return }
        let least = min(count, declined[peer]?.leastBytes ?? count)
        declined[peer, default: Declined(leastBytes: least)].leastBytes = least
        for id in ids where declinedCount < Self.declinedCount && declined[peer]?.ids.insert(id).inserted == true {
            declinedCount += 1
        }
    }

    /// Returns the size of the smallest declined entry of this key, if there is one.
    func leastDeclined(by peer: PeerID) -> Int? { declined[peer]?.leastBytes }

    /// Removes the record of a key's declined entries.
    /// - Returns: The IDs of those entries.
    @discardableResult
    mutating func forgetDeclined(by peer: PeerID) -> [EntryID] {
        let ids = (declined.removeValue(forKey: peer)?.ids ?? []).sorted()
        declinedCount -= ids.count
        return ids
    }

    /// Whether the user is to be notified of a refusal now.
    mutating func isNewRefusal(_ refusal: Refusal, of peer: PeerID) -> Bool {
        switch refusal {
        case .ofKey:
            return told.count < Self.lineCount && told.insert(peer).inserted
        case .ofAll:
            defer { hasToldOfAll = true }
            return !hasToldOfAll
        }
    }
}
