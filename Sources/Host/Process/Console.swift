/// The connection between the process and the person or program that started it: standard streams, the terminal,
/// signals.
final class Console {
    var input: StandardInput?
    let output: StandardOutput?
    let signals: SignalWatch?
    /// Whether SIGINT or a similar signal has arrived once, or standard output has lost its reader.
    var hasAskedToLeave = false

    private let terminal: TerminalMode?
    private let outputNumber: Int32?

    init(_ configuration: HostConfiguration, poller: Poller) throws(SystemError) {
        signals = configuration.takesSignals ? try SignalWatch(poller: poller) : nil
        outputNumber = configuration.output
        output = configuration.output.map { StandardOutput($0, poller: poller) }
        output?.watch()
        input = try Self.input(configuration.input, poller: poller)
        terminal = TerminalMode.rawMode(of: configuration.usesRawTerminal ? configuration.input ?? -1 : -1)
    }

    private static func input(_ number: Int32?, poller: Poller) throws(SystemError) -> StandardInput? {
        guard let number else { return nil }
        return try StandardInput(number, poller: poller)
    }

    /// Whether there is input to read that no event announces.
    var isInputReady: Bool { input?.isAlwaysReady ?? false }

    /// Nil if the output is not a terminal.
    var columns: Int? { outputNumber.flatMap(ProcessEnvironment.columns(of:)) }

    /// Stops the process with the terminal restored to its previous mode; returns when the process is continued.
    func suspend() {
        terminal?.leave()
        SignalWatch.suspend()
        terminal?.enter()
    }

    /// Resets the terminal after another process stopped and continued this one.
    func resume() { terminal?.enter() }
}
