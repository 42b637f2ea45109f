import CLinux
import Glibc

/// Files with settings, and secrets that the user types.
extension ProcessEnvironment {
    /// Reads the text of a file, without a newline at its end.
    /// - Parameter limit: The maximum size in bytes.
    /// - Throws: ``HostError`` if it cannot be read, is larger, or is not UTF-8.
    public static func text(ofFile path: String, atMost limit: Int) throws(HostError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Descriptor(opening: path, flags: O_RDONLY).readAll(atMost: limit + 1)
        } catch {
            throw HostError("cannot read \(path): \(error.reason)")
        }
        guard bytes.count <= limit else { throw HostError("cannot read \(path): it has more than \(limit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw HostError("cannot read \(path): it is not UTF-8 text")
        }
        return text.last?.isNewline ?? false ? String(text.dropLast()) : text
    }

    /// Asks for a line that is not echoed, or reads one from a standard input that is not a terminal.
    /// - Returns: Nil at the end of input, or if the user cancelled (Ctrl-C).
    public static func askSecretly(_ question: String) -> String? {
        var mode = termios()
        guard tcgetattr(standardInput, &mode) == 0 else { return readLine() }
        var silent = mode
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = tcsetattr(standardInput, TCSAFLUSH, &silent)
        // Shown after the echo is off and early input has been discarded.
        printError(question, terminator: "")
        // A signal then ends the read instead of the process, and the terminal is restored.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]
        var previous = signals.map { _ in sigaction() }
        for index in signals.indices { sigaction(signals[index], &action, &previous[index]) }
        defer {
            for index in signals.indices { sigaction(signals[index], &previous[index], nil) }
            _ = tcsetattr(standardInput, TCSAFLUSH, &mode)
            printError("")
        }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(standardInput, &byte, 1) == 1 {
            if byte == 0x0A { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}

extension StateDirectory {
    /// Returns the directory with the persistent state of a relay: the one that systemd provides, otherwise
    /// `$XDG_STATE_HOME/earshot-relay`, otherwise `~/.local/state/earshot-relay`.
    /// - Throws: ``HostError`` if none of the variables is set.
    public static func relayPath() throws(HostError) -> String {
        if let path = ProcessEnvironment.environment("STATE_DIRECTORY"), path.hasPrefix("/") {
            return String(path.prefix { $0 != ":" })
        }
        if let state = ProcessEnvironment.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            return state + "/earshot-relay"
        }
        if let home = ProcessEnvironment.environment("HOME") { return home + "/.local/state/earshot-relay" }
        throw HostError("cannot tell where to keep the state: HOME is not set (name a directory with --state DIR)")
    }

    /// Reads a small secret from the directory's file of that name; nil if there is none.
    /// - Throws: ``HostError`` if it cannot be read, or other users can read it.
    public static func secret(_ file: String, in directory: String) throws(HostError) -> [UInt8]? {
        do {
            return try readSecret("\(directory)/\(file)", atMost: 4096)
        } catch let error as SystemError {
            throw explained(error, directory)
        } catch let error as HostError {
            throw error
        } catch {
            throw HostError("\(directory)/\(file): \(error)")
        }
    }

    /// Stores a small secret atomically, even while a process has locked the directory: it sees the new secret or the
    /// old one.
    public static func keep(_ bytes: [UInt8], as file: String, in directory: String) throws(HostError) {
        do throws(SystemError) {
            try makeDirectory(directory)
            try writeSecret(bytes, to: "\(directory)/\(file)", in: directory)
        } catch {
            throw explained(error, directory)
        }
    }
}
