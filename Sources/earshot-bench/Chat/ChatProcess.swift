import CMeasure
import Glibc

/// `earshot --json` from the directory of this program: commands in, events out.
final class ChatProcess {
    let name: String
    let child: Child
    /// The number of lines of each kind so far.
    var joinedCount: Int { joinedAt.count }
    private(set) var messageCount = 0
    private(set) var deliveredCount = 0
    /// The times of first occurrences, in nanoseconds since the process was started.
    private(set) var joinedAt: [UInt64] = []
    private(set) var readyAt: UInt64?
    private(set) var port: String?

    /// - Parameters:
    ///   - state: The directory where its state directory is created.
    ///   - callingOn: The port of a peer to dial, where there is no multicast.
    init(_ name: String, state: ScratchDirectory, callingOn port: String? = nil, processor: Int? = nil) throws {
        self.name = name
        var arguments = ["--json", "--name", name, "--state", state.path(of: name), "--port", "0"]
        if !Network.isOwn {
            arguments.append("--no-multicast")
            if let port { arguments += ["--peer", "127.0.0.1:\(port)"] }
        }
        child = try Child(Child.earshotPath, arguments, processor: processor)
    }

    /// Handles the lines that have arrived.
    func turn() {
        while let line = child.readLine() {
            if line.contains("\"event\":\"message\"") {
                messageCount += 1
            } else if line.contains("\"state\":\"delivered\"") {
                deliveredCount += 1
            } else if line.contains("\"state\":\"joined\"") {
                joinedAt.append(ProcessorClock.now - child.startedAt)
            } else if line.contains("\"event\":\"ready\"") {
                readyAt = ProcessorClock.now - child.startedAt
                port = line.number(after: "\"port\":")
            }
        }
    }

    /// Runs all of these until a condition holds.
    static func turn(_ all: [ChatProcess], within seconds: Int = 60, until isDone: () -> Bool) throws {
        let end = ProcessorClock.now + UInt64(seconds) * 1_000_000_000
        var events = all.map { pollfd(fd: $0.child.output, events: Int16(POLLIN), revents: 0) }
        while true {
            for process in all { process.turn() }
            if isDone() { return }
            guard ProcessorClock.now < end else {
                let stragglers = all.map { "\($0.name): \($0.joinedCount) joined, \($0.messageCount) messages" }
                throw Obstacle("no more progress; \(stragglers.prefix(5).joined(separator: "; "))")
            }
            _ = poll(&events, nfds_t(events.count), 100)
        }
    }

    /// Returns that many processes, all of which know each other.
    static func meeting(_ count: Int, named prefix: String, state: ScratchDirectory) throws -> [ChatProcess] {
        var all: [ChatProcess] = []
        for number in 0..<count {
            let process = try ChatProcess("\(prefix)\(number)", state: state, callingOn: all.first?.port)
            all.append(process)
            if all.count == 1 { try turn(all) { process.port != nil } }
        }
        let everybody = all
        try turn(everybody, within: 120) {
            everybody.allSatisfy { $0.joinedCount >= count - 1 && $0.readyAt != nil }
        }
        // The exchanges after the meeting end after a while.
        let calm = ProcessorClock.now + 3_000_000_000
        try turn(everybody) { ProcessorClock.now >= calm }
        return all
    }
}

extension ArraySlice<UInt8> {
    func contains(_ text: StaticString) -> Bool { place(of: text) != nil }

    private func place(of text: StaticString) -> Int? {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress,
                let found = measure_find(text.utf8Start, text.utf8CodeUnitCount, start, bytes.count)
            else { return nil }
            return startIndex + (found - start)
        }
    }

    func number(after text: StaticString) -> String? {
        guard let place = place(of: text) else { return nil }
        let digits = self[(place + text.utf8CodeUnitCount)...].prefix { (0x30...0x39).contains($0) }
        return String(decoding: digits, as: UTF8.self)
    }
}
