import CoreModel
import Testing
import Wire
import Wording

@testable import Terminal

@Suite("Typing to the line interface")
struct TypingTests {
    @Test("a line that could not be sent comes back, or can be recalled if another is being typed")
    func putBack() throws {
        var person = Person(columns: 100)
        person.type("/msg bea hi\r")
        let token = try #require(person.interface.nextCommand()?.token)
        person.happens(.failed(.init(.noSuchPeer, "nobody is called bea")), token: token)
        #expect(person.screen.lines == ["04:10 !! nobody is called bea", "ana> /msg bea hi"])
        person.type("\r")
        let second = try #require(person.interface.nextCommand()?.token)
        person.type("next")
        person.happens(.failed(.init(.noSuchPeer, "nobody is called bea")), token: second)
        #expect(
            person.screen.lines.suffix(2) == [
                "04:10 !! nobody is called bea (Up brings back what you typed)", "ana> next",
            ])
        person.type("\u{1B}[A")
        #expect(person.screen.text.last == "ana> /msg bea hi")
        person.happens(.failed(.init(.noSuchPeer, "nobody is called bea")), token: nil)
        #expect(person.screen.text.last == "ana> /msg bea hi")
    }

    @Test("an unknown command is reported, sends nothing and can be corrected")
    func unknown() {
        var person = Person()
        person.type("/mgs bea hi\r")
        #expect(person.commands().isEmpty)
        #expect(person.screen.lines == ["04:10 !! unknown command /mgs (try /help)", "ana> /mgs bea hi"])
    }

    @Test("without a terminal, input and output are plain lines, and the end of input sends pending messages and quits")
    func plain() {
        let interface = LineInterface(name: "ana", options: .init(isTerminal: false))
        for byte in "hél".utf8 { interface.inputReceived([byte], at: Person.now) }
        interface.inputReceived(Array("lo\r\n\n/who\n/foo\n\u{1B}[A last".utf8), at: Person.now)
        interface.eventOccurred(Example.said("hi\nho\u{1B}"), token: nil, at: Person.now)
        interface.sizeChanged(columns: 10)
        interface.inputEnded()
        interface.inputEnded()
        var commands: [Command] = []
        while let next = interface.nextCommand() { commands.append(next.command) }
        #expect(
            commands == [
                .say(text: "héllo", kind: .text, room: nil), .who,
                .say(text: "\u{1B}[A last", kind: .text, room: nil), .quit(afterReceipts: true),
            ])
        #expect(
            String(decoding: interface.takeOutput(), as: UTF8.self)
                == "04:10 !! unknown command /foo (try /help)\n04:10 <bea> hi\n            ho␛\n")
        #expect(interface.leave().isEmpty)
    }

    @Test("the name prompt offers the login name, and repeats until a name can be used")
    func namePrompt() {
        func complaint(_ name: String) -> String? { name.contains(" ") ? "a name has no blanks" : nil }
        let prompt = NamePrompt(offer: "ana", complaint: complaint)
        #expect(prompt.prompt == "Name [ana]: ")
        #expect(prompt.answer("\n") == .name("ana"))
        #expect(prompt.answer("  bea \n") == .name("bea"))
        #expect(prompt.answer("b a") == .again("a name has no blanks"))
        for offer in [nil, "", "a b"] {
            let prompt = NamePrompt(offer: offer, complaint: complaint)
            #expect(prompt.prompt == "Name: ")
            #expect(prompt.answer(" ") == .again("type the name that you want to use"))
        }
    }
}
