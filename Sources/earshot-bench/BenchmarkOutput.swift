import Glibc

/// Standard output and error, written completely and unbuffered.
enum BenchmarkOutput {
    /// Shows a text, or ends the process if that fails.
    static func show(_ text: String) {
        let code = write(text, to: 1)
        guard code != 0 else { return }
        if code == EPIPE { exit(0) }
        printError("earshot-bench: cannot write to standard output: \(String(cString: strerror(code)))")
        exit(1)
    }

    static func printError(_ text: String) { _ = write(text + "\n", to: 2) }

    /// Writes a text.
    /// - Returns: The error number; 0 if everything was written.
    private static func write(_ text: String, to descriptor: CInt) -> CInt {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : ENOSPC }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}

/// The machine where the figures were measured.
enum Machine {
    static var description: String {
        let processors = File.text("/proc/cpuinfo").split(separator: "\n")
        let model = processors.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown processor"
        let count = processors.count { $0.hasPrefix("processor") }
        let kernel = File.text("/proc/sys/kernel/osrelease").split(separator: "\n").first ?? ""
        return "\(count) ×\(model), Linux \(kernel); load \(File.text("/proc/loadavg").prefix(4))"
    }
}

enum File {
    /// Returns the whole of a small file; empty if it cannot be read.
    static func text(_ path: String) -> String {
        var bytes: [UInt8] = []
        read(path) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the target of a symbolic link.
    static func link(_ path: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { throw Obstacle("\(path) cannot be read") }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Reads the whole of a file, piece by piece.
    static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
                guard count > 0 else { break }
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }
}
