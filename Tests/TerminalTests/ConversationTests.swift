import CoreModel
import Testing
import Wire
import Wording

@testable import Terminal

@Suite("The destination of typed text")
struct ConversationTests {
    private let cy = PeerID(Array(repeating: 0xC1, count: 32))!
    private let other = PeerID(Array(repeating: 0xC2, count: 32))!
    private let taken = "cy has another key now: /room @cy to talk to this one"

    /// Enters a conversation, which the core allows.
    private func enter(_ name: String, _ peer: PeerID, _ person: inout Person) throws {
        person.type("/room @\(name)\r")
        let (command, token) = try #require(person.interface.nextCommand())
        #expect(command == .converse(with: name))
        person.happens(.conversation(.init(peer: peer, name: name)), token: token)
    }

    private func peer(_ state: Event.PeerChange.State, _ name: String, _ id: PeerID, relay: String? = nil) -> Event {
        .peer(.init(state: state, peer: .init(name: name, id: id, via: relay == nil ? .lan : .relay, relay: relay)))
    }

    @Test("a conversation is with a key: it stays with the first holder of a name when another takes it")
    func staysWithTheKey() throws {
        var person = Person(columns: 100, isSettled: true)
        person.happens(peer(.joined, "cy", cy))
        try enter("cy", cy, &person)
        #expect(person.screen.lines.last == "ana → cy>")
        #expect(
            person.screen.lines.contains("04:10 -- what you type now goes to cy only (/room lobby for everyone again)"))
        person.happens(peer(.left, "cy", cy))
        person.happens(peer(.joined, "cy", other))
        person.happens(.conversation(.init(peer: cy, name: "cy#c1c1c1c1", was: "cy", remark: taken)))
        #expect(person.screen.lines.suffix(2) == ["04:10 !! \(taken)", "ana → cy#c1c1c1c1>"])
        person.type("hello?\r/me waits\r/history 3\r")
        let key = cy.description
        #expect(
            person.commands() == [
                .tell(to: key, text: "hello?", kind: .text), .tell(to: key, text: "waits", kind: .action),
                .history(room: .conversation(with: key), limit: 3),
            ])
        person.happens(peer(.joined, "cy-2", cy))
        person.happens(.conversation(.init(peer: cy, name: "cy-2", was: "cy#c1c1c1c1")))
        #expect(
            person.screen.lines.suffix(2) == [
                "04:10 -- what you type goes to cy-2 only (/room lobby for everyone again)", "ana → cy-2>",
            ])
        person.happens(.conversation(.init(peer: other, name: "nobody's business", was: "cy")))
        #expect(person.screen.lines.last == "ana → cy-2>")
        person.type("/room lobby\rhey\r")
        #expect(person.commands() == [.converse(with: nil), .say(text: "hey", kind: .text, room: .lobby)])
        #expect(person.screen.lines.last == "ana>")
    }

    @Test("text is addressed by name until the core has resolved it; if it cannot, nothing has changed")
    func asking() throws {
        var person = Person(columns: 100, isSettled: true)
        person.type("/room @nobdy\rsecret\r")
        #expect(person.screen.lines.last == "ana → nobdy>")
        let token = try #require(person.interface.nextCommand()?.token)
        let second = try #require(person.interface.nextCommand())
        #expect(second.command == .tell(to: "nobdy", text: "secret", kind: .text))
        person.happens(.failed(.init(.noSuchPeer, "nobody is called nobdy")), token: token)
        #expect(person.screen.lines.suffix(2) == ["04:10 !! nobody is called nobdy", "ana> /room @nobdy"])
        // A late answer has no effect.
        person.happens(.conversation(.init(peer: cy, name: "nobdy")), token: token)
        #expect(person.screen.lines.last == "ana> /room @nobdy")
    }

    @Test("plain input that was meant for one person is never sent to everybody")
    func plainLines() throws {
        let interface = LineInterface(name: "ana", options: .init(isTerminal: false))
        interface.inputReceived(Array("/room @nobdy\n".utf8), at: Person.now)
        let token = try #require(interface.nextCommand()?.token)
        interface.eventOccurred(.failed(.init(.noSuchPeer, "nobody")), token: token, at: Person.now)
        interface.inputReceived(Array("secret\n".utf8), at: Person.now)
        #expect(interface.nextCommand()?.command == .tell(to: "nobdy", text: "secret", kind: .text))
        interface.inputReceived(Array("/room lobby\nhello\n".utf8), at: Person.now)
        #expect(interface.nextCommand()?.command == .converse(with: nil))
        #expect(interface.nextCommand()?.command == .say(text: "hello", kind: .text, room: .lobby))
    }

    @Test("a pending message waits for the key, whichever peer of that name arrives or leaves")
    func deliveries() {
        var person = Person(columns: 100, isSettled: true)
        let id = Example.entry
        person.happens(peer(.joined, "cy", cy))
        person.happens(.delivery(id: id(1), to: .init(name: "cy", id: cy), state: .queued))
        person.happens(peer(.joined, "cy", other, relay: "hub"))
        person.happens(peer(.left, "cy", other, relay: "hub"))
        #expect(!person.screen.lines.contains { $0.contains("not yet delivered") })
        person.happens(peer(.left, "cy", cy))
        person.happens(peer(.joined, "cy", other))
        person.happens(.delivery(id: id(2), to: .init(name: "cy#c1c1c1c1", id: cy), state: .queued))
        person.happens(.delivery(id: id(2), to: .init(name: "cy-2", id: cy), state: .delivered))
        person.happens(.delivery(id: id(1), to: .init(name: "cy-2", id: cy), state: .delivered))
        #expect(
            person.screen.lines.filter { $0.contains("not yet") || $0.contains("has what") || $0.contains("kept") } == [
                "04:10 -- 1 message not yet delivered to cy: kept, and sent when cy is back",
                "04:10 -- cy-2 has what you sent",
            ])
    }

    @Test("Tab offers names that mean one person only")
    func offers() {
        var person = Person(columns: 100, isSettled: true)
        person.happens(peer(.joined, "cy", cy))
        person.happens(peer(.joined, "cy", cy, relay: "den"))
        #expect(person.interface.roster.names == ["cy"])
        person.happens(peer(.joined, "cy", other, relay: "hub"))
        #expect(person.interface.roster.names == ["cy", "cy@den", "cy@hub"])
        person.happens(peer(.left, "cy", other, relay: "hub"))
        #expect(person.interface.roster.names == ["cy"])
    }

    @Test("a remark stands out")
    func remark() {
        var person = Person(columns: 100, isSettled: true)
        person.happens(.remark("not the same key as the cy of before", about: other))
        #expect(person.screen.lines.first == "04:10 !! not the same key as the cy of before")
    }

    @Test("mass arrivals and departures take one line each; a remark about one of them is still shown")
    func presenceSummary() {
        var person = Person(columns: 100, isSettled: true)
        func gathered(_ state: Event.PeerChange.State, _ number: Int, remark: String? = nil) -> Event {
            let id = PeerID(Array(repeating: UInt8(number), count: 32))!
            let summary = Event.PeerSummary(name: "p\(number)", id: id, via: .relay, relay: "hub")
            return .peer(.init(state: state, peer: summary, remark: remark, isSummarised: true))
        }
        for number in 0..<40 { person.happens(gathered(.joined, number, remark: number == 7 ? "a new key" : nil)) }
        person.happens(.presenceSummary(.init(relay: "hub", arrived: (0..<40).map { "p\($0)" }, departed: [])))
        #expect(
            person.screen.lines.dropLast() == ["04:10 !! a new key", "04:10 -- 40 others are here at hub (/who)"])
        #expect(person.interface.roster.names.count == 40)
        for number in 0..<40 { person.happens(gathered(.left, number)) }
        person.happens(.presenceSummary(.init(relay: nil, arrived: ["bea", "cy"], departed: ["di"])))
        #expect(
            person.screen.lines.dropLast().suffix(2) == ["04:10 -- di left", "04:10 -- bea and cy are here"])
        var quiet = Person(columns: 100, isQuiet: true, isSettled: true)
        quiet.happens(.presenceSummary(.init(relay: "hub", arrived: ["bea"], departed: ["cy"])))
        #expect(quiet.screen.lines == ["ana>"])
    }
}
