import CLinux
import Doctor
import Glibc

/// Requests the status of the Earshot that runs with a state directory.
enum StatusReader {
    /// The maximum size of an answer.
    private static let answerBytes = 1 << 18
    private static let seconds = 1

    /// Reads the status.
    /// - Returns: Nil if no Earshot is running, or it belongs to another user.
    static func status(in directory: String) -> RunningFacts? {
        guard let place = try? Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY) else { return nil }
        guard let connection = try? Descriptor(family: AF_UNIX, .stream) else { return nil }
        // Blocking, within a timeout: there is one request and one answer.
        _ = fcntl(connection.number, F_SETFL, 0)
        let timeout = timeval(tv_sec: seconds, tv_usec: 0)
        try? connection.setOption(SOL_SOCKET, SO_RCVTIMEO, toValue: timeout, "SO_RCVTIMEO")
        let result = LocalAddress(of: StatusServer.name, in: place).withPointer { connect(connection.number, $0, $1) }
        guard result == 0, let bytes = try? connection.readAll(atMost: answerBytes) else { return nil }
        return RunningFacts(lines: bytes)
    }
}

/// The address of a Unix socket in a directory, independent of the length of the directory's path: it uses the
/// directory's descriptor (unix(7) allows 107 bytes).
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
