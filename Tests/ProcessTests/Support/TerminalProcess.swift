import Foundation
import Testing

/// A program on a terminal.
final class TerminalProcess {
    private let controller: CInt
    private let terminal: FileHandle
    private let process = Process()
    private(set) var shown = ""

    /// Starts a program.
    /// - Parameter environment: Variables to set, or (nil) to unset, besides those of the tests.
    init(_ arguments: [String], environment: [String: String?] = [:]) throws {
        controller = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // The ioctls of unlockpt and ptsname: TIOCSPTLCK, TIOCGPTN.
        var (lock, number): (CInt, CInt) = (0, 0)
        try #require(ioctl(controller, 0x4004_5431, &lock) == 0 && ioctl(controller, 0x8004_5430, &number) == 0)
        let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        terminal = FileHandle(fileDescriptor: end, closeOnDealloc: true)
        process.executableURL = URL(fileURLWithPath: EarshotProcess.binary)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
        close(controller)
    }

    /// Whether keys are delivered one by one, without an echo.
    var isRaw: Bool {
        var mode = termios()
        return tcgetattr(terminal.fileDescriptor, &mode) == 0 && mode.c_lflag & tcflag_t(ICANON | ECHO) == 0
    }

    /// Waits until the program has displayed this text.
    func wait(for text: String, within seconds: Double = 10) throws {
        let end = EarshotProcess.uptime() + seconds * Sanitizer.slowness
        while !shown.contains(text) {
            var question = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
            let left = end - EarshotProcess.uptime()
            guard left > 0, poll(&question, 1, CInt(left * 1000)) > 0 else {
                throw EarshotProcess.Missing(what: text, who: "the program", seconds: seconds, errors: shown, last: [])
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(controller, &buffer, buffer.count)
            guard count > 0 else { continue }
            shown += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    func type(_ text: String) { _ = write(controller, text, text.utf8.count) }

    func exitStatus() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }
}
