import CoreModel
import PeerCore
import RelayCore
import RoomSync
package import Secure
import TestKit
package import Wire

/// Messages that a later version of the program may send.
package enum FutureVersion {
    /// Returns an entry of a kind that is not defined yet, with undefined elements at its end.
    package static func entry(
        kind: UInt64 = 5, item: CBORValue = .map([.init(.unsigned(0), .text("👍"))]), in room: RoomID,
        by author: Identity, lamport: UInt64, parents: [EntryID] = [], more: [CBORValue] = [.text("later"), .array([])]
    ) throws -> SignedEntry {
        let fields: [CBORValue] = [
            .bytes(room.bytes), .bytes(author.peerID.bytes), .unsigned(lamport), .unsigned(1_800_000_000_000),
            .array(parents.sorted().map { .bytes($0.bytes) }), .unsigned(kind), item,
        ]
        let payload = CBORValue.array(fields + more).encoded()
        let bytes = Envelope(payload: payload, signature: author.sign(payload, for: .entry)).bytes
        return try SignedEntry(verifying: bytes)
    }

    /// Returns an announcement of any version and kind, with extra elements.
    package static func announcement(
        version: UInt64 = 1, kind: UInt64 = 1, features: UInt64 = 32, sequence: UInt64 = 5, of peer: Identity,
        more: [CBORValue] = [.text("later")]
    ) -> [UInt8] {
        let fields: [CBORValue] = [
            .unsigned(version), .unsigned(kind), .bytes(peer.peerID.bytes), .unsigned(1), .unsigned(sequence),
            .text("cem"), .unsigned(1), .unsigned(1), .unsigned(features),
        ]
        let payload = CBORValue.array(fields + more).encoded()
        return Envelope(payload: payload, signature: peer.sign(payload, for: .announcement)).bytes
    }

    /// Returns an encoded frame with these items.
    package static func frame(_ items: CBORValue...) -> [UInt8] { CBORValue.array(items).encoded() }

    /// Returns one of each frame that names a room, with extra elements, and frames of undefined types.
    package static func frames(of room: RoomID, entry: SignedEntry) -> [[UInt8]] {
        let room = CBORValue.bytes(room.bytes)
        let ids = CBORValue.array([.bytes([UInt8](repeating: 3, count: 32))])
        return [
            frame(.unsigned(6), .array([.bytes(entry.bytes)]), .text("later")),
            frame(.unsigned(7), room, .null, .bytes([0xFF]), .unsigned(1)),
            frame(.unsigned(8), room, ids, .unsigned(1)),
            frame(.unsigned(9), room, ids, .unsigned(1)),
            frame(.unsigned(10), room, ids, .unsigned(1)),
            frame(
                .unsigned(32), room, .array([.array([.bytes([UInt8](repeating: 4, count: 32)), .text("x"), .null])])),
            // Types that do not exist yet.
            frame(.unsigned(13), .text("later")), frame(.unsigned(127), .map([])),
        ]
    }

    /// The text that people see in place of an entry of an unknown kind.
    package static let text = "[this needs a newer Earshot]"
}

extension TestMember {
    /// The IDs that it was offered or sent: everything that a peer may learn of a log.
    package var toldIDs: Set<EntryID> {
        var ids: Set<EntryID> = []
        for frame in frames {
            switch frame {
            case .have(_, let told): ids.formUnion(told)
            case .entries(let list): ids.formUnion(list.map { EntryID(of: $0) })
            default: break
            }
        }
        return ids
    }

    package var receivedEntries: [[UInt8]] {
        frames.flatMap { if case .entries(let list) = $0 { list } else { [[UInt8]]() } }
    }

    /// The last reconciliation message that it was sent.
    package var comparison: [UInt8]? {
        frames.lazy.compactMap { if case .reconcile(_, _, let message) = $0 { message } else { nil } }.last
    }
}
