/// What ties the process to the person or program that started it: standard streams, the terminal, signals.
final class Console {
    var input: StandardInput?
    let output: StandardOutput?
    let signals: SignalWatch?
    /// SIGINT and its like have come once, or nobody reads any more.
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

    /// Whether there is something to be read that no event will tell of.
    var isInputReady: Bool { input?.isAlwaysReady ?? false }

    /// Nil if the output is no terminal.
    var columns: Int? { outputNumber.flatMap(Surroundings.columns(of:)) }

    /// Stops the process with the terminal as it was before; returns when it is continued.
    func suspend() {
        terminal?.leave()
        SignalWatch.suspend()
        terminal?.enter()
    }

    /// The process goes on after somebody stopped it.
    func resume() { terminal?.enter() }
}
