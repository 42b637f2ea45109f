import CoreModel
import LocalNetwork
import PeerCore
import RoomSync
import Simulator
import Testing
import Wire

@Suite("The disk of a simulated machine")
struct DiskTests {
    private let log = LogID.conversation(.least)

    private func entry(_ number: UInt8) -> ArchivedEntry {
        let id = EntryID([UInt8](repeating: number, count: 32))!
        return ArchivedEntry(key: EntryKey(lamport: UInt64(number), id: id), bytes: [number])
    }

    /// Writes one entry in a round of its own.
    private func write(_ number: UInt8, _ durability: Durability, to disk: Disk) throws {
        #expect(try disk.append(entry(number), body: "", to: log, durability: durability))
        try disk.commit()
    }

    private func numbers(_ disk: Disk) throws -> [UInt64] { try disk.keys(of: log).map(\.lamport) }

    @Test("a process that dies loses only its uncommitted round")
    func processEnd() throws {
        let disk = Disk()
        try write(1, .normal, to: disk)
        #expect(try disk.append(entry(2), body: "", to: log, durability: .full))
        try disk.setSetting("name", to: [7])
        disk.processEnded()
        #expect(try numbers(disk) == [1])
        #expect(try disk.setting("name") == nil)
        try write(2, .normal, to: disk)
        #expect(try numbers(disk) == [1, 2])
    }

    @Test("a power cut undoes commits after the last synced round, from the end")
    func powerCut() throws {
        for (share, left) in [(0, [1, 2]), (0.5, [1, 2, 3]), (1, [1, 2, 3, 4])] as [(Double, [UInt64])] {
            let disk = Disk()
            try write(1, .normal, to: disk)
            try write(2, .full, to: disk)
            #expect(disk.unsyncedRounds == 0)
            try write(3, .normal, to: disk)
            try write(4, .normal, to: disk)
            #expect(disk.unsyncedRounds == 2)
            #expect(disk.isSynced(entry(2).key) && !disk.isSynced(entry(3).key))
            disk.powerCut(keeping: share)
            #expect(try numbers(disk) == left)
            #expect(disk.unsyncedRounds == 0)
        }
    }

    @Test("all contents of an archive are as they were synced after a power cut")
    func everythingKept() throws {
        let disk = Disk()
        let met = KnownPeer(
            id: .least, name: "ana", firstSeen: WallTime(milliseconds: 1), lastSeen: WallTime(milliseconds: 2),
            isBlocked: false)
        try disk.remember(met)
        try disk.setSetting("a", to: [1])
        try disk.awaitReceipt(of: entry(1).key, in: log)
        try write(1, .full, to: disk)
        try disk.setSetting("a", to: [2])
        #expect(try disk.receiptArrived(for: entry(1).key.id, in: log))
        try disk.merge(log, into: .conversation(.greatest))
        try disk.commit()
        #expect(try numbers(disk) == [])
        disk.powerCut(keeping: 0)
        #expect(try numbers(disk) == [1])
        #expect(try disk.knownPeers() == [met])
        #expect(try disk.setting("a") == [1])
        #expect(try disk.awaitingReceipt(in: log) == [entry(1).key])
    }
}
