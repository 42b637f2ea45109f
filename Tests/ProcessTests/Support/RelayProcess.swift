import Foundation

/// One `earshot relay` process: its address, the lines of its log, its exit.
final class RelayProcess: @unchecked Sendable {  // All state is behind `condition`.
    private let process = Process()
    private let condition = NSCondition()
    private var output = ""
    private var errors = ""
    private var openStreams = 2

    init(_ arguments: [String], namespace: String? = nil) throws {
        var command = [EarshotProcess.binary, "relay"] + arguments
        if let namespace { command = ["ip", "netns", "exec", namespace] + command }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        for isOutput in [true, false] {
            let pipe = Pipe()
            if isOutput { process.standardOutput = pipe } else { process.standardError = pipe }
            pipe.read { [weak self] in self?.received($0, isOutput: isOutput) }
        }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var processID: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    private func received(_ data: Data, isOutput: Bool) {
        condition.lock()
        let text = String(decoding: data, as: UTF8.self)
        if isOutput { output += text } else { errors += text }
        if data.isEmpty { openStreams -= 1 }
        condition.broadcast()
        condition.unlock()
    }

    private func wait<Result>(_ what: String, within seconds: Double = 10, for result: () -> Result?) throws -> Result {
        let end = Date().addingTimeInterval(seconds * Sanitizer.slowness)
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let found = result() { return found }
            guard openStreams > 0, condition.wait(until: end) else {
                if let found = result() { return found }
                throw EarshotProcess.Missing(
                    what: what, who: "the relay", seconds: seconds, errors: errors, last: [output])
            }
        }
    }

    /// Returns the address for `--relay`, as the relay prints it.
    func address() throws -> String {
        try wait("its address") { output.contains("\n") ? String(output.prefix { $0 != "\n" }) : nil }
    }

    /// The port of its links.
    func linkPort() throws -> UInt16 {
        let place = try address().prefix { $0 != "#" }
        return UInt16(place[place.index(after: place.lastIndex(of: ":")!)...])!
    }

    /// Returns the port that follows these words in the log.
    func port(behind words: String) throws -> UInt16 {
        try wait("a port behind \(words)") {
            guard let range = errors.range(of: words + " ") else { return nil }
            let digits = errors[range.upperBound...].prefix(while: \.isNumber)
            return errors[range.upperBound...].contains("\n") ? UInt16(digits) : nil
        }
    }

    func guestPort() throws -> UInt16 { try port(behind: "in plain text on port") }
    func metricsPort() throws -> UInt16 { try port(behind: "metrics are on port") }

    /// Waits for a line of the log.
    func logged(_ words: String, within seconds: Double = 10) throws {
        try wait("the line \(words)", within: seconds) { errors.contains(words) ? () : nil }
    }

    /// Whether it has exited, for whatever reason.
    var isOver: Bool {
        condition.lock()
        defer { condition.unlock() }
        return openStreams == 0
    }

    var log: String {
        condition.lock()
        defer { condition.unlock() }
        return errors
    }

    func exitStatus(within seconds: Double = 10) throws -> Int32 {
        try wait("its own end", within: seconds) { openStreams == 0 ? () : nil }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Returns the seconds of processor time so far.
    func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
        let fields = text[text.lastIndex(of: ")")!...].split(separator: " ")
        return (Double(fields[12])! + Double(fields[13])!) / Double(sysconf(CInt(_SC_CLK_TCK)))
    }
}

/// A guest's end of a connection, as `nc` makes it.
final class Visitor {
    private let number: CInt
    private var pending: [UInt8] = []
    private(set) var hasEnded = false
    /// The lines received, in order.
    private(set) var lines: [String] = []

    /// Connects to a port.
    /// - Parameter source: The address of this machine to connect from.
    init(port: UInt16, from source: String = "127.0.0.1") throws {
        number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let isBound = Self.with(source, 0) { bind(number, $0, $1) } == 0
        guard isBound, Self.with("127.0.0.1", port, { connect(number, $0, $1) }) == 0 else {
            throw Missing(what: "a connection to port \(port)", lines: [String(cString: strerror(errno))])
        }
    }

    private static func with(_ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt)
        -> CInt
    {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: inet_addr(host))
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Joins as a guest.
    convenience init(port: UInt16, as name: String) throws {
        try self.init(port: port)
        type(name)
        _ = try line(containing: "you are \(name)")
    }

    deinit { close(number) }

    struct Missing: Error, CustomStringConvertible {
        let what: String
        let lines: [String]
        var hasEnded = false
        var description: String {
            let last = lines.suffix(5).map { $0.prefix(200) }
            return "\(what) did not come\(hasEnded ? " before the end" : ""); last of \(lines.count) lines: \(last)"
        }
    }

    func type(_ line: String) { send(Array((line + "\n").utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends as many bytes as possible without blocking.
    func sendNow(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes {
            Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        }
    }

    /// Closes the sending direction, but continues to read.
    func endInput() { shutdown(number, CInt(SHUT_WR)) }

    /// Closes with a reset, as the machine of a killed program does.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        shutdown(number, CInt(SHUT_RDWR))
    }

    /// Reads the bytes that arrive within a time limit.
    /// - Returns: Whether there were any.
    @discardableResult
    func read(within seconds: Double) -> Bool {
        var question = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        guard poll(&question, 1, CInt(seconds * 1000)) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(number, &buffer, buffer.count, 0)
        guard count > 0 else {
            hasEnded = true
            return false
        }
        pending += buffer[..<count]
        guard buffer[..<count].contains(10) else { return true }
        var parts = pending.split(separator: 10, omittingEmptySubsequences: false)
        pending = Array(parts.removeLast())
        lines += parts.map { String(decoding: $0.last == 13 ? $0.dropLast() : $0, as: UTF8.self) }
        return true
    }

    /// The received text that is not a complete line yet, such as a prompt.
    var question: String { String(decoding: pending, as: UTF8.self) }

    /// Waits until `find` returns a result.
    func wait<Result>(_ what: String, within seconds: Double = 10, for find: () -> Result?) throws -> Result {
        let end = EarshotProcess.uptime() + seconds * Sanitizer.slowness
        while true {
            if let found = find() { return found }
            let left = end - EarshotProcess.uptime()
            guard left > 0, !hasEnded else { throw Missing(what: what, lines: lines + [question], hasEnded: hasEnded) }
            read(within: left)
        }
    }

    func line(containing words: String, within seconds: Double = 10) throws -> String {
        try wait(words, within: seconds) { lines.first { $0.contains(words) } }
    }

    /// Waits until the other side has closed.
    func waitForEnd(within seconds: Double = 10) throws {
        let end = EarshotProcess.uptime() + seconds * Sanitizer.slowness
        while !hasEnded {
            let left = end - EarshotProcess.uptime()
            guard left > 0 else { throw Missing(what: "the end", lines: lines) }
            read(within: left)
        }
    }
}
