import CoreModel
import Testing
import Wire
import Wording

@testable import Terminal

@Suite("Events as a person sees them")
struct ShownEventTests {
    /// Returns the lines that the events lead to, without the prompt.
    private func lines(_ events: Event..., isQuiet: Bool = false, utcOffset: Int = 0) -> [String] {
        var person = Person(columns: 200, isQuiet: isQuiet, utcOffset: utcOffset, isSettled: true)
        for event in events { person.happens(event) }
        return Array(person.screen.lines.dropLast())
    }

    @Test("messages show their time, author and room; private ones are unmistakable")
    func messages() {
        let bea = RoomName.conversation(with: "bea")
        #expect(lines(Example.said("hi")) == ["04:10 <bea> hi"])
        #expect(lines(Example.said("hi", by: "ana", isOwn: true)) == ["04:10 <ana> hi"])
        #expect(lines(Example.said("waves", kind: .action)) == ["04:10 * bea waves"])
        #expect(lines(Example.said("psst", room: bea)) == ["04:10 [bea →] psst"])
        #expect(lines(Example.said("psst", by: "ana", room: bea, isOwn: true)) == ["04:10 [→ bea] psst"])
        #expect(lines(Example.said("nods", room: bea, kind: .action)) == ["04:10 [bea →] * bea nods"])
        #expect(lines(Example.said("hi", room: .relayLobby(relay: "hub"))) == ["04:10 lobby@hub <bea> hi"])
        #expect(lines(Example.said("hi", hasGap: true)) == ["04:10 <bea> ⋯ (an earlier message is missing) hi"])
    }

    @Test("times are local, and have a date unless they are of today")
    func times() {
        #expect(lines(Example.said("hi"), utcOffset: 5 * 3600 + 1800) == ["09:40 <bea> hi"])
        #expect(lines(Example.said("hi"), utcOffset: -5 * 3600) == ["23:10 <bea> hi"])
        let yesterday = WallTime(milliseconds: Person.now.milliseconds - 86_400_000)
        #expect(lines(Example.said("hi", time: yesterday, isHistory: true)) == ["20 Nov 04:10 <bea> hi"])
        #expect(lines(Example.said("hi", time: WallTime(milliseconds: .max)))[0].hasSuffix("23:59 <bea> hi"))
    }

    @Test("messages from an earlier gathering are marked, and the mark is explained")
    func earlier() {
        var message = Example.message("hi", isHistory: true)
        message.isEarlier = true
        #expect(lines(.message(message)) == ["04:10 ┊ <bea> hi"])
        #expect(
            lines(.history(room: .lobby, messages: [message, Example.message("ho", isHistory: true)])) == [
                "04:10 ┊ <bea> hi", "04:10 <bea> ho",
                "04:10 -- ┊ marks what was said before the people here now met; they do not have it",
            ])
    }

    @Test("nobody can fake another's line: further lines are indented, control characters are shown")
    func fakes() {
        #expect(
            lines(Example.said("hi\n04:11 <cy> I am bea\r\n\u{1B}[2Jx\u{202E}y"))
                == ["04:10 <bea> hi", "            04:11 <cy> I am bea", "            ␛[2Jx�y"])
        #expect(lines(.notice("one\ntwo\u{1B}")) == ["04:10 -- one⏎two␛"])
        #expect(
            lines(Example.peer(.joined, away: "tea\r\n04:10 -- cy left"))
                == ["04:10 -- bea is here, but away: tea⏎04:10 -- cy left"])
        #expect(lines(Example.said("hi", by: "b\u{1B}\n"))[0] == "04:10 <b␛⏎> hi")
    }

    @Test("pasted code and tables keep their shape: a tab advances to its next stop")
    func tabs() {
        #expect(
            lines(Example.said("func f() {\n\tif x {\n\t\treturn\n    \t}\n}"))
                == [
                    "04:10 <bea> func f() {", "                    if x {", "                            return",
                    "                    }", "            }",
                ])
        #expect(
            lines(Example.said("name\tage\n日本日本\t7\n1234567\t8\n12345678\t9"))
                == [
                    "04:10 <bea> name    age", "            日本日本        7", "            1234567 8",
                    "            12345678        9",
                ])
        // In the words of others within an event's line, a tab is a blank.
        #expect(lines(Example.peer(.joined, away: "at\ttea")) == ["04:10 -- bea is here, but away: at tea"])
    }

    @Test("a message of very many lines is cut, and says so")
    func manyLines() {
        let lines = lines(Example.said((1...1_000).map { "\($0)" }.joined(separator: "\n")))
        #expect(lines.count == Renderer.maximumLineCount + 1)
        #expect(lines.last == "            ⋯ (800 more lines)")
    }

    @Test("arrivals and departures are hidden if quiet; remarks are always shown")
    func peers() {
        let changes = [
            Example.peer(.joined), Example.peer(.renamed, "bee", was: "bea"), Example.peer(.away, "bee", away: "tea"),
            Example.peer(.back, "bee"), Example.peer(.left, "bee", remark: "a new key"),
        ]
        var loud = Person(columns: 100, isSettled: true)
        var quiet = Person(columns: 100, isQuiet: true, isSettled: true)
        for change in changes {
            loud.happens(change)
            quiet.happens(change)
        }
        #expect(
            loud.screen.lines.dropLast() == [
                "04:10 -- bea is here", "04:10 -- bea is now bee", "04:10 -- bee is away: tea", "04:10 -- bee is back",
                "04:10 -- bee left", "04:10 !! a new key",
            ])
        #expect(quiet.screen.lines.dropLast() == ["04:10 !! a new key"])
        let ready = Event.ready(name: "ana", id: Example.ana, port: 1)
        #expect(lines(ready).count == 1)
        #expect(lines(ready, isQuiet: true).isEmpty)
    }

    @Test("lookalike names are pointed out: others' with their event, ours with advice")
    func lookalikes() {
        let other = "аna looks like ana, your own name, but is somebody else"
        #expect(
            lines(Example.peer(.joined, "аna", remark: other)) == ["04:10 -- аna is here", "04:10 !! \(other)"])
        #expect(
            lines(Example.peer(.renamed, "аna", was: "bea", remark: other))
                == ["04:10 -- bea is now аna", "04:10 !! \(other)"])
        #expect(lines(Example.peer(.joined, "аna", remark: other), isQuiet: true) == ["04:10 !! \(other)"])
        let own = Event.name(
            .init(state: .claimed, name: "lan", wanted: "lan", remark: "lan looks like Ian, who is somebody else"))
        let remark = "04:10 !! lan looks like Ian, who is somebody else (/nick NAME to choose another)"
        #expect(lines(own) == ["04:10 -- you are now lan", remark])
        // `ready` announces the first claim, but not its remark.
        var person = Person(columns: 200)
        person.happens(own)
        #expect(person.screen.lines.dropLast() == [remark])
    }

    @Test("the peers that were here before us take one line, regardless of their number")
    func presenceSummary() {
        func greeting(_ names: [String]) -> String {
            var person = Person(columns: 200)
            for (number, name) in names.enumerated() {
                let peer = PeerID([UInt8](repeating: UInt8(number), count: 32))!
                person.happens(.peer(.init(state: .joined, peer: .init(name: name, id: peer))))
            }
            person.happens(.ready(name: "ana", id: Example.ana, port: 1))
            return person.screen.lines.dropLast().joined(separator: "|")
        }
        #expect(greeting(["bea"]) == "04:10 -- you are ana; bea is here (/help, /quit)")
        #expect(greeting(["cy", "bea", "di"]) == "04:10 -- you are ana; bea, cy and di are here (/help, /quit)")
        #expect(greeting((0..<40).map { "p\($0)" }) == "04:10 -- you are ana; 40 others are here (/who) (/help, /quit)")
    }

    @Test("an event from a relay about a peer on this network is not shown again")
    func atARelayToo() {
        func atRelay(_ state: Event.PeerChange.State, _ name: String, was: String? = nil) -> Event {
            .peer(.init(state: state, peer: .init(name: name, id: Example.bea, via: .relay, relay: "hub"), was: was))
        }
        #expect(
            lines(
                Example.peer(.joined), atRelay(.joined, "bea"), Example.peer(.renamed, "bee", was: "bea"),
                atRelay(.renamed, "bee", was: "bea"), atRelay(.left, "bee"), Example.peer(.left, "bee"),
                atRelay(.joined, "bee"))
                == [
                    "04:10 -- bea is here", "04:10 -- bea is now bee", "04:10 -- bee left", "04:10 -- bee@hub is here",
                ])
    }

    @Test("a text that mentions us stands out, one that merely contains the letters does not")
    func mentions() {
        for text in ["ana", "Ana: tea?", "is ANA here", "(ana)", "ask bea and ana."] {
            #expect(Mention.of("ana", in: text))
        }
        #expect(Mention.of("Straße", in: "so, STRASSE!") && Mention.of("οδυσσεύς", in: "ΟΔΥΣΣΕΎΣ?"))
        for text in ["banana", "ana-2 is here", "an a", "", "anna"] { #expect(!Mention.of("ana", in: text)) }
        #expect(Mention.of("ana-2", in: "so, ana-2!") && !Mention.of("", in: "x"))
        var person = Person(isSettled: true)
        person.happens(Example.said("hello ana"))
        person.happens(Example.said("hello bea"))
        #expect(person.screen.lines.prefix(2) == ["04:10 <bea> hello ana", "04:10 <bea> hello bea"])
        #expect(
            person.interface.renderer.lines(Example.message("hello ana"), isMention: true, now: Person.now)[0]
                .hasSuffix("\u{1B}[1mhello ana\u{1B}[0m"))
    }

    @Test("a name that is taken, lost or changed is announced, and the prompt shows it")
    func names() {
        var person = Person(columns: 100, isQuiet: true)
        person.happens(.name(.init(state: .claimed, name: "ana", wanted: "ana")))
        person.happens(.ready(name: "ana", id: Example.ana, port: 1))
        #expect(person.screen.lines == ["ana>"])
        person.happens(.name(.init(state: .taken, name: "ana-2", wanted: "ana")))
        person.happens(.name(.init(state: .claimed, name: "zoe", wanted: "zoe")))
        person.happens(.name(.init(state: .lost, name: "zoe-2", wanted: "zoe")))
        #expect(
            person.screen.lines == [
                "04:10 !! the name ana is taken here; you are ana-2 (/nick NAME to choose another)",
                "04:10 -- you are now zoe",
                "04:10 !! another zoe was here first; you are now zoe-2 (/nick NAME to choose another)", "zoe-2>",
            ])
    }

    @Test("a name that was taken before we arrived is announced with our new name")
    func namedOtherwise() {
        let start = [
            Event.name(.init(state: .claimed, name: "ana-2", wanted: "ana-2")),
            .ready(name: "ana-2", id: Example.ana, port: 1),
        ]
        var person = Person(columns: 100)
        for event in start { person.happens(event) }
        #expect(
            person.screen.lines == [
                "04:10 !! the name ana is taken here; you are ana-2 (/nick NAME to choose another)",
                "04:10 -- you are ana-2; others will appear here when they join (/help, /quit)", "ana-2>",
            ])
        #expect(
            lines(.name(.init(state: .taken, name: "ana", wanted: "ana")))
                == ["04:10 !! the name ana is taken here: start with another --name"])
    }

    @Test("a delivery is worth a line only when it has to wait")
    func deliveries() {
        let id = Example.entry
        #expect(
            lines(
                Example.peer(.joined), .delivery(id: id(1), to: Example.toBea, state: .queued),
                .delivery(id: id(1), to: Example.toBea, state: .delivered)) == ["04:10 -- bea is here"])
        #expect(
            lines(
                .delivery(id: id(1), to: Example.toBea, state: .queued),
                .delivery(id: id(2), to: Example.toBea, state: .queued),
                .delivery(id: id(1), to: Example.toBea, state: .delivered),
                .delivery(id: id(2), to: Example.toBea, state: .delivered),
                .delivery(id: id(2), to: Example.toBea, state: .delivered))
                == ["04:10 -- kept for bea, who is not here; sent when bea is back", "04:10 -- bea has what you sent"])
        #expect(
            lines(
                Example.peer(.joined), .delivery(id: id(1), to: Example.toBea, state: .queued), Example.peer(.left),
                Example.peer(.joined), .delivery(id: id(1), to: Example.toBea, state: .delivered))
                == [
                    "04:10 -- bea is here", "04:10 -- bea left",
                    "04:10 -- 1 message not yet delivered to bea: kept, and sent when bea is back",
                    "04:10 -- bea is here",
                    "04:10 -- bea has what you sent",
                ])
    }

    @Test("the people who are here are shown in columns")
    func who() throws {
        let address = try #require(Endpoint("192.0.2.1:47474"))
        #expect(lines(.who([])) == ["04:10 -- nobody else is within earshot yet"])
        #expect(
            lines(
                .who([
                    .init(name: "bea", id: Example.bea, address: address),
                    .init(name: "日本", id: Example.ana, via: .relay, isBlocked: true, away: "tea"),
                ])) == [
                    "04:10 -- 2 others within earshot:",
                    "  bea   lan    192.0.2.1:47474  bebebebe",
                    "  日本  relay  -                a1a1a1a1  blocked, away: tea",
                ])
    }

    @Test("history, search results, bans, relays and removals have their lines")
    func rest() {
        #expect(lines(.history(room: .lobby, messages: [])) == ["04:10 -- nothing has been said here yet"])
        let message = Example.message("tea", isHistory: true)
        #expect(lines(.history(room: .lobby, messages: [message])) == ["04:10 <bea> tea"])
        #expect(lines(.found(words: "te", messages: [message])) == ["04:10 <bea> tea", "04:10 -- 1 line for: te"])
        #expect(lines(.found(words: "x", messages: [])) == ["04:10 -- nothing found for: x"])
        #expect(lines(.bans([.init(name: "eve", reason: "noise")])) == ["04:10 -- banned: eve: noise"])
        #expect(lines(.bans([])) == ["04:10 -- nobody is banned"])
        #expect(lines(.blocked([])) == ["04:10 -- nobody is blocked"])
        #expect(
            lines(
                .blocked([
                    .init(name: "eve", id: Example.bea, isHere: true),
                    .init(name: "mal", id: Example.ana, isHere: false),
                ])) == ["04:10 -- blocked: eve (bebebebe), mal (a1a1a1a1, not here) (/unblock NAME)"])
        #expect(
            lines(.relay(state: .refused, address: "hub:1", reason: "full")) == ["04:10 -- relay hub:1 refused: full"])
        #expect(lines(.removed(by: "op", how: .kick, reason: "")) == ["04:10 !! you were removed by op"])
    }

    @Test("colours are used only where they are wanted, and a peer keeps its colour")
    func colours() {
        func bytes(isTerminal: Bool, isColoured: Bool) -> String {
            let interface = LineInterface(name: "ana", options: .init(isTerminal: isTerminal, isColoured: isColoured))
            interface.eventOccurred(Example.said("hi"), token: nil, at: Person.now)
            return String(decoding: interface.takeOutput(), as: UTF8.self)
        }
        let colour = Style.colour(of: Example.bea)
        #expect(bytes(isTerminal: true, isColoured: true).contains("\u{1B}[38;5;\(colour)mbea\u{1B}[0m"))
        #expect(!bytes(isTerminal: true, isColoured: false).contains("\u{1B}[38"))
        #expect(bytes(isTerminal: false, isColoured: true) == "04:10 <bea> hi\n")
        let colours = Set((UInt8(0)...255).map { Style.colour(of: PeerID(Array(repeating: $0, count: 32))!) })
        #expect(colours.count == 12)
    }
}
