import CoreModel
import Foundation
import RoomSync
import Secure
import TestKit
import Testing
import Wire

@testable import Store

/// Copies of an archive that is in use.
@Suite struct CopyTests {
    private let place: TemporaryDirectory
    private var path: String { place.path(of: "kept.db") }
    private var copy: String { place.path(of: "copy.db") }

    init() throws { place = try TemporaryDirectory() }

    @Test(
        "a copy made while another process writes has all committed data and works as an archive",
        arguments: [
            ArchiveOwner.peer, .relay,
        ])
    func beside(owner: ArchiveOwner) throws {
        let archive = try SQLiteArchive(at: path, for: owner)
        for lamport in 1...300 { try archive.keep("tea \(lamport)", lamport: UInt64(lamport)) }
        let owed = try archive.keep("psst", lamport: 1, in: Said.withAna, .full)
        try archive.awaitReceipt(of: owed.key, in: Said.withAna)
        let ana = KnownPeer(
            id: Said.author.peerID, name: "ana", firstSeen: WallTime(milliseconds: 1),
            lastSeen: WallTime(milliseconds: 2), isBlocked: true)
        try archive.remember(ana)
        try archive.setSetting("relay ban 1", to: [1, 2, 3])
        try archive.commit()
        try archive.keep("not committed", lamport: 400)

        let reader = try SQLiteArchive(reading: path)
        #expect(try reader.texts(of: Said.office).count == 300)
        let copied = try reader.copy(to: copy)
        #expect(copied.lines == 301 && copied.rooms == 2)
        try archive.keep("later", lamport: 401)
        try archive.commit()
        #expect(try archive.texts(of: Said.office).count == 302)

        let restored = try SQLiteArchive(at: copy)
        #expect(try restored.texts(of: Said.office) == (1...300).map { "tea \($0)" })
        #expect(try restored.awaitingReceipt(in: Said.withAna) == [owed.key])
        #expect(try restored.knownPeers() == [ana])
        #expect(try restored.setting("relay ban 1") == [1, 2, 3])
        #expect(try restored.search(words: "tea", limit: 999).count == 300)
        try restored.keep("goes on", lamport: 500)
        try restored.commit()
        #expect(try restored.texts(of: Said.office).count == 301)
    }

    @Test("a copy contains nothing of removed entries")
    func removed() throws {
        let archive = try SQLiteArchive(at: path)
        let entry = try archive.keep("mandrake", lamport: 1)
        try archive.keep("stays", lamport: 2)
        try archive.commit()
        try archive.remove([entry.key], from: Said.office)
        try archive.commit()
        _ = try archive.copy(to: copy)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
        #expect(bytes.range(of: Data("mandrake".utf8)) == nil && bytes.range(of: Data("stays".utf8)) != nil)
    }

    @Test("the error for a copy that cannot be written names its path")
    func unwritable() throws {
        let archive = try SQLiteArchive(at: path)
        let target = place.path(of: "no/such/copy.db")
        #expect { try archive.copy(to: target) } throws: {
            let error = $0 as? ArchiveError
            return error?.kind == .unwritable && error?.text.contains(target) == true
        }
    }

    @Test(
        "the database file alone has its tables from the start, and after a checkpoint all stored data",
        arguments: [
            ArchiveOwner.peer, .relay,
        ])
    func fileAlone(owner: ArchiveOwner) throws {
        let archive = try SQLiteArchive(at: path, for: owner)
        #expect(!archive.needsCheckpoint)
        func aloneTexts() throws -> [String] {
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            return try SQLiteArchive(at: copy, for: owner).texts(of: Said.office)
        }
        #expect(try aloneTexts().isEmpty)
        try archive.keep("one", lamport: 1)
        try archive.commit()
        #expect(archive.needsCheckpoint)
        archive.checkpoint()
        #expect(!archive.needsCheckpoint)
        #expect(try aloneTexts() == ["one"])
        // In the middle of a round nothing is checkpointed, and nothing breaks.
        try archive.keep("two", lamport: 2)
        archive.checkpoint()
        try archive.commit()
        archive.checkpoint()
        #expect(try aloneTexts() == ["one", "two"])
    }
}
