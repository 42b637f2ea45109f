import CoreModel
import Testing
import Wire

@testable import Wording

@Suite("Typed lines as commands")
struct TypedLineTests {
    private func read(_ line: String, room: RoomName? = nil) -> TypedLine {
        TypedLine.read(line, room: room, names: ["Bea", "cy"])
    }

    static let commands: [(String, Command)] = [
        ("hello there ", .say(text: "hello there ", kind: .text, room: nil)),
        ("//who", .say(text: "/who", kind: .text, room: nil)),
        ("/me waves at cy", .say(text: "waves at cy", kind: .action, room: nil)),
        ("/all hi", .say(text: "hi", kind: .text, room: .everyLobby)),
        ("/who", .who),
        ("  /WHO  ", .who),
        ("/msg bea hi  there", .tell(to: "bea", text: "hi  there", kind: .text)),
        ("/m @bea hi", .tell(to: "bea", text: "hi", kind: .text)),
        ("/w bea@hub a\nb", .tell(to: "bea@hub", text: "a\nb", kind: .text)),
        ("/history", .history(room: nil, limit: 20)),
        ("/history 5", .history(room: nil, limit: 5)),
        ("/search tea cake", .search(words: "tea cake", limit: 50)),
        ("/nick Ána", .nick("Ána")),
        ("/away", .away("")),
        ("/away for tea", .away("for tea")),
        ("/back", .away(nil)),
        ("/block eve", .block("eve")),
        ("/block", .blocked),
        ("/ignore ", .blocked),
        ("/unblock @eve", .unblock("eve")),
        ("/op two words", .op(password: "two words")),
        ("/kick eve", .kick(name: "eve", reason: "")),
        ("/kick eve too loud", .kick(name: "eve", reason: "too loud")),
        ("/ban eve", .ban(name: "eve", reason: "")),
        ("/unban eve", .unban(name: "eve")),
        ("/bans", .bans),
        ("/q", .quit(afterReceipts: false)),
        ("/quit see you", .quit(afterReceipts: false)),
    ]

    @Test("commands are parsed as in IRC clients", arguments: commands)
    func command(line: String, command: Command) {
        #expect(read(line) == .command(command))
    }

    @Test("in a private conversation, text, actions and history refer to that conversation")
    func conversation() {
        let room = RoomName.conversation(with: "bea")
        #expect(read("hi", room: room) == .command(.tell(to: "bea", text: "hi", kind: .text)))
        #expect(read("/me nods", room: room) == .command(.tell(to: "bea", text: "nods", kind: .action)))
        #expect(read("/history 3", room: room) == .command(.history(room: room, limit: 3)))
        #expect(read("hi", room: .lobby) == .command(.say(text: "hi", kind: .text, room: .lobby)))
    }

    @Test("a room is entered by its name or by a person's name")
    func rooms() {
        #expect(read("/room") == .showRoom)
        #expect(read("/room lobby") == .enter(.lobby))
        #expect(read("/room lobby@hub") == .enter(.relayLobby(relay: "hub")))
        #expect(read("/room @dan") == .enter(.conversation(with: "dan")))
        #expect(read("/join bea") == .enter(.conversation(with: "Bea")))
        #expect(read("/room dan") == .misuse("no room dan: try lobby, or @NAME to talk to one person only"))
    }

    @Test("blank lines do nothing", arguments: ["", " ", "\t \n"])
    func blank(line: String) {
        #expect(read(line) == .nothing)
    }

    @Test(
        "a line that is not understood is answered with what to type, and nothing is sent",
        arguments: [
            ("/foo bar", "unknown command /foo (try /help)"),
            ("/", "unknown command / (try /help)"),
            ("/usr/bin/env", "unknown command /usr/bin/env (try /help)"),
            ("/msg bea", "usage: /msg NAME TEXT"),
            ("/msg", "usage: /msg NAME TEXT"),
            ("/msg @ hi", "usage: /msg NAME TEXT"),
            ("/me", "usage: /me TEXT"),
            ("/all", "usage: /all TEXT"),
            ("/nick a b", "usage: /nick NAME"),
            ("/nick", "usage: /nick NAME"),
            ("/history x", "usage: /history [N]"),
            ("/history 0", "usage: /history [N]"),
            ("/history 99999999999999999999", "usage: /history [N]"),
            ("/who is it", "usage: /who"),
            ("/room a b", "usage: /room [ROOM]"),
            ("/unblock", "usage: /unblock NAME"),
            ("/kick", "usage: /kick NAME [REASON]"),
            ("/search", "usage: /search WORDS"),
        ])
    func misuse(line: String, text: String) {
        #expect(read(line) == .misuse(text))
    }

    @Test("help lists every command and its aliases, and fits a narrow screen")
    func help() {
        let all = CommandHelp.text(about: nil)
        #expect(all.count <= 24)
        #expect(all.allSatisfy { $0.count <= 76 })
        for command in CommandHelp.all {
            let listed = command.isModeration ? CommandHelp.text(about: "op") : all
            #expect(listed.contains { $0.contains(command.usage) })
            for word in [command.name, command.name.uppercased()] + command.aliases {
                #expect(CommandHelp.text(about: word).first?.hasPrefix(command.usage) == true)
            }
            // Every command that is listed is recognised.
            let line = "/\(command.name) " + (command.arguments.hasPrefix("[") ? "" : "x x")
            #expect(read(line) != .misuse("unknown command /\(command.name) (try /help)"))
        }
        let names = CommandHelp.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        #expect(CommandHelp.text(about: "foo\u{1B}") == ["no command /foo␛ (try /help)"])
        #expect(CommandHelp.text(about: "/msg")[1] == "  also: /m /w /tell")
    }
}
