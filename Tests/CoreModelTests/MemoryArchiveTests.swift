import CoreModel
import Testing
import Wire

@Suite struct MemoryArchiveTests {
    @Test("while a failure is set, nothing is changed and nothing is committed")
    func failure() throws {
        let archive = MemoryArchive()
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
