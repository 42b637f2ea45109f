package import CoreModel
import PeerCore
import RelayCore
package import RoomSync
package import Secure
package import TestKit
package import Wire

/// Authors, rooms and logs that tests use.
package enum Example {
    package static let room = RoomID([UInt8](repeating: 7, count: 32))!
    package static let gathering = LogID.lobby(GatheringID([UInt8](repeating: 1, count: 32))!)
    package static let otherGathering = LogID.lobby(GatheringID([UInt8](repeating: 2, count: 32))!)
    package static let authors = (1...4).map { Identity(seed: [UInt8](repeating: UInt8($0), count: 32)) }

    package static func entry(
        _ body: String, lamport: UInt64, parents: [EntryID] = [], author: Int = 0, wall: UInt64 = 1_000,
        room: RoomID = Example.room
    ) -> SignedEntry {
        SignedEntry(
            signing: Entry(
                room: room, author: authors[author].peerID, lamport: lamport, wallTime: wall,
                parents: parents.sorted(), kind: .text, body: body),
            by: authors[author])
    }

    package static func log(_ id: LogID = gathering, archive: MemoryArchive = MemoryArchive()) -> RoomLog {
        // An archive in memory cannot fail.
        try! RoomLog(log: id, room: room, archive: archive)
    }

    /// Returns a conversation of several people that did not always receive each other's entries: each entry has some
    /// of the six before it as parents.
    package static func conversation(count: Int, using random: inout SeededGenerator) -> [SignedEntry] {
        var said: [SignedEntry] = []
        for number in 0..<count {
            var parents: Set<EntryID> = []
            var lamport: UInt64 = 0
            if !said.isEmpty {
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let parent = said[Int.random(in: max(0, said.count - 6)..<said.count, using: &random)]
                    parents.insert(parent.id)
                    lamport = max(lamport, parent.entry.lamport)
                }
            }
            said.append(
                entry(
                    "line \(number)", lamport: lamport + 1, parents: Array(parents),
                    author: Int.random(in: 0..<authors.count, using: &random)))
        }
        return said
    }

    package static func instant(milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
}

extension RoomLog {
    /// Returns everything that can be shown now.
    package mutating func takeShown(at now: Instant = Example.instant(milliseconds: 0)) -> [Shown] {
        var all: [Shown] = []
        while let next = nextShown(at: now) { all.append(next) }
        return all
    }
}
