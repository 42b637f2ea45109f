import CLinux
import Doctor
import Glibc

/// Asks the Earshot that runs with a state directory what it knows.
enum StatusReader {
    /// Bytes of an answer that are read.
    private static let answerBytes = 1 << 18
    private static let seconds = 1

    /// - Returns: nil if none runs, or it is not ours to ask.
    static func status(in directory: String) -> RunningFacts? {
        guard let place = try? Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY) else { return nil }
        guard let connection = try? Descriptor(family: AF_UNIX, .stream) else { return nil }
        // One question, one answer: it is waited for, within bounds.
        _ = fcntl(connection.number, F_SETFL, 0)
        let patience = timeval(tv_sec: seconds, tv_usec: 0)
        try? connection.setOption(SOL_SOCKET, SO_RCVTIMEO, toValue: patience, "SO_RCVTIMEO")
        let result = LocalAddress(of: StatusServer.name, in: place).withPointer { connect(connection.number, $0, $1) }
        guard result == 0, let bytes = try? connection.readAll(atMost: answerBytes) else { return nil }
        return RunningFacts(lines: bytes)
    }
}

/// The address of a Unix socket in a directory, however long the directory's path: by way of its descriptor (unix(7)
/// allows 107 bytes).
struct LocalAddress {
    private var address = sockaddr_un()

    init(of name: String, in directory: borrowing Descriptor) {
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(directory.number)/\(name)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            precondition(path.count < bytes.count, "a descriptor has few digits")
            bytes.copyBytes(from: path)
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
