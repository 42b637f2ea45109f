import CLinux
import Glibc

/// Files with settings, and secrets that are typed.
extension Surroundings {
    /// The text of a file, a newline at its end left out.
    /// - Parameter limit: The most bytes that it may have.
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

    /// Asks for a line that is not shown while it is typed, or takes one from a standard input that is no terminal.
    /// - Returns: nil at the end of input, or if the person gave up (Ctrl-C).
    public static func askSecretly(_ question: String) -> String? {
        var mode = termios()
        guard tcgetattr(standardInput, &mode) == 0 else { return readLine() }
        var silent = mode
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = tcsetattr(standardInput, TCSAFLUSH, &silent)
        // After the echo is off and what was typed too early is gone.
        complain(question, terminator: "")
        // A signal then ends the reading instead of the process, and the terminal is put back.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]
        var previous = signals.map { _ in sigaction() }
        for index in signals.indices { sigaction(signals[index], &action, &previous[index]) }
        defer {
            for index in signals.indices { sigaction(signals[index], &previous[index], nil) }
            _ = tcsetattr(standardInput, TCSAFLUSH, &mode)
            complain("")
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
    /// Where a relay keeps what outlives it: as systemd says, else `$XDG_STATE_HOME/earshot-relay`, else
    /// `~/.local/state/earshot-relay`.
    /// - Throws: If no variable tells where.
    public static func relayPath() throws(HostError) -> String {
        if let path = Surroundings.environment("STATE_DIRECTORY"), path.hasPrefix("/") {
            return String(path.prefix { $0 != ":" })
        }
        if let state = Surroundings.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            return state + "/earshot-relay"
        }
        if let home = Surroundings.environment("HOME") { return home + "/.local/state/earshot-relay" }
        throw HostError("cannot tell where to keep the state: HOME is not set (name a directory with --state DIR)")
    }

    /// A small secret in the directory's file of that name; nil if there is none.
    /// - Throws: ``HostError`` if it cannot be read, or others can read it.
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

    /// Keeps a small secret; also while a process has the directory, which sees all of it or what was there before.
    public static func keep(_ bytes: [UInt8], as file: String, in directory: String) throws(HostError) {
        do throws(SystemError) {
            try makeDirectory(directory)
            try writeSecret(bytes, to: "\(directory)/\(file)", in: directory)
        } catch {
            throw explained(error, directory)
        }
    }
}
