import TestKit
import Testing
import Wire

@Suite("The nicknames of Protocol.md")
struct NicknameVectorTests {
    // Tests cannot begin without the document.
    static let document = try! ProtocolDocument.load()

    private static func text(_ vector: ProtocolVector, _ key: String) throws -> String {
        try #require(String(validating: try vector.requireBytes(key), as: UTF8.self))
    }

    @Test("names are normalised and folded as in the document", arguments: document.vectors(kind: "nickname"))
    func accepted(vector: ProtocolVector) throws {
        let nickname = try Nickname(try Self.text(vector, "typed"))
        #expect(Array(nickname.text.utf8) == (try vector.requireBytes("text")))
        #expect(Array(nickname.folded.utf8) == (try vector.requireBytes("folded")))
    }

    @Test("what is no name in the document is none here", arguments: document.vectors(kind: "nickname-refused"))
    func refused(vector: ProtocolVector) throws {
        let typed = try Self.text(vector, "typed")
        #expect(throws: NicknameError.self) { try Nickname(typed) }
    }

    @Test("both lists are there")
    func listsAreThere() {
        #expect(Self.document.vectors(kind: "nickname").count >= 16)
        #expect(Self.document.vectors(kind: "nickname-refused").count >= 15)
    }
}
