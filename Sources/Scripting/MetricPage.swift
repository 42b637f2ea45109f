import CoreModel

/// A metric as a collector reads it: one number, or one for each value of a label.
public struct Metric: Equatable, Sendable {
    public enum Kind: String, Sendable {
        /// A number that only grows while the process runs.
        case counter
        case gauge
    }

    public struct Sample: Equatable, Sendable {
        /// The label `name="value"`, if there is one.
        var label: (name: String, value: String)?
        var value: Double

        public static func == (left: Self, right: Self) -> Bool {
            left.label?.name == right.label?.name && left.label?.value == right.label?.value
                && left.value == right.value
        }
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    /// Creates a metric with a single number.
    public init(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        self.kind = kind
        self.name = name
        self.help = help
        samples = [Sample(label: nil, value: value)]
    }

    /// Creates a metric with a number for each value of a label.
    public init(_ kind: Kind, _ name: String, _ help: String, by label: String, _ values: [(String, Double)]) {
        self.kind = kind
        self.name = name
        self.help = help
        samples = values.map { Sample(label: (label, $0.0), value: $0.1) }
    }
}

/// The text format of Prometheus, version 0.0.4.
public enum MetricPage {
    public static func text(of metrics: [Metric]) -> [UInt8] {
        var text = ""
        for metric in metrics {
            text += "# HELP \(metric.name) \(escaped(metric.help))\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                let label = sample.label.map { "{\($0.name)=\"\(escaped($0.value, quotes: true))\"}" } ?? ""
                text += "\(metric.name)\(label) \(number(sample.value))\n"
            }
        }
        return Array(text.utf8)
    }

    /// Returns the number, without a decimal point if it is whole and exact.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 0x1p53 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
