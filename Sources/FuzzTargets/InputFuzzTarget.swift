import CoreModel
import Scripting
import Terminal
import Wire

/// The two front ends: bytes arrive in pieces of any size, with events in between.
enum InputFuzzTarget {
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let front: any FrontEnd
        let first = choices.byte()
        switch first % 3 {
        case 0: front = ScriptInterface(version: "0")
        case 1: front = LineInterface(name: "ana", options: .init(isTerminal: true, isColoured: first & 128 != 0))
        default: front = LineInterface(name: "ana", options: .init(isTerminal: false))
        }
        let wall = WallTime(milliseconds: 1_767_225_600_000)
        let isJSON = first % 3 == 0
        while !choices.isOver {
            switch choices.byte() % 8 {
            case 0: front.sizeChanged(columns: Int(choices.byte()))
            case 1, 2: front.eventOccurred(event(&choices), token: token(&choices), at: wall)
            case 3: front.inputReceived(Array("{\"do\":\"".utf8) + choices.chunk() + [0x0A], at: wall)
            default: front.inputReceived(choices.chunk(), at: wall)
            }
            check(front, isJSON: isJSON)
        }
        front.inputEnded()
        check(front, isJSON: isJSON)
        _ = (front as? LineInterface)?.leave()
    }

    private static func check(_ front: any FrontEnd, isJSON: Bool) {
        var count = 0
        while front.nextCommand() != nil {
            count += 1
            precondition(count < 2_000, "endless commands")
        }
        let output = front.takeOutput()
        guard isJSON else { return }
        // One object per line: no line break in a peer's text gets out.
        for line in output.split(separator: 0x0A, omittingEmptySubsequences: true) {
            FuzzTarget.require(line.first == UInt8(ascii: "{") && line.last == UInt8(ascii: "}"), "a torn line")
            FuzzTarget.require(line.allSatisfy { $0 >= 0x20 }, "a control character in a line")
        }
    }

    private static func token(_ choices: inout Choices) -> CommandToken? {
        let number = choices.byte()
        return number < 128 ? CommandToken(number: UInt64(number)) : nil
    }

    private static func event(_ choices: inout Choices) -> Event {
        let peer = PeerID([UInt8](repeating: choices.byte() % 4, count: 32)) ?? .least
        let kind = choices.byte()
        let text = choices.text()
        let summary = Event.PeerSummary(name: text, id: peer, away: choices.flag() ? choices.text() : nil)
        let id = EntryID([UInt8](repeating: choices.byte(), count: 32)) ?? .least
        switch kind % 12 {
        case 0: return .ready(name: text, id: peer, port: 47474)
        case 1: return .name(.init(state: .lost, name: text, wanted: choices.text()))
        case 2, 3:
            let states: [Event.PeerChange.State] = [.joined, .left, .renamed, .away, .back, .blocked, .unblocked]
            return .peer(
                .init(
                    state: states[choices.index(below: 7)], peer: summary, was: choices.text(), remark: choices.text()))
        case 4, 5:
            let rooms: [RoomName] = [
                .lobby, .relayLobby(relay: choices.text()), .conversation(with: text), .everyLobby,
            ]
            return .message(
                .init(
                    room: rooms[choices.index(below: 4)], isPrivate: choices.flag(), from: choices.text(), fromID: peer,
                    text: text, kind: choices.flag() ? .text : .action, id: id,
                    time: WallTime(milliseconds: choices.number() % Limits.wallTime), lamport: choices.number(),
                    isHistory: choices.flag(), isOwn: choices.flag(), hasGap: choices.flag()))
        case 6: return .delivery(id: id, to: .init(name: text, id: peer), state: choices.flag() ? .queued : .delivered)
        case 7: return .who([summary, summary])
        case 8: return .relay(state: .refused, address: text, reason: choices.text())
        case 9 where choices.flag(): return .blocked([.init(name: text, id: peer, isHere: choices.flag())])
        case 9: return .failed(.init(.badCommand, text))
        case 10: return .bans([.init(name: text, reason: choices.text(), until: WallTime(milliseconds: 5))])
        default: return line(kind, text, peer, &choices)
        }
    }

    private static func line(_ kind: UInt8, _ text: String, _ peer: PeerID, _ choices: inout Choices) -> Event {
        switch kind / 12 % 3 {
        case 0: return .notice(text)
        case 1: return .remark(text, about: peer)
        default:
            return .conversation(
                .init(
                    peer: peer, name: text, was: choices.flag() ? choices.text() : nil,
                    remark: choices.flag() ? choices.text() : nil))
        }
    }
}
