import Foundation
import TestKit
import Testing

/// The mistakes of the classic chat servers for `nc` and telnet, tested on the relay's plain text room. The numbers are
/// those of the list of their common faults.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct OlderFaultTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func start(_ arguments: [String] = [], listen: String = "127.0.0.1:0", text: String = "127.0.0.1:0") throws
        -> RelayProcess
    {
        try RelayProcess(["--state", place.path(of: "relay"), "--listen", listen, "--text", text] + arguments)
    }

    /// Returns the text of a person's lines, without the name.
    private func said(_ visitor: Visitor, by name: String) -> [String] {
        visitor.lines.filter { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    @Test("1: twenty quick sends are twenty lines, a line in pieces is one line")
    func boundaries() throws {
        let relay = try start()
        let port = try relay.guestPort()
        let (ana, bea) = (try Visitor(port: port, as: "ana"), try Visitor(port: port, as: "bea"))
        ana.send(Array((0..<20).map { "line \($0)\n" }.joined().utf8))
        let long = String(repeating: "long ", count: 600)
        for byte in Array("\(long)end\r\n".utf8).chunked(by: 100) { ana.send(byte) }
        try bea.wait("21 lines") { said(bea, by: "ana").count >= 21 ? () : nil }
        #expect(said(bea, by: "ana") == (0..<20).map { "line \($0)" } + [long + "end"])
    }

    @Test("2: lines of many who talk at once are never mixed")
    func torn() throws {
        let relay = try start(["--rate", "1000", "--burst", "1000"])
        let port = try relay.guestPort()
        let guests = try (0..<8).map { try Visitor(port: port, as: "guest\($0)") }
        for round in 0..<40 {
            for (index, guest) in guests.enumerated() { guest.type("round \(round) of \(index) " + "héllo") }
        }
        for (index, guest) in guests.enumerated() {
            try guest.wait("all lines") {
                guest.lines.filter { $0.contains("round 39") }.count == guests.count - 1 ? () : nil
            }
            for (other, _) in guests.enumerated() where other != index {
                #expect(said(guest, by: "guest\(other)") == (0..<40).map { "round \($0) of \(other) héllo" })
            }
        }
    }

    @Test("3, 6: nobody can talk in another's name or without one, and no word is a command to the server")
    func forged() throws {
        let relay = try start()
        let port = try relay.guestPort()
        let ana = try Visitor(port: port, as: "ana")
        let nobody = try Visitor(port: port)
        nobody.type("ana: forged!")
        _ = try nobody.line(containing: "No: a name cannot contain")
        let mallory = try Visitor(port: port, as: "KICKer")
        for text in ["ana: hello", "NICK", "KICK ana", "\u{1B}[2Jclear"] { mallory.type(text) }
        _ = try ana.line(containing: "clear")
        #expect(said(ana, by: "KICKer") == ["ana: hello", "NICK", "KICK ana", "\u{241B}[2Jclear"])
        #expect(!ana.lines.contains { $0.contains("forged") })
        #expect(said(ana, by: "ana").isEmpty)
    }

    @Test("5, 9: names are unique, in any alphabet and any case")
    func names() throws {
        let relay = try start()
        let port = try relay.guestPort()
        let first = try Visitor(port: port, as: "Zoë")
        let second = try Visitor(port: port)
        second.type("ZOË")
        _ = try second.line(containing: "Username exists")
        second.type("名前")
        _ = try second.line(containing: "you are 名前")
        second.type("привет")
        #expect(try first.line(containing: "привет") == "名前: привет")
    }

    @Test("7, 8: a guest who is silent, leaves before giving a name, or gives none, delays nobody")
    func silent() throws {
        let relay = try start()
        let port = try relay.guestPort()
        let silent = try (0..<5).map { _ in try Visitor(port: port) }
        for index in 0..<20 {
            let visitor = try Visitor(port: port)
            if index.isMultiple(of: 2) { visitor.reset() }
        }
        let empty = try Visitor(port: port)
        empty.type("")
        _ = try empty.line(containing: "a name cannot be empty")
        empty.type("hello")
        _ = try empty.line(containing: "you are hello")
        #expect(silent.count == 5)
    }

    @Test("10, 15: a guest who leaves by /quit, reset or end of input is gone for everybody, and nothing spins")
    func leaving() throws {
        let relay = try start()
        let port = try relay.guestPort()
        let ana = try Visitor(port: port, as: "ana")
        let (quitter, resetter, ender) = (
            try Visitor(port: port, as: "quitter"), try Visitor(port: port, as: "resetter"),
            try Visitor(port: port, as: "ender")
        )
        quitter.type("/quit")
        try quitter.waitForEnd()
        resetter.reset()
        ender.endInput()
        for name in ["quitter", "resetter", "ender"] {
            _ = try ana.line(containing: "* \(name) left", within: 2)
        }
        let before = try relay.processorSeconds()
        #expect(!ana.read(within: 1))
        #expect(try relay.processorSeconds() - before < 0.1)
        ana.type("/who")
        _ = try ana.line(containing: "1 here: ana")
    }

    @Test("12: Ctrl-C stops the server immediately, and everybody is notified", arguments: [SIGINT, SIGTERM])
    func stopped(signal: Int32) throws {
        let relay = try start()
        let ana = try Visitor(port: try relay.guestPort(), as: "ana")
        let began = EarshotProcess.uptime()
        relay.signal(signal)
        _ = try ana.line(containing: "the relay is being stopped")
        try ana.waitForEnd()
        #expect(try relay.exitStatus() == 0)
        measured("relay stopped by signal \(signal)", EarshotProcess.uptime() - began)
        #expect(EarshotProcess.uptime() - began < 2 * Sanitizer.slowness)
    }

    @Test("12: a stopping server does not wait for a client that never reads, and sends the others all lines")
    func stoppedWithQueues() throws {
        let relay = try start(["--rate", "10000", "--burst", "10000", "--queue", "64M"])
        let port = try relay.guestPort()
        let (ana, bea) = (try Visitor(port: port, as: "ana"), try Visitor(port: port, as: "bea"))
        let stuck = try Visitor(port: port, as: "stuck")
        // More than the kernel buffers for one connection.
        let line = String(repeating: "x", count: 15_000)
        for index in 0..<1_000 {
            ana.type("\(index) \(line)")
            bea.read(within: 0)
        }
        try bea.wait("all lines", within: 60) { bea.lines.last?.hasPrefix("ana: 999 ") == true ? () : nil }
        #expect(said(bea, by: "ana").count == 1_000)
        let began = EarshotProcess.uptime()
        relay.signal(SIGTERM)
        _ = try bea.line(containing: "the relay is being stopped")
        #expect(try relay.exitStatus() == 0)
        measured("relay stopped with a reader that never reads", EarshotProcess.uptime() - began)
        #expect(EarshotProcess.uptime() - began < 5 * Sanitizer.slowness)
        _ = stuck
    }

    @Test("13: an immediate restart has the same ports, even after kill -9 with guests, and the room's history")
    func restart() throws {
        let first = try start()
        let (link, text) = (try first.linkPort(), try first.guestPort())
        let address = try first.address()
        let ana = try Visitor(port: text, as: "ana")
        let bea = try Visitor(port: text, as: "bea")
        bea.type("remember this")
        _ = try ana.line(containing: "remember this")
        first.signal(SIGKILL)
        _ = try first.exitStatus()
        let second = try start(listen: "127.0.0.1:\(link)", text: "127.0.0.1:\(text)")
        #expect(try second.address() == address)
        let again = try Visitor(port: try second.guestPort(), as: "ana")
        _ = try again.line(containing: "remember this")
        try ana.waitForEnd()
    }

    @Test("14: a client that never reads is disconnected, and the others miss nothing")
    func slowReader() throws {
        let relay = try start(["--rate", "10000", "--burst", "100000", "--queue", "64K"])
        let port = try relay.guestPort()
        let (ana, bea) = (try Visitor(port: port, as: "ana"), try Visitor(port: port, as: "bea"))
        let stuck = try Visitor(port: port, as: "stuck")
        let line = String(repeating: "x", count: 15_000)
        var count = 0
        while !bea.lines.contains("* stuck left"), count < 2_000 {
            ana.type("\(count) \(line)")
            count += 1
            let expected = "ana: \(count - 1) \(line)"
            try bea.wait("line \(count)") { bea.lines.contains(expected) ? () : nil }
        }
        #expect(bea.lines.contains("* stuck left"))
        #expect(said(bea, by: "ana").count == count)
        try relay.logged("does not read what it is sent")
        _ = stuck
    }

    @Test("16: history, private messages, /who and /quit work between guests and members")
    func together() throws {
        let relay = try start(["--name", "hub"])
        let member = try EarshotProcess(
            "ana", state: place.path(of: "ana"),
            arguments: ["--no-multicast", "--port", "0", "--relay", try relay.address()])
        _ = try member.first("the relay") { $0["event"] == "relay" && $0["state"] == "connected" }
        _ = try member.waitUntilReady()
        try member.send(["do": "say", "room": "lobby@hub", "text": "before you came"])
        _ = try member.message("before you came")
        let guest = try Visitor(port: try relay.guestPort(), as: "gus")
        #expect(try guest.line(containing: "before you came").contains(" UTC) ana: before"))
        _ = try guest.line(containing: "2 here: ana, gus")
        #expect(try member.joined("gus")["via"] == "relay")
        guest.type("/msg ana for you alone")
        let heard = try member.message("for you alone")
        #expect(heard.fields["private"] as? Bool == true && heard["from"] == "gus")
        try member.send(["do": "tell", "to": "gus@hub", "text": "and for you", "ref": 1])
        #expect(try guest.line(containing: "and for you") == "[ana to you] and for you")
        _ = try member.first("the receipt") { $0["state"] == "delivered" && $0.fields["ref"] as? Int == 1 }
        guest.type("/quit")
        try guest.waitForEnd()
        _ = try member.first("gus leaving") { $0["state"] == "left" && $0["name"] == "gus" }
    }

    @Test("a port in use, a foreign address and a state in use are one line of error each, and status 1")
    func inUse() throws {
        let first = try start()
        let port = try first.linkPort()
        for (arguments, text) in [
            (
                ["--state", place.path(of: "other"), "--listen", "127.0.0.1:\(port)"],
                "earshot: cannot listen on port \(port): already in use (try --listen 0.0.0.0:PORT)\n"
            ),
            (
                ["--state", place.path(of: "other"), "--listen", "192.0.2.1:5"],
                "earshot: cannot listen on 192.0.2.1:5: this machine does not have that address "
                    + "(try --listen 0.0.0.0:PORT)\n"
            ),
            (
                ["--state", place.path(of: "relay"), "--listen", "127.0.0.1:0"],
                "earshot: state directory \(place.path(of: "relay")) is in use by another earshot "
                    + "(start with another --state DIR, or stop that one)\n"
            ),
        ] {
            let relay = try RelayProcess(arguments)
            #expect(try relay.exitStatus() == 1)
            #expect(relay.log == text)
        }
    }

    @Test("SIGHUP applies valid settings and ignores invalid ones, and the metrics count the guests")
    func reload() throws {
        let file = place.path(of: "relay.conf")
        try "motd = first\nmax-guests = 1\n".write(toFile: file, atomically: true, encoding: .utf8)
        let relay = try start(["--config", file, "--metrics", "127.0.0.1:0"])
        let port = try relay.guestPort()
        let ana = try Visitor(port: port, as: "ana")
        _ = try ana.line(containing: "* first")
        try "motd = second\nmax-guests = many\n".write(toFile: file, atomically: true, encoding: .utf8)
        relay.signal(SIGHUP)
        try relay.logged("\(file):2: max-guests takes a number from 0 to 10000, not many")
        let late = try Visitor(port: port)
        _ = try late.line(containing: "no place for another guest")
        try "motd = third\nmax-guests = 5\nlog-format = json\n".write(toFile: file, atomically: true, encoding: .utf8)
        relay.signal(SIGHUP)
        try relay.logged("the configuration has been read again")
        let bea = try Visitor(port: port, as: "bea")
        _ = try bea.line(containing: "* third")
        try relay.logged(#""level":"info","text":"bea"#)

        let collector = try Visitor(port: try relay.metricsPort())
        collector.send(Array("GET /metrics HTTP/1.0\r\n\r\n".utf8))
        try collector.waitForEnd()
        #expect(collector.lines.first == "HTTP/1.0 200 OK")
        #expect(collector.lines.contains("earshot_relay_guests 2"))
        #expect(collector.lines.contains { $0.hasPrefix("process_resident_memory_bytes ") })
    }
}

extension Array {
    fileprivate func chunked(by size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
