import CoreModel

/// Commands on their way to the core, with the typed lines that they came from in case one fails.
struct CommandQueue {
    private static let maximumRememberedCount = 64

    private var waiting: [(command: Command, token: CommandToken?)] = []
    private var remembered: [(token: CommandToken, line: String)] = []
    private var nextNumber: UInt64 = 1

    /// Appends a command.
    /// - Returns: The token that its answer will carry, if the command came from a typed line.
    @discardableResult
    mutating func add(_ command: Command, typed line: String?) -> CommandToken? {
        guard let line else {
            waiting.append((command, nil))
            return nil
        }
        let token = CommandToken(number: nextNumber)
        nextNumber += 1
        waiting.append((command, token))
        remembered.append((token, line))
        if remembered.count > Self.maximumRememberedCount { remembered.removeFirst() }
        return token
    }

    mutating func next() -> (command: Command, token: CommandToken?)? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Removes and returns the line that a command came from.
    mutating func takeLine(of token: CommandToken?) -> String? {
        guard let index = remembered.firstIndex(where: { $0.token == token }) else { return nil }
        return remembered.remove(at: index).line
    }
}
