import Testing
import Wire

@Suite struct NicknameTests {
    @Test(
        "names that compare as equal",
        arguments: [
            ("ana", "ANA"), ("ana", "ＡＮＡ"), ("ﬁlip", "FILIP"), ("Straße", "STRASSE"), ("e\u{301}lan", "\u{C9}LAN"),
            ("Ωmega", "\u{2126}mega"), ("σοφος", "ΣΟΦΟΣ"), ("σοφος", "σοφοσ"), ("한글", "\u{1112}\u{1161}\u{11AB}글"),
            ("a\u{323}\u{307}b", "a\u{307}\u{323}b"), ("x²", "x2"), ("ı", "I"), ("❤\u{FE0F}", "❤"),
            ("ﷺ".prefix(0) + "ana", "ana"),
        ] as [(String, String)])
    func same(pair: (String, String)) throws {
        #expect(try Nickname(pair.0) == Nickname(pair.1))
        #expect(try Nickname(pair.0).folded == Nickname(pair.1).folded)
    }

    @Test("names that compare as different", arguments: [("ana", "anna"), ("ana", "ana-2"), ("а", "a"), ("o", "ø")])
    func different(pair: (String, String)) throws {
        #expect(try Nickname(pair.0) != Nickname(pair.1))
    }

    @Test(
        "texts that are not names are rejected, each for its reason",
        arguments: [
            ("", .empty), ("a b", .forbidden(" ")), ("a@b", .forbidden("@")), ("#a", .forbidden("#")),
            ("a/b", .forbidden("/")), ("a\u{1B}[2J", .forbidden("\u{1B}")), ("a\u{202E}b", .forbidden("\u{202E}")),
            ("a\u{200B}b", .forbidden("\u{200B}")), ("a\u{A0}b", .forbidden(" ")), ("a¨", .forbidden(" ")),
            ("\u{3164}", .forbidden("\u{1160}")), ("a\u{AD}", .forbidden("\u{AD}")), ("a\nb", .forbidden("\n")),
            (String(repeating: "a", count: 33), .tooLong(bytes: 33)), ("ﷺ", .forbidden(" ")),
            (String(repeating: "a", count: 5000), .tooLong(bytes: 5000)), ("＠", .forbidden("@")),
        ] as [(String, NicknameError)])
    func refused(text: String, error: NicknameError) {
        #expect(throws: error) { try Nickname(text) }
        #expect("\(error)".contains(":"))
    }

    @Test("the text is normalized and keeps its case")
    func shown() throws {
        #expect(try Nickname("Ａna").text == "Ana")
        #expect(try Nickname("e\u{301}").text.unicodeScalars.count == 1)
        #expect(try Nickname(String(repeating: "a", count: 32)).text.utf8.count == 32)
    }

    @Test("a number at the end is incremented, and the name stays within 32 bytes")
    func numbered() throws {
        #expect(try Nickname("ana").numbered(2).text == "ana-2")
        #expect(try Nickname("ana-2").numbered(3).text == "ana-3")
        #expect(try Nickname("ana-x").numbered(2).text == "ana-x-2")
        #expect(try Nickname("-2").numbered(3).text == "-2-3")
        #expect(try Nickname("r2-d2").numbered(2).text == "r2-d2-2")
        let long = try Nickname(String(repeating: "é", count: 16)).numbered(12)
        #expect(long.text.utf8.count <= 32 && long.text.hasSuffix("é-12"))
        let next = [("ana", 2), ("ana-2", 3), ("a-9", 10), ("ana-x", 2), ("-2", 2), ("ana-02", 2), ("ana-1234567", 2)]
        for (name, number) in next { #expect(try Nickname(name).nextNumber == number) }
    }
}
