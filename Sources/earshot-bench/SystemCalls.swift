import Glibc

/// Counts the system calls of another process, with `strace`, where that is installed and allowed.
enum SystemCalls {
    private static let tracer: String? = ["/usr/bin/strace", "/usr/local/bin/strace"].first { access($0, X_OK) == 0 }

    /// Counts the calls of a process while a closure runs.
    /// - Returns: The number of calls by name; nil if they cannot be counted here.
    static func count(of process: pid_t, during body: () throws -> Void) throws -> [String: Int]? {
        guard let tracer else { return nil }
        let directory = try ScratchDirectory()
        defer { directory.remove() }
        let file = directory.path(of: "calls")
        let child = try Child(
            tracer, ["-c", "-f", "-p", "\(process)", "-o", file], errors: open("/dev/null", O_WRONLY))
        guard isTraced(process) else { return nil }
        try body()
        kill(child.processID, SIGINT)
        _ = child.waitForEnd()
        return read(File.text(file))
    }

    /// Waits until the process is traced, at most two seconds.
    private static func isTraced(_ process: pid_t) -> Bool {
        let end = ProcessorClock.now + 2_000_000_000
        while ProcessorClock.now < end {
            let lines = File.text("/proc/\(process)/status").split(separator: "\n")
            if let line = lines.first(where: { $0.hasPrefix("TracerPid:") }), !line.hasSuffix("\t0") { return true }
            _ = poll(nil, 0, 5)
        }
        return false
    }

    /// Parses lines of `% time, seconds, usecs/call, calls, [errors,] name`.
    private static func read(_ table: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 5, let calls = Int(fields[3]), let name = fields.last else { continue }
            counts[String(name)] = calls
        }
        return counts
    }
}
