import Foundation

/// A shell script that has been run to its end; `$EARSHOT` in it is the program under test.
struct ShellRun {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a script.
    /// - Parameter limit: In seconds; a longer run is ended, with status 124.
    init(_ script: String, limit: Int = 30) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["\(Int(Double(limit) * Sanitizer.slowness))", "/bin/bash", "-c", script]
        process.environment = ProcessInfo.processInfo.environment.merging(["EARSHOT": EarshotProcess.binary]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Collected(), Collected())
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        self.output = output.text()
        self.errors = errors.text()
        process.waitUntilExit()
        status = process.terminationStatus
    }

    /// The data that arrives through a pipe until its end.
    private final class Collected: @unchecked Sendable {  // All state is behind `condition`.
        let pipe = Pipe()
        private let condition = NSCondition()
        private var bytes = Data()
        private var hasEnded = false

        init() {
            pipe.read { [self] data in
                condition.lock()
                bytes += data
                hasEnded = data.isEmpty
                condition.broadcast()
                condition.unlock()
            }
        }

        func text() -> String {
            condition.lock()
            defer { condition.unlock() }
            while !hasEnded { condition.wait() }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
