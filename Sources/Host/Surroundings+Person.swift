import Chat
import Glibc

/// The person in front, before anything else runs, and the files they keep.
extension Surroundings {
    /// Asks a question on the terminal and waits for the line that is typed.
    /// - Returns: nil at the end of input.
    public static func ask(_ question: String) -> String? {
        show(Array(question.utf8))
        return readLine()
    }

    /// Writes bytes to standard output, all of them unless it is gone.
    public static func show(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(standardOutput, $0.baseAddress!, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// How far local time is ahead of UTC at this moment, in seconds.
    public static var utcOffset: Int {
        var time = time_t(Clock.wall().milliseconds / 1000)
        var local = tm()
        guard localtime_r(&time, &local) != nil else { return 0 }
        return Int(local.tm_gmtoff)
    }

    /// From now on every file that this process makes is its user's alone (keys, what was said).
    public static func keepFilesPrivate() { umask(0o077) }
}
