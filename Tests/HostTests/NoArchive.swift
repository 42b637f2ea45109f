import CoreModel
import PeerCore
import Wire

/// An archive that stores nothing, and can be made to fail.
final class NoArchive: Archive {
    var failure: ArchiveError?
    var commits = 0
    var needsCheckpoint = false
    var isBehind = false

    func checkpoint() { needsCheckpoint = false }

    func append(
        _ entry: ArchivedEntry, body: String, to log: LogID, durability: Durability
    ) throws(ArchiveError) -> Bool { true }
    func keys(of log: LogID) throws(ArchiveError) -> [EntryKey] { [] }
    func entry(_ key: EntryKey, in log: LogID) throws(ArchiveError) -> ArchivedEntry? { nil }
    func entries(of log: LogID, before: EntryKey?, limit: Int) throws(ArchiveError) -> [ArchivedEntry] { [] }
    func forget(_ log: LogID) throws(ArchiveError) {}
    func remove(_ keys: [EntryKey], from log: LogID) throws(ArchiveError) {}
    func merge(_ source: LogID, into target: LogID) throws(ArchiveError) {}
    func logs() throws(ArchiveError) -> [LogID] { [] }
    func bytes(of log: LogID) throws(ArchiveError) -> Int { 0 }
    func bytes() throws(ArchiveError) -> Int { 0 }
    func arrivals(after place: UInt64, limit: Int) throws(ArchiveError) -> [Arrival] { [] }
    func search(words: String, limit: Int) throws(ArchiveError) -> [(log: LogID, entry: ArchivedEntry)] { [] }
    func awaitReceipt(of key: EntryKey, in log: LogID) throws(ArchiveError) {}
    func receiptArrived(for id: EntryID, in log: LogID) throws(ArchiveError) -> Bool { false }
    func awaitingReceipt(in log: LogID) throws(ArchiveError) -> [EntryKey] { [] }
    func knownPeers() throws(ArchiveError) -> [KnownPeer] { [] }
    func remember(_ peer: KnownPeer) throws(ArchiveError) {}
    func forget(_ peers: [PeerID]) throws(ArchiveError) {}
    func setting(_ name: String) throws(ArchiveError) -> [UInt8]? { nil }
    func setSetting(_ name: String, to value: [UInt8]?) throws(ArchiveError) {}

    func commit() throws(ArchiveError) {
        commits += 1
        if let failure { throw failure }
    }
}
