import Glibc

/// The result of writing a line to the log.
public enum LogWriting: Equatable {
    case written
    /// Its reader does not read, or is gone.
    case notTaken
    /// It cannot be written, for example because the disk is full.
    case failed(String)
}

extension ProcessEnvironment {
    /// The number of bytes that a ready pipe accepts without blocking (`PIPE_BUF`); longer lines are truncated.
    private static let promptBytes = 4096

    /// Writes a line to standard error unless that would block: a slow reader of the log does not stop the program.
    public static func printErrorWithoutBlocking(_ text: String) -> LogWriting { writePromptly(text, to: 2) }

    static func writePromptly(_ text: String, to descriptor: CInt) -> LogWriting {
        var line = Array(text.utf8.prefix(promptBytes - 1))
        // Do not split a character.
        if line.count < text.utf8.count {
            while let last = line.last, last & 0xC0 == 0x80 { line.removeLast() }
            if let last = line.last, last >= 0xC0 { line.removeLast() }
        }
        line.append(0x0A)
        var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&question, 1, 0) == 1 else { return .notTaken }
        let count = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count == line.count { return .written }
        if count < 0, errno == EAGAIN || errno == EINTR { return .notTaken }
        // A write is short only when the disk is full.
        guard case .failed(let reason) = OutputEnd.code(count < 0 ? errno : ENOSPC) else { return .notTaken }
        return .failed(reason)
    }
}
