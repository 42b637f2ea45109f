import CoreModel
import Glibc

/// The dialogue with the user before anything else runs, and the files of the user.
extension ProcessEnvironment {
    /// Asks a question on the terminal and waits for the line that is typed.
    /// - Returns: Nil at the end of input.
    public static func ask(_ question: String) throws(OutputEnd) -> String? {
        try show(Array(question.utf8))
        return readLine()
    }

    /// The offset of local time from UTC at this moment, in seconds; positive to the east.
    public static var utcOffset: Int {
        var time = time_t(Clock.wall().milliseconds / 1000)
        var local = tm()
        guard localtime_r(&time, &local) != nil else { return 0 }
        return Int(local.tm_gmtoff)
    }

    /// Restricts every file that this process creates from now on to its user (keys, messages).
    public static func keepFilesPrivate() { umask(0o077) }
}
