import CLinux
import Glibc

/// A terminal in raw mode, which delivers each key as it is pressed. The previous mode is restored when this value is
/// destroyed, and also when the process crashes.
///
/// Ctrl-C is an ordinary key, with which a line editor clears its line; Ctrl-Z still suspends.
struct TerminalMode: ~Copyable {
    private let terminal: CInt
    private let previous: termios
    private let raw: termios

    /// Switches a terminal to raw mode.
    /// - Returns: Nil if the descriptor is not a terminal.
    static func rawMode(of terminal: CInt) -> Self? {
        var mode = termios()
        guard tcgetattr(terminal, &mode) == 0 else { return nil }
        return Self(terminal, previous: mode)
    }

    private init(_ terminal: CInt, previous: termios) {
        self.terminal = terminal
        self.previous = previous
        var mode = previous
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
        mode.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP)
        let disabled: cc_t = 0
        withUnsafeMutableBytes(of: &mode.c_cc) { $0[Int(VINTR)] = disabled }
        raw = mode
        enter()
        withUnsafePointer(to: previous) { earshot_restore_on_fatal_signal(terminal, $0) }
    }

    deinit {
        earshot_forget_fatal_signal()
        withUnsafePointer(to: previous) { _ = tcsetattr(terminal, TCSANOW, $0) }
    }

    /// Enters raw mode, again after a suspension.
    func enter() { withUnsafePointer(to: raw) { _ = tcsetattr(terminal, TCSANOW, $0) } }

    /// Leaves raw mode, before a suspension.
    func leave() { withUnsafePointer(to: previous) { _ = tcsetattr(terminal, TCSANOW, $0) } }
}
