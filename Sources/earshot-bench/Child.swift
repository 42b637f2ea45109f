import CMeasure
import Glibc

/// A process that a benchmark started, with pipes to its standard input and output. It is killed when the value is
/// released.
final class Child {
    let processID: pid_t
    /// The end of the pipe to its standard input.
    let input: CInt
    /// The end of the pipe from its standard output; non-blocking.
    let output: CInt
    let startedAt: UInt64
    private var unread: [UInt8] = []
    private var hasEnded = false

    /// - Parameter processor: The processor where it runs; nil for any.
    init(_ path: String, _ arguments: [String], processor: Int? = nil, errors: CInt? = nil) throws {
        var (toChild, fromChild): ([CInt], [CInt]) = ([0, 0], [0, 0])
        guard measure_pipe(&toChild) == 0, measure_pipe(&fromChild) == 0 else {
            throw Obstacle("no pipe: \(String(cString: strerror(errno)))")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        if let errors { posix_spawn_file_actions_adddup2(&actions, errors, 2) }
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        if let processor { Processor.bind(processor) }
        var id: pid_t = 0
        startedAt = ProcessorClock.now
        let result = posix_spawn(&id, path, &actions, nil, &words, environ)
        if processor != nil { Processor.bind(Processor.own) }
        close(toChild[0])
        close(fromChild[1])
        guard result == 0 else { throw Obstacle("\(path) cannot be started: \(String(cString: strerror(result)))") }
        processID = id
        input = toChild[1]
        output = fromChild[0]
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        measure_widen_pipe(output)
    }

    deinit {
        if !hasEnded {
            kill(processID, SIGKILL)
            waitpid(processID, nil, 0)
        }
        close(input)
        close(output)
    }

    /// Starts this program in another role.
    static func role(_ name: String, _ arguments: [String] = [], processor: Int? = nil) throws -> Child {
        try Child("/proc/self/exe", [Role.option, name] + arguments, processor: processor)
    }

    /// The path of the release build of `earshot` next to this program.
    static let earshotPath: String = {
        let own = (try? File.link("/proc/self/exe")) ?? ""
        return own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/earshot"
    }()

    func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits for the process to end, at most a second.
    /// - Returns: How long the process ran, in nanoseconds.
    func waitForEnd() -> UInt64 {
        var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        while poll(&event, 1, 1000) > 0, readLine() != nil || event.revents & Int16(POLLHUP) == 0 {}
        waitpid(processID, nil, 0)
        hasEnded = true
        return ProcessorClock.now - startedAt
    }

    /// Returns the next whole line that it wrote, without its newline; nil if there is none yet.
    func readLine() -> ArraySlice<UInt8>? {
        while true {
            if let end = unread.firstIndex(of: 10) {
                let line = unread[..<end]
                unread = Array(unread[(end + 1)...])
                return line
            }
            guard readMore() else { return nil }
        }
    }

    private func readMore() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
            let count = read(output, buffer.baseAddress, buffer.count)
            if count > 0 { unread.append(contentsOf: buffer[..<count]) }
            return count > 0
        }
    }

    /// Waits for a line.
    func line(within seconds: Int = 10) throws -> String {
        let end = ProcessorClock.now + UInt64(seconds) * 1_000_000_000
        while ProcessorClock.now < end {
            if let line = readLine() { return String(decoding: line, as: UTF8.self) }
            var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            _ = poll(&event, 1, 100)
            if event.revents & Int16(POLLIN) == 0, event.revents & Int16(POLLHUP) != 0 { break }
        }
        throw Obstacle("the other side sent nothing")
    }

    /// The processor time that it has used, in nanoseconds.
    var processorTime: UInt64 {
        let fields = File.text("/proc/\(processID)/schedstat").split(separator: " ")
        return fields.first.flatMap { UInt64($0) } ?? 0
    }

    /// The bytes of private memory in use.
    var residentBytes: Int {
        for line in File.text("/proc/\(processID)/status").split(separator: "\n") where line.hasPrefix("RssAnon:") {
            return (line.split(separator: " ").dropFirst().first.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
        }
        return 0
    }
}

enum Processor {
    static let count = sysconf(CInt(_SC_NPROCESSORS_ONLN))

    /// The processors of the benchmark and of its other side: different ones, if there are two.
    static var own: Int { count > 1 ? 1 : 0 }
    static let other = 0

    static func bind(_ processor: Int) { measure_bind(CInt(processor)) }
}

enum Network {
    /// Whether measurements run in a private network namespace, away from other programs, if this process may create
    /// one.
    static let isOwn: Bool = measure_own_network() == 0
}
