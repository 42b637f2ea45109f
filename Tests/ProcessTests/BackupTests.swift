import Foundation
import TestKit
import Testing

/// Backups made while processes run, then restored and used.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct BackupTests {
    private let place: TemporaryDirectory
    private var backup: String { place.path(of: "backup.db") }

    init() throws { place = try TemporaryDirectory() }

    /// Makes a new state directory from the identity of a former one and a backup.
    private func restored(from state: String, as file: String) throws -> String {
        let new = place.path(of: "restored")
        let files = FileManager.default
        try files.createDirectory(
            atPath: new, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try files.copyItem(atPath: state + "/identity", toPath: new + "/identity")
        try files.copyItem(atPath: backup, toPath: "\(new)/\(file)")
        return new
    }

    @Test("a backup of a running peer has all messages so far, and a chat continues with it")
    func peer() throws {
        let state = place.path(of: "ana")
        let arguments = ["--no-multicast", "--port", "0"]
        let ana = try EarshotProcess("ana", state: state, arguments: arguments)
        _ = try ana.waitUntilReady()
        for index in 0..<50 { try ana.say("line \(index)") }
        _ = try ana.message("line 49")
        let run = try ShellRun("$EARSHOT backup \(backup) --state \(state)")
        #expect(run.status == 0 && run.errors.contains("50 lines of 1 room"), "\(run.errors)")
        try ana.say("after it")
        _ = try ana.message("after it")

        let attributes = try FileManager.default.attributesOfItem(atPath: backup)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let new = try restored(from: state, as: "earshot.db")
        #expect(try Kept(of: "lobby", in: new).texts == (0..<50).map { "line \($0)" })
        ana.signal(SIGTERM)
        #expect(try ana.exitStatus() == 0)
        let again = try EarshotProcess("ana", state: new, arguments: arguments)
        _ = try again.waitUntilReady()
        try again.send(["do": "search", "words": "line 49"])
        let found = try again.first("what was found") { $0["event"] == "search" }
        #expect((found.fields["messages"] as? [Any])?.count == 1)
        try again.say("goes on")
        _ = try again.message("goes on")
        #expect(try Kept(of: "lobby", in: new).texts.count == 51)
    }

    @Test("a backup and an export of a running relay have its history and bans, and a relay continues with them")
    func relay() throws {
        let state = place.path(of: "hub")
        let password = try ShellRun("$EARSHOT relay passwd --state \(state) <<<secret")
        #expect(password.status == 0)
        func start(_ state: String) throws -> RelayProcess {
            try RelayProcess(["--state", state, "--listen", "127.0.0.1:0", "--text", "127.0.0.1:0"])
        }
        let relay = try start(state)
        let ana = try EarshotProcess(
            "ana", state: place.path(of: "ana"),
            arguments: ["--no-multicast", "--port", "0", "--relay", try relay.address()])
        _ = try ana.first("the relay") { $0["event"] == "relay" && $0["state"] == "connected" }
        for index in 0..<5 { try ana.send(["do": "say", "room": "lobby@relay", "text": "line \(index)"]) }
        try ana.send(["do": "op", "password": "secret"])
        try ana.send(["do": "ban", "name": "spam*", "reason": "enough"])
        try ana.send(["do": "bans"])
        _ = try ana.first("the ban") { $0["event"] == "bans" }
        let bob = try Visitor(port: try relay.guestPort(), as: "bob")
        _ = try bob.line(containing: "line 4")

        let run = try ShellRun("$EARSHOT relay backup \(backup) --state \(state)")
        #expect(run.status == 0 && run.errors.contains("5 lines of 1 room"), "\(run.errors)")
        for room in ["", "lobby"] {
            let export = try ShellRun("$EARSHOT export \(room) --state \(state)")
            #expect(export.status == 0, "\(export.errors)")
            #expect(export.output.split(separator: "\n").count == 5)
            #expect(export.output.contains(#""room":"lobby","private":false,"from":"ana""#), "\(export.output)")
        }
        let restarted = try start(try restored(from: state, as: "relay.db"))
        #expect(try restarted.address().suffix(64) == relay.address().suffix(64))
        let port = try restarted.guestPort()
        let cy = try Visitor(port: port, as: "cy")
        _ = try cy.line(containing: "line 4")
        let spammer = try Visitor(port: port)
        spammer.type("spammer")
        try spammer.waitForEnd()
        #expect(spammer.lines.contains { $0.contains("enough") }, "\(spammer.lines)")
    }

    @Test("a backup never overwrites a file, and leaves nothing behind if it fails")
    func refusals() throws {
        let state = place.path(of: "ana")
        #expect(try ShellRun("echo hello | $EARSHOT --name ana --state \(state) --no-multicast --port 0").status == 0)
        let archive = state + "/earshot.db"
        let before = try Data(contentsOf: URL(fileURLWithPath: archive))
        let over = try ShellRun("$EARSHOT backup \(archive) --state \(state)")
        #expect(over.status == 1 && over.errors.contains("already exists"), "\(over.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: archive)) == before)

        let nowhere = try ShellRun("$EARSHOT backup /dev/full/x --state \(state)")
        #expect(nowhere.status == 1 && nowhere.errors.contains("/dev/full/x"), "\(nowhere.errors)")
        // Enough for the files that SQLite needs besides the archive, too little for the copy.
        let large = try ShellRun("ulimit -f 33; $EARSHOT backup \(backup) --state \(state)")
        #expect(large.status == 1, "\(large.errors)")
        let left = try FileManager.default.contentsOfDirectory(atPath: place.path(of: ""))
        #expect(!left.contains { $0.hasPrefix("backup") }, "\(left)")

        let nobody = try ShellRun("$EARSHOT relay backup \(backup) --state \(state)")
        #expect(nobody.status == 1 && nobody.errors.contains("no relay has saved anything"), "\(nobody.errors)")
        #expect(try ShellRun("$EARSHOT backup --state \(state)").status == 2)
    }
}
