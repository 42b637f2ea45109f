import CoreModel
import RoomSync
import Secure
import Store
import TestKit
import Testing
import Wire

/// Behaviour that all archives share, tested on each.
@Suite struct ArchiveTests {
    enum Kind: CaseIterable { case memory, sqlite }

    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func archive(_ kind: Kind) throws -> any Archive {
        switch kind {
        case .memory: MemoryArchive()
        case .sqlite: try SQLiteArchive(at: place.path(of: "earshot.db"))
        }
    }

    @Test("entries are read back in order, and removed ones are gone", arguments: Kind.allCases)
    func entries(_ kind: Kind) throws {
        let archive = try archive(kind)
        let third = try archive.keep("c", lamport: 3)
        let first = try archive.keep("a", lamport: 1)
        let second = try archive.keep("b", lamport: 2)
        #expect(try !archive.append(second, body: "b", to: Said.office, durability: .full))
        #expect(try archive.keys(of: Said.office) == [first.key, second.key, third.key])
        #expect(try archive.keys(of: Said.home).isEmpty)
        #expect(try archive.entries(of: Said.office, before: nil, limit: 2) == [second, third])
        #expect(try archive.entries(of: Said.office, before: third.key, limit: 5) == [first, second])
        #expect(try archive.entries(of: Said.office, before: nil, limit: 0).isEmpty)
        #expect(try archive.entry(second.key, in: Said.office) == second)
        #expect(try archive.entry(second.key, in: Said.home) == nil)
        #expect(try archive.entry(EntryKey(lamport: 9, id: second.key.id), in: Said.office) == nil)
        try archive.remove([first.key, second.key], from: Said.office)
        #expect(try archive.keys(of: Said.office) == [third.key])
        try archive.remove([third.key], from: Said.office)
        #expect(try archive.logs().isEmpty)
    }

    @Test("merged logs are one, with each entry and each awaited receipt once", arguments: Kind.allCases)
    func merge(_ kind: Kind) throws {
        let archive = try archive(kind)
        let first = try archive.keep("a", lamport: 1)
        _ = try archive.append(first, body: "a", to: Said.home, durability: .normal)
        let second = try archive.keep("b", lamport: 2, in: Said.home)
        try archive.awaitReceipt(of: first.key, in: Said.office)
        try archive.awaitReceipt(of: first.key, in: Said.home)
        try archive.awaitReceipt(of: second.key, in: Said.home)
        try archive.merge(Said.home, into: Said.office)
        try archive.merge(Said.office, into: Said.office)
        #expect(try archive.keys(of: Said.office) == [first.key, second.key])
        #expect(try archive.awaitingReceipt(in: Said.office) == [first.key, second.key])
        #expect(try archive.logs() == [Said.office])
        #expect(try archive.search(words: "a", limit: 9).count == 1)
        try archive.merge(Said.office, into: Said.home)
        #expect(try archive.logs() == [Said.home])
    }

    @Test("forgotten entries are gone from everywhere", arguments: Kind.allCases)
    func forget(_ kind: Kind) throws {
        let archive = try archive(kind)
        let kept = try archive.keep("stays", lamport: 1, in: Said.withAna)
        let gone = try archive.keep("goes", lamport: 1)
        try archive.awaitReceipt(of: gone.key, in: Said.office)
        try archive.forget(Said.office)
        try archive.forget(Said.home)
        #expect(try archive.logs() == [Said.withAna])
        #expect(try archive.entry(kept.key, in: Said.withAna) == kept)
        #expect(try archive.awaitingReceipt(in: Said.office).isEmpty)
        #expect(try archive.search(words: "goes", limit: 9).isEmpty)
    }

    @Test("a search matches the beginnings of words in any case, newest last", arguments: Kind.allCases)
    func search(_ kind: Kind) throws {
        let archive = try archive(kind)
        let late = try archive.keep("Tea at FOUR, says Ana", lamport: 9)
        let early = try archive.keep("four cups of tea", lamport: 2, in: Said.withAna)
        try archive.keep("coffee at four", lamport: 3)
        let both = try archive.search(words: " tea  Four", limit: 10)
        #expect(both.map(\.entry) == [early, late])
        #expect(both.map(\.log) == [Said.withAna, Said.office])
        #expect(try archive.search(words: "cof fo", limit: 9).count == 1)
        #expect(try archive.search(words: "offee", limit: 9).isEmpty)
        #expect(try archive.search(words: "four", limit: 1).map(\.entry) == [late])
        #expect(try archive.search(words: "  ", limit: 10).isEmpty)
        #expect(try archive.search(words: "tea", limit: 0).isEmpty)
        for odd in ["\"", "tea\" OR \"four", "NOT tea", "body:tea", "(", "*", "'", "tea AND"] {
            #expect(throws: Never.self) { try archive.search(words: odd, limit: 9) }
        }
    }

    @Test("a receipt is awaited until it arrives, and arrives once", arguments: Kind.allCases)
    func receipts(_ kind: Kind) throws {
        let archive = try archive(kind)
        let second = try archive.keep("b", lamport: 2)
        let first = try archive.keep("a", lamport: 1)
        try archive.awaitReceipt(of: second.key, in: Said.office)
        try archive.awaitReceipt(of: first.key, in: Said.office)
        #expect(try archive.awaitingReceipt(in: Said.office) == [first.key, second.key])
        #expect(try archive.receiptArrived(for: first.key.id, in: Said.office))
        #expect(try !archive.receiptArrived(for: first.key.id, in: Said.office))
        #expect(try !archive.receiptArrived(for: second.key.id, in: Said.home))
        #expect(try archive.awaitingReceipt(in: Said.office) == [second.key])
        try archive.remove([second.key], from: Said.office)
        #expect(try archive.awaitingReceipt(in: Said.office).isEmpty)
    }

    @Test("peers and settings can be replaced, and a setting can be removed", arguments: Kind.allCases)
    func peersAndSettings(_ kind: Kind) throws {
        let archive = try archive(kind)
        var ana = KnownPeer(
            id: Said.author.peerID, name: "ana", firstSeen: WallTime(milliseconds: 5),
            lastSeen: WallTime(milliseconds: 6), isBlocked: false)
        try archive.remember(ana)
        ana.name = "änne\u{0}🦉"
        ana.isBlocked = true
        try archive.remember(ana)
        #expect(try archive.knownPeers() == [ana])
        try archive.setSetting("a", to: [1, 2])
        try archive.setSetting("a", to: [])
        #expect(try archive.setting("a") == [])
        try archive.setSetting("a", to: nil)
        #expect(try archive.setting("a") == nil)
    }
}
