import CLinux
import Glibc
public import Wire

/// The process environment.
public enum ProcessEnvironment {
    public static let standardInput: CInt = 0
    public static let standardOutput: CInt = 1

    /// Returns whether the descriptor is a terminal.
    public static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// Returns whether the terminal at the descriptor interprets escape codes, by its `TERM`: the shells of editors and
    /// some consoles do not.
    public static func obeysEscapes(_ descriptor: CInt) -> Bool {
        guard let kind = environment("TERM") else { return false }
        return isTerminal(descriptor) && kind != "dumb" && kind != "unknown"
    }

    /// Returns the width of the terminal in columns; nil if the descriptor is not a terminal, or its width is unknown.
    public static func columns(of terminal: CInt) -> Int? {
        var size = winsize()
        guard ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The login name of the user.
    public static var loginName: String? {
        if let entry = getpwuid(geteuid()) { return String(cString: entry.pointee.pw_name) }
        return environment("LOGNAME") ?? environment("USER")
    }

    /// Returns a variable of the environment; nil if it is not set or empty.
    public static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Returns the number of a network interface, given its name; nil if there is none.
    @Sendable public static func interfaceNumber(_ name: String) -> UInt32? {
        let number = if_nametoindex(name)
        return number == 0 ? nil : number
    }

    /// Looks up the addresses of a host, in the order in which to try them. May block for seconds: for the start only.
    /// - Throws: ``HostError`` if it has none.
    public static func endpoints(ofHost host: String, port: UInt16) throws(HostError) -> [Endpoint] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = CInt(AI_ADDRCONFIG)
        var first: UnsafeMutablePointer<addrinfo>?
        var result = getaddrinfo(host, nil, &hints, &first)
        if result == EAI_NONAME {
            // A machine with only `lo` has no configured address, but still reaches itself.
            hints.ai_flags = 0
            result = getaddrinfo(host, nil, &hints, &first)
        }
        guard result == 0 else {
            throw HostError("cannot find the host \(host): \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap { entry in
            guard let address = entry?.pointee.ai_addr else { return nil }
            return SocketAddress(copying: address)?.endpoint.map { Endpoint(address: $0.address, port: port) }
        }
    }

    /// Writes a line for the user to standard error.
    public static func printError(_ text: String, terminator: String = "\n") {
        var line = Array("\(text)\(terminator)".utf8)[...]
        while !line.isEmpty {
            let count = line.withUnsafeBytes { Glibc.write(2, $0.baseAddress!, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            line = line.dropFirst(count)
        }
    }
}
