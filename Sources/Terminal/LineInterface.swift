public import CoreModel
import Wire
import Wording

/// The chat for a person: on a terminal with a line to type in, otherwise with plain lines in and out.
public final class LineInterface: FrontEnd {
    /// The way in which the chat is shown.
    public struct Options: Sendable {
        /// Whether standard input and output are both a terminal that obeys escape codes. Otherwise neither escape
        /// codes nor a prompt are written.
        public var isTerminal: Bool
        /// Whether colours are used on a terminal (`NO_COLOR` is unset).
        public var isColoured: Bool
        /// Local time minus UTC, in seconds.
        public var utcOffset: Int
        /// Whether the greeting and the lines about arrivals and departures are left out.
        public var isQuiet: Bool

        public init(isTerminal: Bool, isColoured: Bool = true, utcOffset: Int = 0, isQuiet: Bool = false) {
            self.isTerminal = isTerminal
            self.isColoured = isColoured
            self.utcOffset = utcOffset
            self.isQuiet = isQuiet
        }
    }

    /// The maximum length of a plain line of input; longer lines are cut into several.
    private static let maximumPlainLineBytes = LineEditor.maximumBytes

    let options: Options
    let renderer: Renderer
    var roster = ShownPeople()
    var deliveries = DeliveryWatch()
    var commands = CommandQueue()
    var editor = LineEditor()
    var own: Own
    /// Where typed text goes, and where it went before the last change.
    var destination = (now: Destination.room(nil), before: Destination.room(nil))
    private var decoder = KeyDecoder()
    private var row = PromptRow()
    private var plain = PlainInput()
    private var output: [UInt8] = []
    private var isRowStale = true
    private var phase = Phase.notBegun
    private var hasEnded = false

    /// Our own name.
    struct Own {
        /// The name; until it is settled, the name that we want.
        var name: String
        var isSettled = false
    }

    /// Input that does not come from a terminal.
    private struct PlainInput {
        var line: [UInt8] = []
        /// When bytes last arrived: the end of input carries no time.
        var lastTime = WallTime(milliseconds: 0)
    }

    private enum Phase {
        case notBegun, running, left
    }

    /// - Parameter name: Our wanted name, shown in the prompt until the name is settled.
    public init(name: String, options: Options) {
        own = Own(name: name)
        self.options = options
        renderer = Renderer(
            style: Style(isColoured: options.isTerminal && options.isColoured), utcOffset: options.utcOffset)
    }

    public func inputReceived(_ bytes: [UInt8], at wall: WallTime) {
        guard options.isTerminal else { return plainInputReceived(bytes, at: wall) }
        for key in decoder.decode(bytes) {
            isRowStale = true
            switch editor.handle(key) {
            case nil: break
            case .submit(let line): lineTyped(line, at: wall)
            case .quit: commands.add(.quit(afterReceipts: false), typed: nil)
            case .redraw: write(row.erase() + "\u{1B}[H\u{1B}[2J")
            case .complete: if editor.complete(names: roster.names) == .refuse { write("\u{07}") }
            case .refuse: write("\u{07}")
            }
        }
    }

    public func inputEnded() {
        guard !hasEnded else { return }
        hasEnded = true
        if !options.isTerminal, !plain.line.isEmpty { plainLineEnded() }
        // Nobody is in front of a terminal that has gone away.
        commands.add(.quit(afterReceipts: !options.isTerminal), typed: nil)
    }

    public func sizeChanged(columns: Int) {
        guard options.isTerminal, phase != .left else { return }
        write(row.resize(columns: columns))
        isRowStale = true
    }

    public func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime) {
        show(lines(for: event, token: token, at: wall))
        isRowStale = true
    }

    public func nextCommand() -> (command: Command, token: CommandToken?)? { commands.next() }

    public func takeOutput() -> [UInt8] {
        if options.isTerminal, phase != .left, isRowStale {
            if phase == .notBegun {
                // The terminal marks pasted text as such (bracketed paste).
                write("\u{1B}[?2004h")
                phase = .running
            }
            write(row.draw(prompt: prompt, editor: editor))
            isRowStale = false
        }
        defer { output = [] }
        return output
    }

    /// Returns the bytes that restore the terminal, to be written last, when the chat is over. Later events are shown
    /// without a prompt.
    public func leave() -> [UInt8] {
        if options.isTerminal, phase == .running {
            write(row.erase() + "\u{1B}[?2004l")
        }
        phase = .left
        defer { output = [] }
        return output
    }

    private var prompt: String {
        let name = SafeText.line(own.name)
        return destination.now.name.map { "\(name) → \(SafeText.line($0))> " } ?? "\(name)> "
    }

    private func write(_ text: String) { output.append(contentsOf: text.utf8) }

    /// Writes lines above the row being typed, which is drawn again before the output is taken.
    private func show(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        if options.isTerminal {
            write(row.erase())
            isRowStale = true
        }
        let newline = options.isTerminal ? "\r\n" : "\n"
        for line in lines { write(line + newline) }
    }

    // MARK: Typed lines

    private func lineTyped(_ line: String, at wall: WallTime) {
        switch TypedLine.read(line, room: destination.now.room, names: roster.names) {
        case .nothing: break
        case .command(let command): commands.add(command, typed: line)
        case .help(let word): show(CommandHelp.text(about: word))
        case .enter(let room): enter(room, typed: line, at: wall)
        case .showRoom: show(renderer.notice("what you type goes to \(destination.now.meaning)", now: wall))
        case .misuse(let text):
            show(renderer.failure(text, now: wall))
            putBack(line)
        }
    }

    /// Makes a room the destination of typed text. The core resolves the partner of a conversation; until it has
    /// answered, messages are addressed by name.
    private func enter(_ room: RoomName, typed line: String, at wall: WallTime) {
        if case .conversation(let name) = room, let token = commands.add(.converse(with: name), typed: line) {
            if case .asking = destination.now {} else { destination.before = destination.now }
            destination.now = .asking(name, token)
            return
        }
        if destination.now.isConversation { commands.add(.converse(with: nil), typed: nil) }
        destination = (.room(room), .room(room))
        show(renderer.notice("what you type now goes to \(destination.now.meaning)", now: wall))
    }

    /// Puts back a line that could not be sent, so that nothing typed is lost. If another line is being typed, Up
    /// brings it back instead.
    func putBack(_ line: String) {
        guard options.isTerminal, editor.isEmpty else { return }
        editor.set(line)
    }

    private func plainInputReceived(_ bytes: [UInt8], at wall: WallTime) {
        plain.lastTime = wall
        for byte in bytes {
            if byte == 0x0A || plain.line.count >= Self.maximumPlainLineBytes { plainLineEnded() }
            if byte != 0x0A { plain.line.append(byte) }
        }
    }

    private func plainLineEnded() {
        if plain.line.last == 0x0D { plain.line.removeLast() }
        let line = String(decoding: plain.line, as: UTF8.self)
        plain.line.removeAll(keepingCapacity: true)
        lineTyped(line, at: plain.lastTime)
    }
}
