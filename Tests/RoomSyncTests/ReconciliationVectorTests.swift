import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import RoomSync

/// The reconciliations of Protocol.md, which were made by a program that shares no code with this one.
@Suite("The reconciliations of Protocol.md")
struct ReconciliationVectorTests {
    // Without the document there is nothing to test.
    static let document = try! ProtocolDocument.load()

    private static func key(_ number: UInt64) -> EntryKey {
        EntryKey(lamport: 1 + number / 2, id: EntryID(of: Array("entry \(number)".utf8)))
    }

    private static func index(_ vector: ProtocolVector, _ field: String) throws -> LogIndex {
        let numbers = try #require(vector.text(field)).split(separator: " ").compactMap { UInt64($0) }
        return LogIndex(ascending: numbers.map(key).sorted())
    }

    @Test("fingerprints are those of the document", arguments: document.vectors(kind: "fingerprint"))
    func fingerprints(vector: ProtocolVector) throws {
        var index = LogIndex()
        for (number, id) in vector.texts("id").enumerated() {
            index.insert(EntryKey(lamport: UInt64(number) + 1, id: try #require(EntryID(hexadecimal: id))))
        }
        #expect(index.fingerprint(at: 0..<index.count).bytes == vector.bytes("fingerprint"))
    }

    @Test("two logs exchange the messages of the document", arguments: document.vectors(kind: "reconciliation"))
    func reconciliations(vector: ProtocolVector) throws {
        let opener = try Self.index(vector, "opener")
        let answerer = try Self.index(vector, "answerer")
        var messages: [String] = []
        var need: [EntryID] = []
        var have: [EntryID] = []
        var (reconciliation, message) = Reconciliation.open(over: opener, floor: 0)
        while true {
            messages.append(message.hexadecimal)
            let answer = try Reconciliation.answer(message, over: answerer, floor: 0)
            messages.append(answer.hexadecimal)
            let outcome = try reconciliation.messageReceived(answer, over: opener)
            need += outcome.need
            have += outcome.have
            guard let reply = outcome.reply else { break }
            message = reply
        }
        #expect(messages == vector.texts("message").map { $0.filter { !$0.isWhitespace } })
        #expect(need.map(\.description) == vector.texts("need"))
        #expect(have.map(\.description) == vector.texts("have"))
    }

    @Test("what the document refuses is refused", arguments: document.vectors(kind: "reconciliation-refused"))
    func refusals(vector: ProtocolVector) throws {
        let bytes = try #require(vector.bytes("bytes"))
        #expect(throws: ReconciliationError.self) { try Reconciliation.answer(bytes, over: LogIndex(), floor: 0) }
    }

    @Test("the document has the vectors that these tests are for")
    func present() {
        #expect(Self.document.vectors(kind: "fingerprint").count >= 3)
        #expect(Self.document.vectors(kind: "reconciliation").count >= 5)
        #expect(Self.document.vectors(kind: "reconciliation-refused").count >= 7)
    }
}
