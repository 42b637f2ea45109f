import Glibc

extension Surroundings {
    /// What a pipe that is ready takes without waiting, in bytes (`PIPE_BUF`); longer lines are cut.
    private static let promptBytes = 4096

    /// Writes a line to standard error unless that had to wait: whoever does not read the log does not stop the program.
    /// - Returns: whether it was written.
    public static func complainPromptly(_ text: String) -> Bool { writePromptly(text, to: 2) }

    static func writePromptly(_ text: String, to descriptor: CInt) -> Bool {
        var line = Array(text.utf8.prefix(promptBytes - 1))
        // Not in the middle of a character.
        if line.count < text.utf8.count {
            while let last = line.last, last & 0xC0 == 0x80 { line.removeLast() }
            if let last = line.last, last >= 0xC0 { line.removeLast() }
        }
        line.append(0x0A)
        var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&question, 1, 0) == 1, question.revents & Int16(POLLOUT) != 0 else { return false }
        return line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == line.count
    }
}
