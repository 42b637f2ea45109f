import RelayCore

/// The results of a benchmark: a table for people, lines for programs.
struct MeasurementReport {
    var lines: [Line] = []
    /// The remarks shown below the table.
    var remarks: [String] = []

    struct Line {
        var name: String
        var figures: [Figure] = []

        mutating func add(_ name: String, _ value: Double, _ unit: Unit, spread: Double? = nil) {
            figures.append(Figure(name: name, value: value, unit: unit, spread: spread))
        }
    }

    struct Figure {
        /// The heading of its column.
        var name: String
        var value: Double
        var unit: Unit
        var spread: Double?
    }

    enum Unit {
        case nanoseconds, seconds, perSecond, bytes, count, times
    }

    mutating func add(_ name: String, _ fill: (inout Line) throws -> Void) rethrows {
        var line = Line(name: name)
        try fill(&line)
        lines.append(line)
    }

    /// Returns a table with a column for each heading, in the order in which headings first appear.
    func table(of benchmark: Benchmark) -> String {
        var headings: [String] = []
        for line in lines {
            for figure in line.figures where !headings.contains(figure.name) { headings.append(figure.name) }
        }
        var rows = [[benchmark.name] + headings]
        for line in lines {
            rows.append([line.name] + headings.map { heading in line.figures.first { $0.name == heading }?.text ?? "" })
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = "\n\(benchmark.about)\n"
        for row in rows {
            let cells = row.enumerated().map { column, cell in
                column == 0 ? cell.padded(to: widths[0]) : cell.padded(to: -widths[column])
            }
            text += cells.joined(separator: "  ").trimmingEnd + "\n"
        }
        return text + remarks.map { "\($0)\n" }.joined()
    }

    func jsonLines(of benchmark: Benchmark) -> String {
        lines.map { line in
            var fields = ["\"benchmark\":\"\(benchmark.name)\"", "\"case\":\"\(line.name)\""]
            for figure in line.figures {
                fields.append("\"\(figure.name)\":\(figure.value.isFinite ? "\(figure.value)" : "null")")
                fields.append("\"\(figure.name) unit\":\"\(figure.unit)\"")
                if let spread = figure.spread { fields.append("\"\(figure.name) spread\":\(spread)") }
            }
            return "{\(fields.joined(separator: ","))}\n"
        }.joined()
    }
}

extension MeasurementReport.Figure {
    fileprivate var text: String {
        let number =
            switch unit {
            case .nanoseconds: Self.scaled(value, [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
            case .seconds: Self.scaled(value * 1e9, [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
            case .perSecond: Self.scaled(value, [(1, "/s"), (1e3, "k/s"), (1e6, "M/s")])
            case .bytes: Self.scaled(value, [(1, "B"), (1e3, "KB"), (1e6, "MB")])
            case .count: Self.threeDigits(value)
            case .times: Self.threeDigits(value) + "×"
            }
        guard let spread else { return number }
        return "\(number) ±\(Int((spread * 50).rounded())) %"
    }

    private static func scaled(_ value: Double, _ units: [(size: Double, name: String)]) -> String {
        let unit = units.last { value.magnitude >= $0.size * 0.9995 } ?? units[0]
        return "\(threeDigits(value / unit.size)) \(unit.name)"
    }

    private static func threeDigits(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        if value == value.rounded(), value.magnitude < 1e6 { return "\(Int(value))" }
        let digits = value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : value.magnitude >= 0.1 ? 2 : 4
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension String {
    /// Returns the text padded with spaces behind it, or before it if the width is negative.
    func padded(to width: Int) -> String {
        let space = String(repeating: " ", count: max(0, abs(width) - count))
        return width < 0 ? space + self : self + space
    }

    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
