import CoreModel
import Testing
import Wire
import Wording

@testable import Terminal

@Suite("Editing")
struct EditorTests {
    @Test("input decodes the same whole and byte by byte")
    func pieces() {
        let input =
            "héllo 日本\u{1B}[D\u{1B}[1;5D\u{1B}[3~x\u{1B}[200~a\r\nb\rc\u{1B}[20\u{1B}[201~\u{1B}OHé👩‍👧\u{1B}]0;t\u{07}!\r"
        var whole = Person()
        whole.type(input)
        var pieces = Person()
        for byte in input.utf8 { pieces.type([byte]) }
        let commands = whole.commands()
        #expect(commands == [.say(text: "é👩‍👧!héllo xa\nb\nc\u{1B}[20本", kind: .text, room: nil)])
        #expect(pieces.commands() == commands)
        #expect(pieces.screen.text == whole.screen.text)
    }

    @Test("cutting, pasting back and moving by words work as in a shell")
    func cutting() {
        var person = Person()
        person.type("one two three\u{17}\u{01}\u{19}")
        #expect(person.screen.text == ["ana> threeone two"])
        person.type("\u{1B}f\u{0B}")
        #expect(person.screen.text == ["ana> threeone"])
        person.type("\u{1B}b\u{04}\u{05}\u{19}\u{15}\u{19}!")
        #expect(person.screen.text == ["ana> hreeone two !"])
    }

    @Test("Up recalls typed lines, and Down returns to the half-typed line")
    func recall() {
        var person = Person()
        person.type("first\rsecond\rhalf")
        person.type("\u{1B}[A")
        #expect(person.screen.text == ["ana> second"])
        person.type("\u{1B}OA\u{1B}[A")
        #expect(person.screen.text == ["ana> first"])
        person.type("\u{0E}\u{0E}\u{0E}")
        #expect(person.screen.text == ["ana> half"])
        #expect(person.commands().count == 2)
    }

    @Test("Ctrl-C clears a line, which Up brings back, and quits on an empty one; Ctrl-D quits on an empty one")
    func leaving() {
        var person = Person()
        person.type("abc\u{03}")
        #expect(person.screen.text == ["ana>"])
        #expect(person.commands().isEmpty)
        person.type("\u{1B}[A\u{04}")
        #expect(person.screen.text == ["ana> abc"])
        #expect(person.commands().isEmpty)
        person.type("\u{03}\u{03}")
        #expect(person.commands() == [.quit(afterReceipts: false)])
        person.type("\u{04}")
        #expect(person.commands() == [.quit(afterReceipts: false)])
    }

    @Test("a pasted text of several lines is shown in one row and sent as one message")
    func paste() {
        var person = Person()
        person.type("\u{1B}[200~two\rlines\u{1B}[201~")
        #expect(person.screen.text == ["ana> two⏎lines"])
        #expect(person.commands().isEmpty)
        person.type("\r")
        #expect(person.commands() == [.say(text: "two\nlines", kind: .text, room: nil)])
    }

    @Test("Tab completes names and commands, each further Tab offers the next")
    func completion() {
        var person = Person()
        for (name, number) in [("bea", UInt8(1)), ("Bert", 2), ("cy", 3)] {
            let id = PeerID(Array(repeating: number, count: 32))!
            person.interface.eventOccurred(
                .peer(.init(state: .joined, peer: .init(name: name, id: id))), token: nil, at: Person.now)
        }
        func completed(_ typed: String) -> String {
            person.type("\u{05}\u{15}" + typed)
            return String(person.screen.text.last?.dropFirst(5) ?? "") + "|"
        }
        #expect(completed("c\t!") == "cy: !|")
        #expect(completed("hi c\t!") == "hi cy !|")
        #expect(completed("/msg c\t!") == "/msg cy !|")
        #expect(completed("/room @c\t!") == "/room @cy !|")
        #expect(completed("b\t!") == "Bert: !|")
        #expect(completed("b\t\t!") == "bea: !|")
        #expect(completed("b\t\t\t!") == "b!|")
        #expect(completed("b\t\t\t\t!") == "Bert: !|")
        #expect(completed("/his\t9") == "/history 9|")
        #expect(person.screen.bellCount == 0)
        #expect(completed("zz\t") == "zz|")
        #expect(completed("\t") == "|")
        #expect(person.screen.bellCount == 2)
    }

    @Test("random bytes never trap, and the resulting line is shown harmlessly", arguments: 1...20)
    func hostile(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        var person = Person(columns: 8 + dice.roll(40))
        for _ in 0..<300 {
            let favourites: [UInt8] = [
                0x1B, 0x5B, 0x7E, 0x33, 0x3B, 0x32, 0x30, 0xE2, 0x80, 0xAE, 0xCC, 0x81, 0x09, 0x7F,
            ]
            person.type(
                (0..<dice.roll(20)).map { _ in
                    dice.roll(2) == 0 ? UInt8(dice.roll(256)) : favourites[dice.roll(favourites.count)]
                })
        }
        #expect(person.screen.unknown.isEmpty)
    }

    @Test("endless sequences and pastes keep nothing")
    func endless() {
        var decoder = KeyDecoder()
        #expect(decoder.decode([0x1B, 0x5B] + Array(repeating: 0x30, count: 32)).isEmpty)
        #expect(decoder.decode(Array("00~a".utf8)) == [.text("0~a")])
        #expect(decoder.decode([0x1B, 0x5D] + Array(repeating: 0x30, count: 4097)).isEmpty)
        #expect(decoder.decode(Array("a".utf8)) == [.text("a")])
        let paste = Array("\u{1B}[200~".utf8) + Array(repeating: 0x61, count: 100_000) + Array("\u{1B}[201~".utf8)
        #expect(decoder.decode(paste) == [.paste(String(repeating: "a", count: KeyDecoder.maximumPasteBytes))])
        var person = Person()
        person.type(paste)
        person.type("more")
        #expect(person.interface.editor.text.utf8.count == LineEditor.maximumBytes)
        #expect(person.screen.bellCount == 1)
    }
}
