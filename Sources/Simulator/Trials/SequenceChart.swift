/// A readable chart of the end of a trace: a column for each host, time downwards, an arrow for each input from another
/// host.
public struct SequenceChart {
    private let lines: [TraceLine]
    private let hosts: [HostID]
    private static let width = 6
    private static let textLimit = 110

    /// - Parameters:
    ///   - trace: The lines, oldest first; the last `count` that concern one of `hosts` are drawn.
    ///   - hosts: The hosts whose columns are drawn; if empty, all that the last lines name.
    public init(_ trace: [TraceLine], of hosts: [HostID] = [], last count: Int = 60) {
        let meant = Set(hosts)
        let relevant = trace.filter { line in
            meant.isEmpty || line.host == nil || line.host.map(meant.contains) == true
        }
        lines = Array(relevant.suffix(count))
        let named = Set(lines.flatMap { [$0.host, $0.source].compactMap(\.self) })
        self.hosts = named.union(meant).sorted()
    }

    /// The chart as lines of text.
    public var text: [String] {
        let header = hosts.map { Self.centred($0.description) }.joined()
        return [Self.padded("seconds", to: 14) + header] + lines.map(row)
    }

    private func row(_ line: TraceLine) -> String {
        var cells = [Character](repeating: " ", count: hosts.count * Self.width)
        for index in hosts.indices { cells[Self.place(index)] = "│" }
        if let target = line.host.flatMap(hosts.firstIndex) {
            if let source = line.source.flatMap(hosts.firstIndex), source != target {
                let (from, to) = (Self.place(source), Self.place(target))
                for place in min(from, to)...max(from, to) { cells[place] = "─" }
                cells[from] = from < to ? "├" : "┤"
                cells[to] = from < to ? "▶" : "◀"
            } else {
                cells[Self.place(target)] = "●"
            }
        }
        let text = line.text.count > Self.textLimit ? line.text.prefix(Self.textLimit - 1) + "…" : line.text[...]
        return Self.padded(line.at.stamp, to: 14) + String(cells) + " " + (line.host.map { "\($0): " } ?? "") + text
    }

    private static func place(_ index: Int) -> Int { index * width + width / 2 }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func centred(_ text: String) -> String {
        let left = String(repeating: " ", count: max(0, width / 2 - text.count / 2))
        return padded(left + text, to: width)
    }
}
