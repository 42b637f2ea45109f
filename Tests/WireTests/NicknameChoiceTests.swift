import Testing

@testable import Wire

@Suite("Choosing a name")
struct NicknameChoiceTests {
    @Test(
        "a name that cannot be chosen is rejected with its reason, but accepted from other peers",
        arguments: [
            ("*", "a name cannot be *, because that means every lobby: take another"),
            ("Lobby", "a name cannot be lobby, because that means everybody here: take another"),
            ("ＡＬＬ", "a name cannot be all, because that means everybody: take another"),
            (".", "a name cannot be ., because that means a directory: take another"),
            ("..", "a name cannot be .., because that means a directory: take another"),
            (
                "-rf",
                "a name cannot begin with -, because it would be read as an option: begin with a letter or digit"
            ),
            (
                "аna",
                "a name cannot mix Latin and Cyrillic letters, because it could pass for another: use one script"
            ),
            (
                "Αna",
                "a name cannot mix Latin and Greek letters, because it could pass for another: use one script"
            ),
            (
                "αна",
                "a name cannot mix Greek and Cyrillic letters, because it could pass for another: use one script"
            ),
            (
                "\u{2800}",
                "a name cannot contain U+2800, because it is invisible: use letters, digits, - and _"
            ),
            (
                "ana\u{1D159}",
                "a name cannot contain U+1D159, because it is invisible: use letters, digits, - and _"
            ),
            (
                "\u{301}\u{308}",
                "a name cannot begin with U+0301, because it is a combining mark: "
                    + "begin with a letter or digit"
            ),
        ])
    func refused(typed: String, reason: String) throws {
        let error = #expect(throws: NicknameError.self) { try Nickname(choosing: typed) }
        #expect(error?.description == reason)
        #expect(throws: Never.self) { try Nickname(typed) }
    }

    @Test("a text that is not a name cannot be chosen either, for the same reason")
    func refusedToAll() {
        for typed in [
            "", "a b", "a@b", "a\u{200B}", "\u{3164}", "\u{115F}a", "a\u{FFA0}", String(repeating: "a", count: 33),
        ] {
            let asHeard = #expect(throws: NicknameError.self) { try Nickname(typed) }
            let asChosen = #expect(throws: NicknameError.self) { try Nickname(choosing: typed) }
            #expect(asHeard == asChosen)
        }
    }

    @Test("invisible characters are rejected anywhere in a name")
    func blanks() throws {
        let blanks: [Unicode.Scalar] = try [
            "\u{2800}", "\u{303F}", "\u{FFFC}", "\u{13441}", "\u{13442}", "\u{16FE4}", "\u{1D159}",
            #require(Unicode.Scalar(0xFDD0)),
            #require(Unicode.Scalar(0x1FFFF)), "\u{2D7F}", "\u{1039}", "\u{17D2}", "\u{1107F}",
        ]
        for blank in blanks {
            #expect(throws: NicknameError.invisible(blank)) { try Nickname(choosing: "an\(blank)a") }
            #expect(throws: NicknameError.invisible(blank)) { try Nickname(choosing: "ana\(blank)") }
            #expect(throws: NicknameError.self) { try Nickname(choosing: "\(blank)") }
        }
        // Between letters of its script, a joiner is part of how they are written.
        #expect(throws: Never.self) { try Nickname(choosing: "မန္တလေး") }
        #expect(throws: NicknameError.invisible("\u{1039}")) { try Nickname(choosing: "မန\u{1039}") }
        #expect(throws: NicknameError.invisible("\u{1039}")) { try Nickname(choosing: "日\u{1039}本") }
    }

    @Test("a chosen name with a number appended can still be chosen")
    func numbered() throws {
        for typed in ["ana", "ana-2", "Жюль", "o-", String(repeating: "é", count: 16)] {
            let name = try Nickname(choosing: typed).numbered(7)
            #expect(try Nickname(choosing: name.text) == name)
        }
        // Peers with names from before the rule get their numbers too.
        #expect(try Nickname("lobby").numbered(2).text == "lobby-2")
        #expect(try Nickname("-x").numbered(2).text == "-x-2")
    }

    @Test("letters have a script; other characters have none")
    func scripts() {
        let scripts: [(String, LetterScript?)] = [
            ("aZéøßʒẞⱠꝏꟿ", .latin), ("αΩάϑἈῷͱϿ", .greek), ("жЁѣҀԯꙮꚛᲀ", .cyrillic),
            ("0-_.×÷ʼ\u{301}\u{483}", nil), ("שאب日あ한ⲁϣաᎠ", nil),
        ]
        for (text, script) in scripts {
            // As they occur in a name: normalization replaces some of these.
            for scalar in (try? Nickname(text))?.text.unicodeScalars ?? "".unicodeScalars {
                #expect(LetterScript(of: scalar) == script, "\(scalar)")
            }
        }
    }
}
