import Foundation
import TestKit
import Testing

/// `earshot relay passwd` in front of a person.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct PasswordPromptTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    /// A terminal with a program on it.
    private final class Terminal {
        let controller: CInt
        let process = Process()
        private(set) var shown = ""

        init(_ arguments: [String]) throws {
            controller = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            // What unlockpt and ptsname do: TIOCSPTLCK, TIOCGPTN.
            var (lock, number): (CInt, CInt) = (0, 0)
            try #require(ioctl(controller, 0x4004_5431, &lock) == 0 && ioctl(controller, 0x8004_5430, &number) == 0)
            let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            let handle = FileHandle(fileDescriptor: end, closeOnDealloc: true)
            process.executableURL = URL(fileURLWithPath: EarshotProcess.binary)
            process.arguments = arguments
            process.standardInput = handle
            process.standardOutput = handle
            process.standardError = handle
            try process.run()
        }

        deinit {
            if process.isRunning { process.terminate() }
            close(controller)
        }

        /// Waits until the program shows this and has turned the echo off.
        func wait(for text: String) throws {
            let end = EarshotProcess.uptime() + 10
            while !shown.contains(text) {
                var question = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
                let left = end - EarshotProcess.uptime()
                guard left > 0, poll(&question, 1, CInt(left * 1000)) > 0 else {
                    throw EarshotProcess.Missing(what: text, who: "passwd", seconds: 10, errors: shown, last: [])
                }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = read(controller, &buffer, buffer.count)
                guard count > 0 else { continue }
                shown += String(decoding: buffer[..<count], as: UTF8.self)
            }
        }

        /// The echo goes off before the question is shown, so nothing that is typed then is lost or seen.
        func type(_ text: String) { _ = write(controller, text, text.utf8.count) }

        func exitStatus() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    @Test("the password is asked for twice, never shown, and kept where only its owner can read it")
    func twice() throws {
        let state = place.path(of: "relay")
        let terminal = try Terminal(["relay", "passwd", "--state", state])
        try terminal.wait(for: "Password for operators: ")
        terminal.type("open sesame\n")
        try terminal.wait(for: "The same again: ")
        terminal.type("open sesame\n")
        try terminal.wait(for: "The password is kept in")
        #expect(terminal.exitStatus() == 0)
        #expect(!terminal.shown.contains("sesame"))
        let file = state + "/operator-password"
        let kept = try String(contentsOfFile: file, encoding: .utf8)
        #expect(kept.hasPrefix("$scrypt$") && !kept.contains("sesame"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("two that differ change nothing")
    func different() throws {
        let state = place.path(of: "relay")
        let terminal = try Terminal(["relay", "passwd", "--state", state])
        try terminal.wait(for: "Password for operators: ")
        terminal.type("one\n")
        try terminal.wait(for: "The same again: ")
        terminal.type("two\n")
        try terminal.wait(for: "nothing is changed")
        #expect(terminal.exitStatus() == 1)
        #expect(!FileManager.default.fileExists(atPath: state + "/operator-password"))
    }
}
