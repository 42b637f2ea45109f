import Foundation
import TestKit
import Testing

/// `earshot relay passwd` on a terminal.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(1)))
struct PasswordPromptTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    @Test("the password is requested twice, never shown, and stored where only its owner can read it")
    func twice() throws {
        let state = place.path(of: "relay")
        let terminal = try TerminalProcess(["relay", "passwd", "--state", state])
        try terminal.wait(for: "Password for operators: ")
        terminal.type("open sesame\n")
        try terminal.wait(for: "Repeat the password: ")
        terminal.type("open sesame\n")
        try terminal.wait(for: "The password is stored in")
        #expect(terminal.exitStatus() == 0)
        #expect(!terminal.shown.contains("sesame"))
        let file = state + "/operator-password"
        let kept = try String(contentsOfFile: file, encoding: .utf8)
        #expect(kept.hasPrefix("$scrypt$") && !kept.contains("sesame"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("two different passwords change nothing")
    func different() throws {
        let state = place.path(of: "relay")
        let terminal = try TerminalProcess(["relay", "passwd", "--state", state])
        try terminal.wait(for: "Password for operators: ")
        terminal.type("one\n")
        try terminal.wait(for: "Repeat the password: ")
        terminal.type("two\n")
        try terminal.wait(for: "nothing is changed")
        #expect(terminal.exitStatus() == 1)
        #expect(!FileManager.default.fileExists(atPath: state + "/operator-password"))
    }
}
