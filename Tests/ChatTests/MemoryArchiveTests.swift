import Chat
import Secure
import Testing
import Wire

@Suite struct MemoryArchiveTests {
    private let archive = MemoryArchive()

    private func keep(_ body: String, lamport: UInt64, in log: LogID = Example.gathering) throws -> ArchivedEntry {
        let signed = Example.entry(body, lamport: lamport)
        let entry = ArchivedEntry(key: signed.key, bytes: signed.bytes)
        #expect(try archive.append(entry, body: body, to: log, durability: .normal))
        #expect(try !archive.append(entry, body: body, to: log, durability: .normal))
        return entry
    }

    @Test("entries are read back in order, and removed ones are gone")
    func entries() throws {
        let third = try keep("c", lamport: 3)
        let first = try keep("a", lamport: 1)
        let second = try keep("b", lamport: 2)
        #expect(try archive.keys(of: Example.gathering) == [first.key, second.key, third.key])
        #expect(try archive.entries(of: Example.gathering, before: nil, limit: 2) == [second, third])
        #expect(try archive.entries(of: Example.gathering, before: third.key, limit: 5) == [first, second])
        #expect(try archive.entry(second.key.id, in: Example.gathering) == second)
        #expect(try archive.entry(second.key.id, in: Example.otherGathering) == nil)
        try archive.remove([first.key, second.key], from: Example.gathering)
        #expect(try archive.keys(of: Example.gathering) == [third.key])
        try archive.remove([third.key], from: Example.gathering)
        #expect(try archive.logs().isEmpty)
    }

    @Test("logs that merge are one, each entry once")
    func merge() throws {
        let first = try keep("a", lamport: 1)
        _ = try archive.append(first, body: "a", to: Example.otherGathering, durability: .normal)
        let second = try keep("b", lamport: 2, in: Example.otherGathering)
        try archive.merge(Example.otherGathering, into: Example.gathering)
        #expect(try archive.keys(of: Example.gathering) == [first.key, second.key])
        #expect(try archive.logs() == [Example.gathering])
    }

    @Test("a search finds what has all the words in any case, newest last")
    func search() throws {
        let late = try keep("Tea at FOUR, says Ana", lamport: 9)
        let early = try keep("four cups of tea", lamport: 2)
        _ = try keep("coffee at four", lamport: 3)
        #expect(try archive.search(words: " tea  Four", limit: 10).map(\.entry) == [early, late])
        #expect(try archive.search(words: "four", limit: 1).map(\.entry) == [late])
        #expect(try archive.search(words: "  ", limit: 10).isEmpty)
    }

    @Test("a receipt is awaited until it arrives, once")
    func receipts() throws {
        let second = try keep("b", lamport: 2)
        let first = try keep("a", lamport: 1)
        try archive.awaitReceipt(of: second.key, in: Example.gathering)
        try archive.awaitReceipt(of: first.key, in: Example.gathering)
        #expect(try archive.awaitingReceipt(in: Example.gathering) == [first.key, second.key])
        #expect(try archive.receiptArrived(for: first.key.id, in: Example.gathering))
        #expect(try !archive.receiptArrived(for: first.key.id, in: Example.gathering))
        #expect(try archive.awaitingReceipt(in: Example.gathering) == [second.key])
    }

    @Test("while it is told to fail, nothing is changed and nothing is committed")
    func failure() throws {
        let failure = ArchiveError(.full, "the disk is full")
        archive.failure = failure
        #expect(throws: failure) { try archive.setSetting("name", to: [1]) }
        #expect(throws: failure) { try archive.commit() }
        archive.failure = nil
        #expect(try archive.setting("name") == nil)
        #expect(archive.commitCount == 0)
        try archive.commit()
        #expect(archive.commitCount == 1)
    }
}
