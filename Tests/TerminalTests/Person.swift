import CoreModel
import Terminal
import Wire

/// A person in front of a screen, who types and reads.
struct Person {
    let interface: LineInterface
    var screen: Screen
    /// 2026-11-21T04:10:05Z
    static let now = WallTime(milliseconds: 1_795_234_205_000)

    /// - Parameter isSettled: Whether the name is settled, with the lines about that erased.
    init(
        columns: Int = 60, isColoured: Bool = true, isQuiet: Bool = false, utcOffset: Int = 0, isSettled: Bool = false
    ) {
        interface = LineInterface(
            name: "ana",
            options: .init(isTerminal: true, isColoured: isColoured, utcOffset: utcOffset, isQuiet: isQuiet))
        screen = Screen(columns: columns)
        interface.sizeChanged(columns: columns)
        look()
        guard isSettled else { return }
        happens(.ready(name: "ana", id: Example.ana, port: 1))
        type("\u{0C}")
    }

    private mutating func look() { screen.write(interface.takeOutput()) }

    mutating func type(_ text: String) { type(Array(text.utf8)) }

    mutating func type(_ bytes: [UInt8]) {
        interface.inputReceived(bytes, at: Self.now)
        look()
    }

    mutating func happens(_ event: Event, token: CommandToken? = nil) {
        interface.eventOccurred(event, token: token, at: Self.now)
        look()
    }

    mutating func resize(columns: Int) {
        screen.resize(columns: columns)
        interface.sizeChanged(columns: columns)
        look()
    }

    /// Removes and returns the commands issued since the last call.
    func commands() -> [Command] {
        var commands: [Command] = []
        while let next = interface.nextCommand() { commands.append(next.command) }
        return commands
    }
}

enum Example {
    static let ana = PeerID(Array(repeating: 0xA1, count: 32))!
    static let bea = PeerID(Array(repeating: 0xBE, count: 32))!
    static let toBea = Event.Recipient(name: "bea", id: bea)
    static func entry(_ number: UInt8 = 7) -> EntryID { EntryID(Array(repeating: number, count: 32))! }

    static func said(
        _ text: String, by name: String = "bea", room: RoomName = .lobby, kind: Entry.Kind = .text,
        time: WallTime = Person.now, isHistory: Bool = false, isOwn: Bool = false, hasGap: Bool = false
    ) -> Event {
        .message(
            message(
                text, by: name, room: room, kind: kind, time: time, isHistory: isHistory, isOwn: isOwn, hasGap: hasGap))
    }

    static func message(
        _ text: String, by name: String = "bea", room: RoomName = .lobby, kind: Entry.Kind = .text,
        time: WallTime = Person.now, isHistory: Bool = false, isOwn: Bool = false, hasGap: Bool = false
    ) -> Event.Message {
        var isPrivate = false
        if case .conversation = room { isPrivate = true }
        return Event.Message(
            room: room, isPrivate: isPrivate, from: name, fromID: isOwn ? ana : bea, text: text, kind: kind,
            id: entry(),
            time: time, lamport: 1, isHistory: isHistory, isOwn: isOwn, hasGap: hasGap)
    }

    static func peer(
        _ state: Event.PeerChange.State, _ name: String = "bea", was: String? = nil, remark: String? = nil,
        away: String? = nil
    ) -> Event {
        .peer(.init(state: state, peer: .init(name: name, id: bea, away: away), was: was, remark: remark))
    }
}

/// A repeatable random number generator (xorshift).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func roll(_ sides: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(sides))
    }
}
