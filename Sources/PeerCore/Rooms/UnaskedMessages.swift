import CoreModel
import RoomSync
import Secure
import Wire

/// Private messages by keys that this person has never written to: how many bytes of them are kept, of each key and in
/// all. A key costs nothing, so a bound for each conversation bounds nothing in all.
struct UnaskedMessages {
    enum Refusal: Equatable {
        /// The key has left as much as one may.
        case ofKey
        /// All such keys together have.
        case ofAll
    }

    private struct Declined {
        /// Not ordered: only asked "is it in there?", and sorted when taken.
        var ids: Set<EntryID> = []
        var leastBytes: Int
    }

    /// What each such key's conversation counts; none for one that has left nothing.
    private var bytes: [PeerID: Int] = [:]
    private(set) var totalBytes = 0
    /// Keys that this person has written to. Only asked "is it in there?".
    private var answered: Set<PeerID> = []
    /// What was not taken: asked for when this person writes to its author. The IDs are at most ``declinedCount``.
    private var declined: [PeerID: Declined] = [:]
    private var declinedCount = 0
    /// Only asked "is it in there?".
    private var told: Set<PeerID> = []
    private var hasToldOfAll = false

    /// 16,384 × 64 bytes = 1 MiB. Those beyond it are offered again on the next link with their author.
    private static let declinedCount = 16_384
    /// Authors of whom it is known that something was declined; of more it is found out again for each entry.
    private static let declinedKeyCount = 4_096
    /// One line for each key; where keys are made by the thousand, no more than these.
    private static let lineCount = 20

    init() {}

    /// Reads what there is of earlier starts. An earlier version has not noted who was written to: that is found out
    /// once, from what was written.
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

    // Who was written to.

    func isAnswered(_ peer: PeerID) -> Bool { answered.contains(peer) }

    /// Whether something of this key is kept: then it is known whether it was written to.
    func hasMessages(by peer: PeerID) -> Bool { bytes[peer] != nil }

    /// This person has written to it.
    /// - Returns: what was not taken, and may be now.
    mutating func answer(_ peer: PeerID) -> [EntryID] {
        answered.insert(peer)
        totalBytes -= bytes.removeValue(forKey: peer) ?? 0
        return forgetDeclined(by: peer)
    }

    // How much there is.

    /// The conversation counts so many bytes now.
    mutating func note(_ count: Int, by peer: PeerID) {
        guard !answered.contains(peer) else { return }
        totalBytes += count - (bytes[peer] ?? 0)
        bytes[peer] = count > 0 ? count : nil
    }

    mutating func add(_ count: Int, by peer: PeerID) { note((bytes[peer] ?? 0) + count, by: peer) }

    /// Why so many bytes more are not taken; nil: they are.
    func refusal(of count: Int, by peer: PeerID, within retention: Retention) -> Refusal? {
        guard !answered.contains(peer) else { return nil }
        if count > retention.unaskedBytesPerKey - (bytes[peer] ?? 0) { return .ofKey }
        let isOneTooMany = bytes[peer] == nil && bytes.count >= Bounds.unaskedKeyCount
        return isOneTooMany || count > retention.unaskedBytes - totalBytes ? .ofAll : nil
    }

    // What was not taken.

    mutating func decline(_ ids: [EntryID], ofBytes count: Int, by peer: PeerID) {
        guard declined[peer] != nil || declined.count < Self.declinedKeyCount else { return }
        let least = min(count, declined[peer]?.leastBytes ?? count)
        declined[peer, default: Declined(leastBytes: least)].leastBytes = least
        for id in ids where declinedCount < Self.declinedCount && declined[peer]?.ids.insert(id).inserted == true {
            declinedCount += 1
        }
    }

    /// The least that was declined of this key, if anything was.
    func leastDeclined(by peer: PeerID) -> Int? { declined[peer]?.leastBytes }

    /// - Returns: what it was.
    @discardableResult
    mutating func forgetDeclined(by peer: PeerID) -> [EntryID] {
        let ids = (declined.removeValue(forKey: peer)?.ids ?? []).sorted()
        declinedCount -= ids.count
        return ids
    }

    /// Whether the user is to be notified of it now.
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
