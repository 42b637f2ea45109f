import CoreModel
import Glibc

/// The person in front, before anything else runs, and the files they keep.
extension Surroundings {
    /// Asks a question on the terminal and waits for the line that is typed.
    /// - Returns: nil at the end of input.
    public static func ask(_ question: String) throws(OutputEnd) -> String? {
        try show(Array(question.utf8))
        return readLine()
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
