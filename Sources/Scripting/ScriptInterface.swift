public import CoreModel
import JSON
import Wire

/// The chat as JSON lines, for bots and tests: commands in, events out, one object per line (the page Scripting documents
/// them).
public final class ScriptInterface: FrontEnd {
    /// The maximum length of an input line, in bytes: twice the longest text with every byte escaped.
    static let maximumLineBytes = 256 * 1024
    /// The maximum number of references kept for outstanding answers; the oldest is dropped. At most 10,000 × 256
    /// bytes.
    static let maximumRefCount = 10_000

    private let version: String
    private var line: [UInt8] = []
    /// Whether the rest of a line that is too long is being skipped.
    private var isSkippingLine = false
    private var commands: [(command: Command, token: CommandToken?)] = []
    private var nextCommandIndex = 0
    private var output: [UInt8] = []
    private var refs: [CommandToken: JSONValue] = [:]
    private var nextToken: UInt64 = 1
    /// The lowest token that may have a reference.
    private var oldestToken: UInt64 = 1
    private var hasEnded = false

    /// - Parameter version: The version of the program, reported by `ready`.
    public init(version: String) {
        self.version = version
    }

    public func inputReceived(_ bytes: [UInt8], at wall: WallTime) {
        for byte in bytes {
            if byte == 0x0A {
                lineEnded()
            } else if isSkippingLine {
                continue
            } else if line.count >= Self.maximumLineBytes {
                isSkippingLine = true
                line.removeAll()
                refuse("a line is longer than \(Self.maximumLineBytes) bytes", ref: nil)
            } else {
                line.append(byte)
            }
        }
    }

    public func inputEnded() {
        guard !hasEnded else { return }
        hasEnded = true
        lineEnded()
        commands.append((.quit(afterReceipts: true), nil))
    }

    public func sizeChanged(columns: Int) {
        // Scripts do not wrap lines.
    }

    public func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime) {
        // A script has received an event for each of them.
        if case .presenceSummary = event { return }
        let ref = token.flatMap { refs[$0] }
        output.append(contentsOf: EventWriter.line(event, ref: ref, version: version))
        output.append(0x0A)
        guard let token else { return }
        switch event {
        // These are the last answers to a command.
        case .delivery(_, _, .delivered), .who, .blocked, .history, .found, .bans, .failed: refs[token] = nil
        default: break
        }
    }

    public func nextCommand() -> (command: Command, token: CommandToken?)? {
        guard nextCommandIndex < commands.count else { return nil }
        defer {
            nextCommandIndex += 1
            if nextCommandIndex == commands.count {
                commands.removeAll(keepingCapacity: true)
                nextCommandIndex = 0
            }
        }
        return commands[nextCommandIndex]
    }

    public func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    private func lineEnded() {
        defer {
            line.removeAll(keepingCapacity: true)
            isSkippingLine = false
        }
        if line.last == 0x0D { line.removeLast() }
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        do {
            let (command, ref) = try CommandReader.read(line)
            commands.append((command, ref.map(token(for:))))
        } catch {
            refuse(error.reason, ref: error.ref)
        }
    }

    private func refuse(_ reason: String, ref: JSONValue?) {
        let failure = Event.failed(Event.Failure(.badCommand, reason))
        output.append(contentsOf: EventWriter.line(failure, ref: ref, version: version))
        output.append(0x0A)
    }

    private func token(for ref: JSONValue) -> CommandToken {
        let token = CommandToken(number: nextToken)
        nextToken += 1
        refs[token] = ref
        while refs.count > Self.maximumRefCount {
            refs[CommandToken(number: oldestToken)] = nil
            oldestToken += 1
        }
        return token
    }
}
