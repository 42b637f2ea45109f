import Foundation
import TestKit
import Testing

/// The kind of terminal that `TERM` names decides which output it receives.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(2)))
struct TerminalKindTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func start(term: String?, arguments: [String] = []) throws -> TerminalProcess {
        try TerminalProcess(
            ["--name", "ana", "--state", place.path(of: "ana"), "--no-multicast", "--port", "0"] + arguments,
            environment: ["TERM": term, "NO_COLOR": nil])
    }

    @Test(
        "a terminal without escape codes gets plain lines and edits its own input",
        arguments: ["dumb", "", nil, "unknown"])
    func plain(term: String?) throws {
        let chat = try start(term: term)
        try chat.wait(for: "you are ana")
        #expect(!chat.isRaw)
        chat.type("hello\n")
        try chat.wait(for: "<ana> hello")
        chat.type("/nick a b\n")
        try chat.wait(for: "usage: /nick NAME")
        chat.type("/quit\n")
        #expect(chat.exitStatus() == 0)
        #expect(!chat.shown.contains("\u{1B}"), "\(chat.shown.debugDescription)")
    }

    @Test("without --name, the name is requested in plain text on a plain terminal")
    func question() throws {
        let chat = try TerminalProcess(
            ["--state", place.path(of: "zoe"), "--no-multicast", "--port", "0"], environment: ["TERM": "dumb"])
        try chat.wait(for: "Name")
        chat.type("zoe\n")
        try chat.wait(for: "you are zoe")
        chat.type("/quit\n")
        #expect(chat.exitStatus() == 0)
        #expect(!chat.shown.contains("\u{1B}"), "\(chat.shown.debugDescription)")
    }

    @Test("another terminal gets an input line, and is restored afterwards")
    func drawn() throws {
        let chat = try start(term: "xterm")
        try chat.wait(for: "you are ana")
        try chat.wait(for: "ana> ")
        #expect(chat.isRaw && chat.shown.contains("\u{1B}[?2004h"))
        chat.type("/quit\r")
        #expect(chat.exitStatus() == 0)
        #expect(!chat.isRaw)
    }
}
