import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Plain text guests")
struct GuestTerminalTests {
    private func lines(_ bytes: [UInt8]) -> [GuestTerminal.Line] {
        var terminal = GuestTerminal()
        return terminal.receive(bytes)
    }

    private func texts(_ text: String) -> [GuestTerminal.Line] { lines(Array(text.utf8)) }

    @Test("lines end with any line ending of nc, telnet and old clients")
    func ends() {
        #expect(texts("a\nb\r\nc\r\0d\re\n") == ["a", "b", "c", "d", "e"].map { .text($0) })
        #expect(texts("\n\r\n") == [.text(""), .text("")])
        #expect(texts("half") == [])
    }

    @Test("twenty lines in one piece are twenty lines, and one line in twenty pieces is one")
    func pieces() {
        let text = (0..<20).map { "line \($0) é 😀\r\n" }.joined()
        let expected = (0..<20).map { GuestTerminal.Line.text("line \($0) é 😀") }
        #expect(texts(text) == expected)
        var terminal = GuestTerminal()
        var received: [GuestTerminal.Line] = []
        for byte in text.utf8 { received += terminal.receive([byte]) }
        #expect(received == expected)
    }

    @Test("broken UTF-8 is repaired")
    func repair() {
        #expect(lines([0x61, 0xC3, 0x0A]) == [.text("a\u{FFFD}")])
        #expect(lines([0xC0, 0x80, 0x62, 0x0A]) == [.text("\u{FFFD}\u{FFFD}b")])
    }

    @Test("a line that is too long is dropped as a whole, and the next one is read")
    func tooLong() {
        let long = [UInt8](repeating: 0x61, count: GuestTerminal.lineBytes)
        #expect(lines(long + [0x0A]) == [.text(String(decoding: long, as: UTF8.self))])
        #expect(lines(long + long + [0x62, 0x0A, 0x63, 0x0A]) == [.tooLong, .text("c")])
    }

    @Test("telnet commands are skipped")
    func telnet() {
        let options: [UInt8] = [255, 253, 1, 255, 250, 31, 0, 80, 255, 255, 0, 24, 255, 240, 255, 244]
        #expect(lines(options + Array("hi\r\n".utf8)) == [.text("hi")])
        #expect(lines(Array("h".utf8) + options + Array("i\r\0".utf8)) == [.text("hi")])
        // A command that never ends: nothing is a line any more, and nothing grows.
        #expect(lines([255, 250] + Array("hi\n".utf8)) == [])
    }

    @Test("any bytes give only lines within the bound, the same in one piece as byte by byte")
    func anyBytes() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            let alphabet: [UInt8] = [0, 10, 13, 240, 250, 251, 255, 0x61, 0xC3, 0xA9]
            let bytes = (0..<200).map { _ in alphabet.randomElement(using: &random)! }
            var terminal = GuestTerminal()
            let whole = terminal.receive(bytes)
            var other = GuestTerminal()
            let pieces = bytes.flatMap { other.receive([$0]) }
            #expect(whole == pieces)
        }
    }

    @Test("a text is shown as one harmless line, whatever it contains")
    func out() {
        for text in ["plain", "two\nlines", "a\r\nb", "\u{1B}[2J", "\u{202E}back", "\u{2028}", "\u{85}", "\u{9B}2J"] {
            let bytes = GuestTerminal.line(text)
            #expect(bytes.suffix(2) == [13, 10])
            let shown = String(decoding: bytes.dropLast(2), as: UTF8.self)
            let isHarmless = shown.unicodeScalars.allSatisfy { scalar in
                scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
            }
            #expect(isHarmless, "\(shown.debugDescription)")
        }
        #expect(GuestTerminal.line("é\t😀\u{200D}") == Array("é       😀\u{200D}\r\n".utf8))
        #expect(GuestTerminal.harmless("ana: \tif x\t\ty") == "ana:    if x            y")
        #expect(GuestTerminal.harmless("a\r\nb\nc") == "a⏎b⏎c")
    }

    @Test(
        "a line from a guest is a text or a command, never both",
        arguments: [
            ("hello", GuestRequest.say("hello")), ("  hello  ", .say("hello")), ("", .nothing), ("   ", .nothing),
            ("\u{2800}\u{3164}", .nothing), ("\u{200B}", .nothing),
            ("/msg bea \u{200B}", .mistake("to whom, and what? /msg NAME TEXT")),
            ("//kick me", .say("/kick me")), ("/who", .who), ("/WHO", .who), ("/quit now", .quit), ("/help", .help),
            ("/me waves", .act("waves")), ("/msg bea good morning", .tell(to: "bea", "good morning")),
            ("/msg  bea   hi", .tell(to: "bea", "hi")), ("/nick anna", .rename("anna")),
            ("/msg bea", .mistake("to whom, and what? /msg NAME TEXT")),
            ("/me", .mistake("what do you do? /me waves")), ("/nick", .mistake("which name? /nick NAME")),
            ("/kick", .mistake("there is no /kick (try /help); a text that begins with / is typed with two")),
            ("/", .mistake("there is no / (try /help); a text that begins with / is typed with two")),
            ("alice: hi", .say("alice: hi")), ("NICK", .say("NICK")),
        ])
    func requests(line: String, request: GuestRequest) {
        #expect(GuestRequest(line) == request)
    }

    @Test("a text made only of tabs hardly grows")
    func tabs() {
        #expect(GuestTerminal.harmless("a\tb") == "a       b")
        let shown = GuestTerminal.harmless(String(repeating: "\t", count: 16_384) + "x")
        #expect(shown.utf8.count < 16_384 + 1_000)
    }
}
