import CoreModel
import Testing
import Wire
import Wording

@testable import Terminal

@Suite("The line being typed, as seen on a screen")
struct PromptRowTests {
    @Test("an incoming line appears above the line being typed, which stays whole")
    func incoming() {
        var person = Person(isSettled: true)
        person.type("hel")
        person.happens(Example.said("hi all"))
        #expect(person.screen.text == ["04:10 <bea> hi all", "ana> hel"])
        #expect(person.screen.column == 8)
        person.type("lo")
        person.happens(Example.peer(.left))
        #expect(person.screen.text == ["04:10 <bea> hi all", "04:10 -- bea left", "ana> hello"])
        #expect(person.screen.column == 10)
        #expect(person.screen.isPasteMarked)
    }

    @Test("wide characters, combining marks and joined emoji keep the cursor in the right place")
    func wide() {
        var person = Person()
        person.type("日本語")
        #expect(person.screen.column == 5 + 6)
        person.type("\u{1B}[D")
        #expect(person.screen.column == 5 + 4)
        person.type("x")
        #expect(person.screen.text == ["ana> 日本x語"])
        person.type("\u{15}\u{0B}e")
        person.type("\u{301}")
        #expect(person.screen.column == 6)
        person.type("👩‍👩‍👧👍🏽")
        #expect(person.screen.text == ["ana> e\u{301}👩‍👩‍👧👍🏽"])
        #expect(person.screen.column == 6 + 4)
        person.type("\u{7F}")
        #expect(person.screen.text == ["ana> e\u{301}👩‍👩‍👧"])
        person.type("\u{7F}\u{7F}")
        #expect(person.screen.text == ["ana>"])
        #expect(person.screen.column == 5)
    }

    @Test("a line longer than the screen shows the part around the cursor, in one row", arguments: [12, 20, 33, 80])
    func long(columns: Int) {
        var person = Person(columns: columns)
        let words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        for character in words { person.type(String(character)) }
        #expect(person.screen.text.count == 1)
        #expect(person.screen.text[0].hasSuffix("een"))
        #expect(person.screen.text[0].contains("‹"))
        person.happens(Example.said("hi"))
        person.type("\u{01}")
        #expect(person.screen.lines.count == 2)
        #expect(person.screen.text.last?.hasPrefix("ana> one") == true)
        #expect(person.screen.text.last?.hasSuffix("›") == true)
        #expect(person.screen.column == 5)
    }

    @Test("after a change of the window's width, nothing of the old row is left over")
    func resized() {
        var person = Person(columns: 60)
        person.happens(Example.said("hi"))
        person.type("a line of some length that is being typed")
        for columns in [30, 12, 47, 9, 80] {
            person.resize(columns: columns)
            #expect(person.screen.lines.count == 2, "\(columns)")
            #expect(person.screen.lines.first == "04:10 <bea> hi")
        }
        #expect(person.screen.text.last == "ana> a line of some length that is being typed")
    }

    @Test("chat lines stay whole and the prompt is one row, whatever is typed and happens", arguments: 1...16)
    func anything(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        var person = Person(columns: 8 + dice.roll(60))
        var expected: [String] = []
        let keys = [
            "a", "b ", "日", "e\u{301}", "👩‍👧", "\u{1B}[D", "\u{1B}[D", "\u{1B}[C", "\u{1B}[A", "\u{1B}[B", "\u{01}",
            "\u{05}",
            "\u{17}", "\u{0B}", "\u{19}", "\u{7F}", "\u{1B}b", "\u{1B}f", "\t", "some words to fill the row ",
            "\u{1B}[3~",
            "\u{1B}[200~two\r\nlines\u{1B}[201~",
        ]
        for step in 0..<250 {
            switch dice.roll(12) {
            case 0:
                person.happens(Example.said("line \(step) 日本"))
                expected.append("04:10 <bea> line \(step) 日本")
            case 1: person.resize(columns: 8 + dice.roll(60))
            default: person.type(keys[dice.roll(keys.count)])
            }
            let lines = person.screen.lines
            #expect(Array(lines.dropLast()) == expected, "seed \(seed), step \(step)")
            #expect(person.screen.text.last?.contains(">") == true)
            // The text seen before the cursor is the text before it in the line.
            let editor = person.interface.editor
            if editor.cursor > 0, let before = editor.characters[..<editor.cursor].last {
                let shown = SafeText.shown(before)
                let cells = DisplayWidth.of(shown)
                #expect(person.screen.cell(beforeCursor: cells) == shown || shown == " ", "seed \(seed), step \(step)")
            }
            guard lines.dropLast() == expected[...] else { return }
        }
        #expect(person.screen.unknown.isEmpty)
    }

    @Test("Ctrl-L clears the screen and keeps the line")
    func redraw() {
        var person = Person()
        person.happens(Example.said("hi"))
        person.type("abc\u{0C}")
        #expect(person.screen.text == ["ana> abc"])
    }

    @Test("leaving restores the terminal")
    func leave() {
        var person = Person()
        person.type("half")
        person.screen.write(person.interface.leave())
        #expect(person.screen.text == [""])
        #expect(!person.screen.isPasteMarked)
        person.happens(.notice("still said"))
        #expect(person.screen.text == ["04:10 -- still said", ""])
    }
}
