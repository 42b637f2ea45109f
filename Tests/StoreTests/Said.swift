import CoreModel
import RoomSync
import Secure
import Store
import TestKit
import Wire

/// Messages for tests, and the logs they are stored in.
enum Said {
    static let author = Identity(seed: [UInt8](repeating: 1, count: 32))
    static let office = LogID.lobby(GatheringID([UInt8](repeating: 1, count: 32))!)
    static let home = LogID.lobby(GatheringID([UInt8](repeating: 2, count: 32))!)
    static let withAna = LogID.conversation(Identity(seed: [UInt8](repeating: 2, count: 32)).peerID)

    static func entry(_ body: String, lamport: UInt64) -> ArchivedEntry {
        let signed = SignedEntry(
            signing: Entry(
                room: RoomID([UInt8](repeating: 7, count: 32))!, author: author.peerID, lamport: lamport,
                wallTime: 1_000, parents: [], kind: .text, body: body),
            by: author)
        return ArchivedEntry(key: signed.key, bytes: signed.bytes)
    }
}

extension Archive {
    /// Stores a message.
    /// - Returns: Its entry.
    @discardableResult
    func keep(
        _ body: String, lamport: UInt64, in log: LogID = Said.office, _ durability: Durability = .normal
    ) throws -> ArchivedEntry {
        let entry = Said.entry(body, lamport: lamport)
        _ = try append(entry, body: body, to: log, durability: durability)
        return entry
    }

    /// Returns the texts of a log, in order.
    func texts(of log: LogID) throws -> [String] {
        try entries(of: log, before: nil, limit: .max / 2).map { try SignedEntry(trusted: $0.bytes).entry.body }
    }
}
