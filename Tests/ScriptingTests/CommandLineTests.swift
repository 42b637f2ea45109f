import CoreModel
import JSON
import RelayCore
import Testing
import Wire
import Wording

@testable import Scripting

@Suite("Commands as JSON lines")
struct CommandLineTests {
    private func commands(_ interface: ScriptInterface) -> [Command] {
        var commands: [Command] = []
        while let next = interface.nextCommand() { commands.append(next.command) }
        return commands
    }

    private func read(_ line: String) -> (commands: [Command], output: String) {
        let interface = ScriptInterface(version: "1")
        interface.inputReceived((line + "\n").bytes, at: Example.time)
        return (commands(interface), String(decoding: interface.takeOutput(), as: UTF8.self))
    }

    static let golden: [(String, Command)] = [
        (#"{"do":"say","text":"hi"}"#, .say(text: "hi", kind: .text, room: nil)),
        (#"{"do":"say","text":"hi","room":"*"}"#, .say(text: "hi", kind: .text, room: .everyLobby)),
        (#"{"do":"say","text":"hi","room":null}"#, .say(text: "hi", kind: .text, room: nil)),
        (#"{"do":"say","text":"hi","room":"@bea"}"#, .say(text: "hi", kind: .text, room: .conversation(with: "bea"))),
        (#"{"do":"say","text":"waves","kind":"action"}"#, .say(text: "waves", kind: .action, room: nil)),
        (#"{"do":"tell","to":"bea@hub","text":"a\nb\u001b"}"#, .tell(to: "bea@hub", text: "a\nb\u{1B}", kind: .text)),
        (#"{"do":"who"}"#, .who),
        (#" { "do" : "history" } "#, .history(room: nil, limit: 20)),
        (#"{"do":"history","room":"lobby@hub","limit":5}"#, .history(room: .relayLobby(relay: "hub"), limit: 5)),
        (#"{"do":"search","words":"tea cake","limit":3}"#, .search(words: "tea cake", limit: 3)),
        (#"{"do":"nick","name":"Ána"}"#, .nick("Ána")),
        (#"{"do":"away"}"#, .away("")),
        (#"{"do":"away","text":"tea"}"#, .away("tea")),
        (#"{"do":"back"}"#, .away(nil)),
        (#"{"do":"block","name":"eve"}"#, .block("eve")),
        (#"{"do":"unblock","name":"eve"}"#, .unblock("eve")),
        (#"{"do":"blocked"}"#, .blocked),
        (#"{"do":"op","password":"secret"}"#, .op(password: "secret")),
        (#"{"do":"kick","name":"eve"}"#, .kick(name: "eve", reason: "")),
        (#"{"do":"ban","name":"eve","reason":"noise"}"#, .ban(name: "eve", reason: "noise")),
        (#"{"do":"unban","name":"eve"}"#, .unban(name: "eve")),
        (#"{"do":"bans"}"#, .bans),
        (#"{"do":"quit"}"#, .quit(afterReceipts: false)),
    ]

    @Test("every command is read as documented", arguments: golden)
    func everyCommand(line: String, command: Command) {
        let (commands, output) = read(line)
        #expect(commands == [command])
        #expect(output == "")
    }

    @Test(
        "a line that is not a command is answered with the reason, and the next line is read",
        arguments: [
            ("hello", "this is not JSON (at byte 0)"),
            ("{", "expected a name in double quotes (at byte 1)"),
            (#"{"do":"who"} x"#, "something follows the JSON value (at byte 13)"),
            (#"{"do":"who","do":"who"}"#, "a name occurs twice (at byte 16)"),
            (#"{"do":"\ud800"}"#, "half of a surrogate pair (at byte 13)"),
            ("[]", "a command must be a JSON object"),
            ("{}", "do is missing"),
            (#"{"do":1}"#, "do must be a string"),
            (#"{"do":"dance"}"#, "unknown command dance"),
            (#"{"do":"say"}"#, "text is missing"),
            (#"{"do":"tell","text":"hi"}"#, "to is missing"),
            (#"{"do":"say","text":"hi","room":"attic"}"#, "room must be lobby, lobby@RELAY, @NAME or *, not attic"),
            (#"{"do":"say","text":"hi","kind":"shout"}"#, "kind must be text or action"),
            (#"{"do":"history","limit":0}"#, "limit must be a whole number from 1 to 10000"),
            (#"{"do":"history","limit":1.5}"#, "limit must be a whole number from 1 to 10000"),
            // A misspelt field must not send a private text to the lobby.
            (#"{"do":"say","text":"psst","rooom":"@bea"}"#, "say has no field rooom: it takes text, room, kind"),
            (
                #"{"do":"tell","to":"bea","text":"hi","Kind":"action"}"#,
                "tell has no field Kind: it takes to, text, kind"
            ),
            (#"{"do":"search","words":"tea","room":"@bea"}"#, "search has no field room: it takes words, limit"),
            (#"{"do":"ban","name":"eve","time":"2h"}"#, "ban has no field time: it takes name, reason"),
            (#"{"do":"back","text":null}"#, "back has no field text: it takes none"),
            (#"{"do":"who","ref":[1]}"#, "ref must be a string, a number, true, false or null"),
        ])
    func refused(line: String, reason: String) {
        let (commands, output) = read(line + "\n" + #"{"do":"bans"}"#)
        #expect(commands == [.bans])
        #expect(output == #"{"event":"error","code":"bad-command","text":"\#(reason)"}"# + "\n")
    }

    @Test("every command accepts exactly the fields that it reads")
    func fields() {
        for (line, command) in Self.golden {
            let end = line.lastIndex(of: "}")!
            let more = line[..<end] + #","surplus":1}"#
            let (commands, output) = read(String(more))
            #expect(commands.isEmpty && output.contains("has no field surplus"), "\(command)")
            #expect(read(line[..<end] + #","ref":1}"#).commands == [command])
        }
        let long = read(#"{"do":"who","\#(String(repeating: "x", count: 10_000))":1}"#)
        #expect(long.output.utf8.count < 500)
    }

    @Test("a refused command's reference is in the answer")
    func refusedReference() {
        #expect(
            read(#"{"ref":"a","do":"dance"}"#).output
                == #"{"event":"error","ref":"a","code":"bad-command","text":"unknown command dance"}"# + "\n")
    }

    @Test("invalid UTF-8 and endless nesting are refused")
    func hostile() {
        let interface = ScriptInterface(version: "1")
        interface.inputReceived([0x22, 0xC0, 0xAF, 0x22, 0x0A], at: Example.time)
        interface.inputReceived(Array(repeating: UInt8(ascii: "["), count: 100_000) + [0x0A], at: Example.time)
        let lines = String(decoding: interface.takeOutput(), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains(#""code":"bad-command""#) })
        #expect(commands(interface).isEmpty)
    }

    @Test("a line that is too long is refused once, and the next one is read")
    func tooLong() {
        let interface = ScriptInterface(version: "1")
        let long = Array(repeating: UInt8(ascii: "x"), count: ScriptInterface.maximumLineBytes)
        interface.inputReceived(long + long, at: Example.time)
        interface.inputReceived(("x\n" + #"{"do":"who"}"# + "\n").bytes, at: Example.time)
        #expect(commands(interface) == [.who])
        #expect(
            String(decoding: interface.takeOutput(), as: UTF8.self)
                == #"{"event":"error","code":"bad-command","text":"a line is longer than 262144 bytes"}"# + "\n")
    }

    @Test("input reads the same whole and byte by byte; its end sends pending messages and quits")
    func pieces() {
        let input = Self.golden.map(\.0).joined(separator: "\r\n\n  \n")
        let whole = ScriptInterface(version: "1")
        whole.inputReceived(input.bytes, at: Example.time)
        let pieces = ScriptInterface(version: "1")
        for byte in input.bytes { pieces.inputReceived([byte], at: Example.time) }
        for interface in [whole, pieces] {
            interface.inputEnded()
            interface.inputEnded()
            #expect(commands(interface) == Self.golden.map(\.1) + [.quit(afterReceipts: true)])
        }
    }

    @Test(
        "a reference is returned as it was spelt until the last answer to its command",
        arguments: [
            "1", "-0.50e+3", "12345678901234567890123", #""a\"b""#, "true", "null",
        ])
    func references(ref: String) throws {
        let interface = ScriptInterface(version: "1")
        interface.inputReceived((#"{"do":"tell","to":"bea","text":"hi","ref":\#(ref)}"# + "\n").bytes, at: Example.time)
        let token = try #require(interface.nextCommand()?.token)
        func answer(_ state: Event.DeliveryState) -> String {
            interface.eventOccurred(
                .delivery(id: Example.entry, to: .init(name: "bea", id: Example.bea), state: state), token: token,
                at: Example.time)
            return String(decoding: interface.takeOutput(), as: UTF8.self)
        }
        #expect(answer(.queued).hasPrefix(#"{"event":"delivery","ref":\#(ref),"id""#))
        #expect(answer(.delivered).hasPrefix(#"{"event":"delivery","ref":\#(ref),"id""#))
        #expect(answer(.delivered).hasPrefix(#"{"event":"delivery","id""#))
    }

    @Test("a script gets an event for each arrival and departure, and no summary of them")
    func presenceSummary() {
        let interface = ScriptInterface(version: "1")
        interface.eventOccurred(
            .presenceSummary(.init(relay: "hub", arrived: ["bea"], departed: [])), token: nil, at: Example.time)
        #expect(interface.takeOutput().isEmpty)
        let bea = Event.PeerSummary(name: "bea", id: Example.bea)
        interface.eventOccurred(
            .peer(.init(state: .joined, peer: bea, isSummarised: true)), token: nil, at: Example.time)
        #expect(String(decoding: interface.takeOutput(), as: UTF8.self).hasPrefix(#"{"event":"peer","state":"joined""#))
    }

    @Test("references are bounded: the oldest is dropped first")
    func boundedReferences() {
        let interface = ScriptInterface(version: "1")
        var tokens: [CommandToken?] = []
        for number in 0...ScriptInterface.maximumRefCount {
            interface.inputReceived(#"{"do":"who","ref":\#(number)}"#.bytes + [0x0A], at: Example.time)
            tokens.append(interface.nextCommand()?.token)
        }
        interface.eventOccurred(.who([]), token: tokens[0], at: Example.time)
        interface.eventOccurred(.who([]), token: tokens[1], at: Example.time)
        #expect(
            String(decoding: interface.takeOutput(), as: UTF8.self)
                == #"{"event":"who","peers":[]}"# + "\n" + #"{"event":"who","ref":1,"peers":[]}"# + "\n")
    }

    @Test("a command without a reference carries no token")
    func noReference() throws {
        let interface = ScriptInterface(version: "1")
        interface.inputReceived((#"{"do":"who"}"# + "\n").bytes, at: Example.time)
        let next = try #require(interface.nextCommand())
        #expect(next.token == nil)
    }

    @Test("every mutated line is either read or refused, exactly once", arguments: 1...20)
    func mutated(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func roll(_ sides: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(sides))
        }
        let favourites = Array(#"{}[]",:\0-eu"#.utf8)
        let interface = ScriptInterface(version: "1")
        var answerCount = 0
        for _ in 0..<500 {
            var line = Array(Self.golden[roll(Self.golden.count)].0.utf8)
            for _ in 0...roll(3) {
                let place = roll(line.count)
                switch roll(3) {
                case 0: line[place] = UInt8(roll(256))
                case 1: line.insert(favourites[roll(favourites.count)], at: place)
                default: if line.count > 1 { line.remove(at: place) }
                }
            }
            // A newline turns one line into two.
            line.removeAll { $0 == 0x0A }
            interface.inputReceived(line + [0x0A], at: Example.time)
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            answerCount += isBlank ? 0 : 1
        }
        let refusalCount = interface.takeOutput().count { $0 == 0x0A }
        #expect(commands(interface).count + refusalCount == answerCount)
        #expect(refusalCount > 100)
    }
}
