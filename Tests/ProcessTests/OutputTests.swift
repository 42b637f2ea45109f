import Foundation
import TestKit
import Testing

/// Output that cannot be written is reported, with status 1; only a reader that is gone is not a failure.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct OutputTests {
    private let place: TemporaryDirectory
    private var state: String { place.path(of: "state") }
    /// The arguments of a chat that no other peer can find.
    private var alone: String { "--name ana --state \(state) --no-multicast --port 0" }
    private let full = "earshot: cannot write to standard output: No space left on device"

    init() throws { place = try TemporaryDirectory() }

    /// Sends a message to the lobby.
    private func say(_ text: String) throws {
        let run = try ShellRun("echo '\(text)' | $EARSHOT \(alone)")
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(
        "failing to print a requested text is a failure",
        arguments: [
            "--help", "--version", "export --help", "relay --help", "relay --check", "relay passwd --print <<<secret",
            "relay --listen 127.0.0.1:0 --state $(mktemp -d)",
        ])
    func texts(command: String) throws {
        let run = try ShellRun("$EARSHOT \(command) >/dev/full")
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix(full), "\(run.errors)")
        let closed = try ShellRun("$EARSHOT \(command) >&-")
        #expect(closed.status == 1)
        #expect(closed.errors.contains("cannot write to standard output: Bad file descriptor"), "\(closed.errors)")
    }

    @Test("an export that cannot be written completely is a failure")
    func export() throws {
        for _ in 0..<5 { try say(String(repeating: "x", count: 12_000)) }
        #expect(try ShellRun("$EARSHOT export --state \(state)").status == 0)
        let run = try ShellRun("$EARSHOT export --state \(state) >/dev/full")
        #expect(run.status == 1 && run.errors.hasPrefix(full))
        // The limit is in blocks of 1,024 bytes: the files of SQLite fit, the complete output does not.
        let cut = try ShellRun("ulimit -f 40; $EARSHOT export --state \(state) >\(place.path(of: "cut"))")
        #expect(cut.status == 1)
        #expect(cut.errors.contains("File too large"), "\(cut.errors)")
    }

    @Test("a reader that is gone is not a failure")
    func reader() throws {
        try say("hello")
        // With SIGPIPE ignored, as some supervisors do, the write itself fails.
        let gone = "trap '' PIPE; exec 4> >(exec true); wait $!; "
        for command in ["export --state \(state)", "--help", "relay --help", "\(alone) --json"] {
            let run = try ShellRun(gone + open("") + "$EARSHOT \(command) <&3 >&4")
            #expect(run.status == 0 && run.errors.isEmpty, "\(command): \(run.errors)")
        }
    }

    /// Returns shell code that makes descriptor 3 an input with this line and without an end.
    private func open(_ line: String) -> String {
        let pipe = place.path(of: UUID().uuidString)
        return "mkfifo \(pipe); exec 3<>\(pipe); echo '\(line)' >&3; "
    }

    @Test(
        "a chat whose output cannot be written carries out its input, reports why, and fails",
        arguments: ["hello there", #"{"do":"say","text":"hello there"}"#])
    func chat(input: String) throws {
        let mode = input.hasPrefix("{") ? "--json" : ""
        for target in [">/dev/full", ">&-", "1</dev/null"] {
            let run = try ShellRun(open(input) + "$EARSHOT \(alone) \(mode) <&3 \(target)")
            #expect(run.status == 1, "\(target)")
            #expect(run.errors.hasPrefix("earshot: cannot write to standard output: "), "\(target): \(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
        #expect(try Kept(of: "lobby", in: state).texts == ["hello there", "hello there", "hello there"])
    }

    @Test("a descriptor that was closed at the start is not mistaken for a file that is opened later")
    func closed() throws {
        try say("hello")
        let run = try ShellRun(open("bye") + "$EARSHOT \(alone) <&3 >&- 2>&-")
        #expect(run.status == 1)
        #expect(try Kept(of: "lobby", in: state).texts == ["hello", "bye"])
        // The lock file, which is opened first, is empty.
        #expect(try Data(contentsOf: URL(fileURLWithPath: state + "/lock")).isEmpty)
    }

    @Test("an input that is closed or unreadable counts as none, and the chat continues")
    func input() throws {
        for source in ["<&-", "0>/dev/null"] {
            let run = try ShellRun("$EARSHOT \(alone) --json \(source) | grep -m 1 -o '\"event\":\"ready\"'")
            #expect(run.output == "\"event\":\"ready\"\n", "\(source): \(run.errors)")
        }
    }

    @Test("a chat ends with its input, however many commands arrived before its name was settled")
    func longInput() throws {
        let line = #"{"do":"say","text":"one of many"}"#
        let run = try ShellRun("yes '\(line)' | head -n 3000 | $EARSHOT \(alone) --json")
        #expect(run.status == 0)
        #expect(run.output.contains("too-fast") && run.output.contains("one of many"))
    }

    @Test("with the disk full for the output and for the archive, the chat exits")
    func bothFull() throws {
        try #require(Lan.obstacle == nil, "needs root")
        let disk = place.path(of: "disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        try Lan.run("mount -t tmpfs -o size=300k tmpfs \(disk)")
        defer { _ = try? Lan.run("umount \(disk)") }
        let line = #"{"do":"say","text":"a line of many"}"#
        let pipe = place.path(of: "pipe")
        let run = try ShellRun(
            "mkfifo \(pipe); exec 3<>\(pipe); yes '\(line)' | head -n 1500 >&3; "
                + "$EARSHOT --name ana --state \(disk)/state --no-multicast --port 0 --json <&3 >\(disk)/out")
        #expect(run.status == 1)
        #expect(run.errors.contains(full), "\(run.errors)")
    }

    @Test("a relay whose log cannot be written continues, reports it when it can, and fails in the end")
    func log() throws {
        let address = place.path(of: "address")
        let run = try ShellRun(
            "mkfifo \(address); $EARSHOT relay --listen 127.0.0.1:0 --state \(state) >\(address) 2>/dev/full & "
                + "read -r line <\(address); echo \"$line\"; kill -TERM $!; wait $!")
        #expect(run.output.hasPrefix("earshot://"))
        #expect(run.status == 1)
    }
}
