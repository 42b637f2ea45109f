import TestKit
import Testing
import Wire

@Suite("The nicknames of Protocol.md")
struct NicknameVectorTests {
    // Without the document there is nothing to test.
    static let document = try! ProtocolDocument.load()

    private static func text(_ vector: ProtocolVector, _ key: String) throws -> String {
        try #require(String(validating: try vector.requireBytes(key), as: UTF8.self))
    }

    @Test("names are normalized and folded as in the document", arguments: document.vectors(kind: "nickname"))
    func accepted(vector: ProtocolVector) throws {
        let nickname = try Nickname(try Self.text(vector, "typed"))
        #expect(Array(nickname.text.utf8) == (try vector.requireBytes("text")))
        #expect(Array(nickname.folded.utf8) == (try vector.requireBytes("folded")))
    }

    @Test("texts that the document rejects are not names", arguments: document.vectors(kind: "nickname-refused"))
    func refused(vector: ProtocolVector) throws {
        let typed = try Self.text(vector, "typed")
        #expect(throws: NicknameError.self) { try Nickname(typed) }
    }

    @Test("the code ignores the same characters by default as the document")
    func defaultIgnorable() throws {
        let vector = try #require(Self.document.vector(kind: "default-ignorable", name: "unicode-15.0"))
        var listed: Set<UInt32> = []
        for range in vector.texts("range") {
            let ends = range.split(separator: " ").compactMap { UInt32($0, radix: 16) }
            try #require(ends.count == 2 && ends[0] <= ends[1], "\(range)")
            listed.formUnion(ends[0]...ends[1])
        }
        let found = (UInt32(0)...0x10FFFF).filter {
            Unicode.Scalar($0)?.properties.isDefaultIgnorableCodePoint ?? false
        }
        #expect(Set(found) == listed)
        // All are rejected except the emoji variation selector.
        for value in listed where value != 0xFE0F {
            let scalar = try #require(Unicode.Scalar(value))
            #expect(throws: NicknameError.self) { try Nickname("a\(scalar)b") }
        }
        #expect(try Nickname("a\u{FE0F}b").folded == "ab")
    }

    @Test("names that the document allows can be chosen", arguments: document.vectors(kind: "nickname-chosen"))
    func chosen(vector: ProtocolVector) throws {
        let typed = try Self.text(vector, "typed")
        #expect(Array(try Nickname(choosing: typed).text.utf8) == Array(try Nickname(typed).text.utf8))
    }

    @Test(
        "a name that the document does not let peers choose cannot be chosen, but is a valid name",
        arguments: document.vectors(kind: "nickname-chosen-refused"))
    func notChosen(vector: ProtocolVector) throws {
        let typed = try Self.text(vector, "typed")
        #expect(throws: NicknameError.self) { try Nickname(choosing: typed) }
        _ = try Nickname(typed)
    }

    @Test("skeletons are as in the document", arguments: document.vectors(kind: "skeleton"))
    func skeletons(vector: ProtocolVector) throws {
        let name = try Nickname(try Self.text(vector, "typed"))
        #expect(Array(name.skeleton.utf8) == (try vector.requireBytes("shown")))
        #expect(Array(name.foldedSkeleton.utf8) == (try vector.requireBytes("folded")))
    }

    @Test("names look alike as in the document, in either order")
    func lookalikes() throws {
        for (kind, isAlike) in [("lookalike", true), ("no-lookalike", false)] {
            for vector in Self.document.vectors(kind: kind) {
                let one = try Nickname(try Self.text(vector, "one"))
                let other = try Nickname(try Self.text(vector, "other"))
                #expect(one.looksLike(other) == isAlike, "\(vector)")
                #expect(other.looksLike(one) == isAlike, "\(vector)")
            }
        }
    }

    @Test("the document contains all lists")
    func listsAreThere() {
        #expect(Self.document.vectors(kind: "nickname").count >= 16)
        #expect(Self.document.vectors(kind: "nickname-refused").count >= 15)
        #expect(Self.document.vectors(kind: "nickname-chosen").count >= 12)
        #expect(Self.document.vectors(kind: "nickname-chosen-refused").count >= 25)
        #expect(Self.document.vectors(kind: "skeleton").count >= 16)
        #expect(Self.document.vectors(kind: "lookalike").count >= 16)
        #expect(Self.document.vectors(kind: "no-lookalike").count >= 8)
    }
}
