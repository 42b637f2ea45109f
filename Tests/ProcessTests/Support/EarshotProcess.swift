import Foundation

/// One `earshot --json` process: commands in, events out, each with its time of arrival.
final class EarshotProcess: @unchecked Sendable {  // All state is behind `condition`.
    struct Event: @unchecked Sendable {  // A JSON object is not changed after it was read.
        /// The machine's uptime in seconds.
        let time: Double
        let fields: [String: Any]

        subscript(_ name: String) -> String? { fields[name] as? String }
    }

    let name: String
    let startedAt: Double
    private let process = Process()
    private let input = Pipe()
    private let condition = NSCondition()
    private var pending: [UInt8] = []
    private var received: [Event] = []
    private var errorText = ""
    private var hasEnded = false

    /// The program under test: the one that `swift test` has built, or the one that `EARSHOT_BINARY` names.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["EARSHOT_BINARY"] { return path }
        var directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = directory.appendingPathComponent("earshot")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate.path }
            directory.deleteLastPathComponent()
        }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent(".build/debug/earshot").path
    }()

    /// Starts a process.
    /// - Parameters:
    ///   - state: The state directory; a fresh one for a new identity.
    ///   - namespace: The network namespace to run in; nil for this one.
    init(_ name: String, state: String, namespace: String? = nil, arguments: [String] = []) throws {
        self.name = name
        var command = [Self.binary, "--json", "--name", name, "--state", state] + arguments
        if let namespace { command = ["ip", "netns", "exec", namespace] + command }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        startedAt = Self.uptime()
        try process.run()
        output.read { [weak self] in self?.outputReceived($0) }
        errors.read { [weak self] in self?.errorsReceived($0) }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    static func uptime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Input

    func send(_ command: [String: Any]) throws {
        var line = try JSONSerialization.data(withJSONObject: command)
        line.append(10)
        try withoutBrokenPipe { try input.fileHandleForWriting.write(contentsOf: line) }
    }

    /// Turns a process that is gone into an error, rather than the end of the tests.
    private func withoutBrokenPipe(_ body: () throws -> Void) throws {
        var (pipe, former) = (sigset_t(), sigset_t())
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, &former)
        defer {
            var now = timespec()
            // The signal is directed at the thread that wrote, so it is ours alone.
            while sigtimedwait(&pipe, nil, &now) == SIGPIPE {}
            pthread_sigmask(SIG_SETMASK, &former, nil)
        }
        try body()
    }

    func say(_ text: String) throws { try send(["do": "say", "text": text]) }

    func endInput() throws { try input.fileHandleForWriting.close() }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    var processID: Int32 { process.processIdentifier }

    // MARK: Output

    var events: [Event] {
        condition.lock()
        defer { condition.unlock() }
        return received
    }

    /// Waits for an event that matches, starting at index `after`.
    func first(
        after: Int = 0, within seconds: Double = 10, _ what: String, where matches: (Event) -> Bool
    ) throws -> Event {
        let end = Date().addingTimeInterval(seconds * Sanitizer.slowness)
        condition.lock()
        defer { condition.unlock() }
        var next = after
        while true {
            while next < received.count {
                if matches(received[next]) { return received[next] }
                next += 1
            }
            if hasEnded || !condition.wait(until: end) {
                throw Missing(
                    what: what, who: name, seconds: seconds, errors: errorText,
                    last: received.suffix(5).map { "\($0.fields)" })
            }
        }
    }

    struct Missing: Error, CustomStringConvertible {
        let what: String
        let who: String
        let seconds: Double
        let errors: String
        let last: [String]

        var description: String {
            "\(who) did not see \(what) within \(seconds) s; stderr: \(errors); last events: \(last)"
        }
    }

    func waitUntilReady(within seconds: Double = 30) throws -> Event {
        try first(within: seconds, "ready") { $0["event"] == "ready" }
    }

    func joined(_ other: String, after: Int = 0, within seconds: Double = 10) throws -> Event {
        try first(after: after, within: seconds, "\(other) joining") {
            $0["event"] == "peer" && $0["state"] == "joined" && $0["name"] == other
        }
    }

    func message(_ text: String, within seconds: Double = 10) throws -> Event {
        try first(within: seconds, "the message \(text)") { $0["event"] == "message" && $0["text"] == text }
    }

    /// Waits for the process to exit.
    /// - Returns: The exit status.
    func exitStatus(within seconds: Double = 10) throws -> Int32 {
        let end = Date().addingTimeInterval(seconds * Sanitizer.slowness)
        condition.lock()
        while !hasEnded {
            if !condition.wait(until: end) {
                condition.unlock()
                throw Missing(what: "its own end", who: name, seconds: seconds, errors: errorText, last: [])
            }
        }
        condition.unlock()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Whether it has exited, for whatever reason.
    var isOver: Bool {
        condition.lock()
        defer { condition.unlock() }
        return hasEnded
    }

    var standardError: String {
        condition.lock()
        defer { condition.unlock() }
        return errorText
    }

    // MARK: Reading

    private func outputReceived(_ data: Data) {
        let time = Self.uptime()
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        if data.isEmpty {
            hasEnded = true
            return
        }
        pending.append(contentsOf: data)
        while let end = pending.firstIndex(of: 10) {
            let line = Data(pending[..<end])
            pending.removeSubrange(...end)
            if let fields = try? JSONSerialization.jsonObject(with: line) as? [String: Any] {
                received.append(Event(time: time, fields: fields))
            }
        }
    }

    private func errorsReceived(_ data: Data) {
        condition.lock()
        errorText += String(decoding: data, as: UTF8.self)
        condition.unlock()
    }
}
