import CoreModel
import Wire
import Wording

/// Turns events into lines for people. All text from others passes through ``SafeText``.
struct Renderer {
    var style: Style
    /// Local time minus UTC, in seconds.
    var utcOffset: Int

    /// The maximum number of lines of one message: 16 KiB of newlines must not scroll away what others said.
    static let maximumLineCount = 200
    /// The mark in front of messages from an earlier gathering.
    static let earlierMark = "┊"
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Returns the lines of a message. Further lines are indented, so that they cannot pass for something else.
    /// - Parameter isMention: Whether the message mentions the person who reads it.
    func lines(_ message: Event.Message, isMention: Bool = false, now: WallTime) -> [String] {
        let time = clock(message.time, now: now)
        let name = SafeText.line(message.from)
        let ink: Style.Ink = message.isHistory ? .grey : .personal(message.fromID)
        var parts: [(text: String, ink: Style.Ink?)] = [(time + " ", .grey)]
        if message.isEarlier { parts.append((Self.earlierMark + " ", .grey)) }
        switch message.room {
        case .conversation(let partner) where message.isOwn:
            parts.append(("[→ \(SafeText.line(partner))]", message.isHistory ? .grey : .privately))
        case .conversation:
            parts.append(("[\(name) →]", message.isHistory ? .grey : .privately))
        case .relayLobby, .everyLobby:
            parts.append((SafeText.line(message.room.description) + " ", .grey))
        case .lobby: break
        }
        if case .conversation = message.room { parts.append((" ", nil)) }
        if message.kind == .action {
            parts.append(("* ", .grey))
            parts.append((name, ink))
        } else if !message.isPrivate {
            parts += [("<", .grey), (name, ink), (">", .grey)]
        }
        if message.kind == .action || !message.isPrivate { parts.append((" ", nil)) }
        let indent = String(repeating: " ", count: DisplayWidth.of(parts.map(\.text).joined()))
        let head = parts.map { part in part.ink.map { style.paint(part.text, $0) } ?? part.text }.joined()
        var texts = SafeText.lines(message.text)
        if texts.count > Self.maximumLineCount {
            let count = texts.count - Self.maximumLineCount
            texts = texts.prefix(Self.maximumLineCount) + [style.paint("⋯ (\(count) more lines)", .grey)]
        }
        if message.isHistory { texts = texts.map { style.paint($0, .grey) } }
        if isMention { texts = texts.map { style.paint($0, .bold) } }
        if message.hasGap { texts[0] = style.paint("⋯ (an earlier message is missing) ", .grey) + texts[0] }
        return [head + texts[0]] + texts.dropFirst().map { indent + $0 }
    }

    /// Returns the line of an ordinary event. Always one line: the words of others in it must not pass for a second
    /// event.
    func notice(_ text: String, now: WallTime) -> [String] {
        [style.paint("\(clock(now, now: now)) -- \(SafeText.line(text))", .grey)]
    }

    /// Returns the line of an event that deserves attention.
    func remark(_ text: String, now: WallTime) -> [String] {
        [style.paint(clock(now, now: now), .grey) + " " + style.paint("!! \(SafeText.line(text))", .yellow)]
    }

    /// Returns the line of a failure.
    func failure(_ text: String, now: WallTime) -> [String] {
        [style.paint(clock(now, now: now), .grey) + " " + style.paint("!! \(SafeText.line(text))", .red)]
    }

    /// Returns a table of the people who are here.
    func table(_ peers: [Event.PeerSummary], now: WallTime) -> [String] {
        guard !peers.isEmpty else { return notice("nobody else is within earshot yet", now: now) }
        let count = peers.count == 1 ? "1 other" : "\(peers.count) others"
        let rows = peers.map { peer in
            var state = peer.isBlocked ? ["blocked"] : []
            if let away = peer.away { state.append(away.isEmpty ? "away" : "away: \(SafeText.line(away))") }
            return [
                SafeText.line(peer.nameAndPlace),
                peer.isThroughFirewall ? "\(peer.via.rawValue), through a firewall" : peer.via.rawValue,
                peer.address?.description ?? "-",
                String(peer.id.description.prefix(8)), state.joined(separator: ", "),
            ]
        }
        let widths = (0..<4).map { column in rows.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        return notice("\(count) within earshot:", now: now)
            + zip(peers, rows).map { peer, row in
                var line = "  "
                for column in 0..<4 {
                    let text = column == 0 ? style.paint(row[0], .personal(peer.id)) : row[column]
                    let isLast = column == 3 && row[4].isEmpty
                    let blanks = isLast ? 0 : widths[column] - DisplayWidth.of(row[column]) + 2
                    line += text + String(repeating: " ", count: blanks)
                }
                return line + row[4]
            }
    }

    /// Returns `HH:MM`, preceded by the day unless it is today.
    private func clock(_ time: WallTime, now: WallTime) -> String {
        let then = time.calendar(offset: utcOffset)
        let today = now.calendar(offset: utcOffset)
        let clock = "\(twoDigits(then.hour)):\(twoDigits(then.minute))"
        if (then.year, then.month, then.day) == (today.year, today.month, today.day) { return clock }
        return "\(then.day) \(Self.months[then.month - 1]) \(clock)"
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
