import CoreModel
import TestKit
import Testing

@testable import Wording

@Suite("Text from others")
struct SafeTextTests {
    private static let obeyed: [ClosedRange<UInt32>] = [
        0...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x115F...0x1160, 0x200B...0x200B, 0x200E...0x200F,
        0x2028...0x202E, 0x2060...0x206F, 0x3164...0x3164, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xFFFE...0xFFFF,
        0xE0000...0xE00FF,
    ]

    /// Scalars of all planes in use, and some of each plane where nothing has been assigned.
    private static let scalars =
        Array(UInt32(0)...0x1FFFF) + Array(0xE0000...0xE0FFF)
        + Array(stride(from: UInt32(0x20000), through: 0x10FFFF, by: 251))

    @Test("no scalar passes that a terminal could obey or that nobody could see")
    func everyScalar() {
        for value in Self.scalars {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = SafeText.line("a" + String(Character(scalar)) + "b")
            let isReplaced = Self.obeyed.contains { $0.contains(value) }
            let scalars = shown.unicodeScalars
            if isReplaced {
                #expect(!scalars.contains(scalar), "U+\(String(value, radix: 16))")
                #expect(DisplayWidth.of(shown) == 3, "U+\(String(value, radix: 16))")
            } else if Self.isVisible(scalar) {
                #expect(scalars.contains(scalar), "U+\(String(value, radix: 16))")
            }
            #expect(
                !scalars.contains { other in Self.obeyed.contains { $0.contains(other.value) } },
                "U+\(String(value, radix: 16))")
        }
    }

    /// Letters, marks, digits, symbols and private-use scalars pass unchanged.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: !properties.isDefaultIgnorableCodePoint
        }
    }

    @Test("every single scalar takes one or two columns")
    func alone() {
        for value in Self.scalars {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let width = DisplayWidth.of(SafeText.line(String(Character(scalar))))
            #expect((1...2).contains(width), "U+\(String(value, radix: 16))")
        }
    }

    @Test("replaced characters stay visible")
    func visible() {
        #expect(SafeText.line("\u{1B}[31mred\u{7F}\u{0}\u{9B}\u{202E}x\t.") == "␛[31mred␡␀��x .")
        #expect(SafeText.line("a\nb\r\nc\rd") == "a⏎b⏎c␍d")
        #expect(SafeText.line("👩‍👩‍👧 é עברית हिन्दी 日本 ❤️") == "👩‍👩‍👧 é עברית हिन्दी 日本 ❤️")
    }

    @Test("marks are bounded, and never attach themselves to what precedes the text")
    func marks() {
        let shown = SafeText.line("a" + String(repeating: "\u{301}", count: 100) + "b")
        #expect(shown == "a" + String(repeating: "\u{301}", count: SafeText.maximumMarkCount) + "\u{FFFD}b")
        #expect(SafeText.line("\u{301}x") == "\u{25CC}\u{301}x")
        #expect(SafeText.line("\u{200D}") == "\u{25CC}\u{200D}")
        let chain = SafeText.line(String(repeating: "👩\u{200D}", count: 100) + "👩")
        #expect(chain.unicodeScalars.count <= SafeText.maximumScalarCount + 1)
    }

    @Test("a text has at least one line, and no blank ones at its end")
    func lines() {
        #expect(SafeText.lines("") == [""])
        #expect(SafeText.lines("a") == ["a"])
        #expect(SafeText.lines("a\r\n\nb\n\n") == ["a", "", "b"])
        #expect(SafeText.lines("\n\n") == [""])
        #expect(SafeText.lines("a\u{2028}b\u{85}c") == ["a�b�c"])
        #expect(SafeText.lines("\ta\tb\t\t\u{1B}\tc") == ["        a       b               ␛       c"])
    }
}

@Suite("Display width")
struct DisplayWidthTests {
    @Test(
        "characters take the columns that terminals give them",
        arguments: [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("한", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("ｱ", 1),
            ("Ａ", 2), ("。", 2),
            ("か\u{3099}", 2), ("👍", 2), ("👍🏽", 2), ("👩‍👩‍👧", 2), ("🇪🇺", 2), ("❤", 1), ("❤️", 2), ("1️⃣", 2), ("☺", 1), ("⌚", 2),
            ("नि", 2), ("ש\u{5C1}", 1), ("→", 1), ("⏎", 1), ("␛", 1), ("", 0), ("\u{200D}", 0), ("\u{20000}", 2),
            ("🀄", 2),
        ])
    func known(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test("the width of a text is the sum of the widths of its characters", arguments: 1...20)
    func sum(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let parts = ["a", "日", "e\u{301}", "👩‍👧", "한", "→", "❤️"]
        let text = (0..<50).map { _ in parts.randomElement(using: &generator)! }.joined()
        #expect(DisplayWidth.of(text) == text.reduce(0) { $0 + DisplayWidth.of($1) })
        #expect((50...100).contains(DisplayWidth.of(text)))
    }

    @Test("the table of wide ranges is in order")
    func order() {
        for (left, right) in zip(DisplayWidth.wide, DisplayWidth.wide.dropFirst()) {
            #expect(left.upperBound < right.lowerBound)
        }
    }
}
