public import CoreModel

/// The degree of convergence at one time.
public struct Sample: Equatable, Sendable {
    public var at: Instant
    /// The number of peers that run and hold a name.
    public var running: Int
    /// The share, of 1, of all pairs (peer, other peer) in which the one shows the other under its name.
    public var views: Double
    /// The share, of 1, of all pairs (peer, lobby message) in which the peer has shown the message.
    public var lobby: Double
    /// The number of gatherings.
    public var gatherings: Int
}

/// A chart of how a trial's peers converged, as SVG, with the faults as marks below.
public struct ConvergenceChart {
    private let samples: [Sample]
    private let faults: [Instant]
    private let title: String
    private let peers: Int
    private static let (width, height, left, top) = (900.0, 320.0, 50.0, 40.0)

    /// - Parameter trial: A trial that has run, with samples.
    public init(_ trial: Trial) {
        samples = trial.samples
        faults = trial.plan.faults.map(\.at)
        peers = trial.settings.peers
        title = "seed \(trial.seed), \(peers) peers: \(trial.kinds.joined(separator: ", "))"
    }

    /// The text of the SVG file.
    public var svg: String {
        let full = (Self.width + 2 * Self.left, Self.height + 3 * Self.top)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(full.0)\" height=\"\(full.1)\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            "<text x=\"\(Self.left)\" y=\"20\">\(title)</text>",
        ]
        for share in [0.0, 0.5, 1.0] {
            let y = Self.y(share)
            lines.append("<path d=\"M\(Self.left) \(y)h\(Self.width)\" stroke=\"#ddd\"/>")
            lines.append("<text x=\"8\" y=\"\(y + 4)\">\(Int(share * 100)) %</text>")
        }
        lines += curve("#06c", "views", 0) { $0.views }
        lines += curve("#c60", "lobby shown", 1) { $0.lobby }
        lines += curve("#090", "peers running", 2) { Double($0.running) / Double(peers) }
        lines += curve("#909", "one gathering = 100 %", 3) { $0.gatherings == 0 ? 0 : 1 / Double($0.gatherings) }
        for fault in faults {
            lines.append("<path d=\"M\(x(fault)) \(Self.y(0) + 4)v8\" stroke=\"#c00\"/>")
        }
        let seconds = (samples.last?.at.nanoseconds ?? 0) / 1_000_000_000
        lines.append(
            "<text x=\"\(Self.left)\" y=\"\(Self.y(0) + 28)\">0 to \(seconds) s of virtual time; faults in red</text>")
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private func curve(_ colour: String, _ name: String, _ index: Int, _ value: (Sample) -> Double) -> [String] {
        let points = samples.map { "\(x($0.at)),\(Self.y(value($0)))" }.joined(separator: " ")
        let legend = Self.left + 160 * Double(index)
        return [
            "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\"/>",
            "<text x=\"\(legend)\" y=\"\(Self.y(0) + 48)\" fill=\"\(colour)\">\(name)</text>",
        ]
    }

    private func x(_ at: Instant) -> Double {
        let end = max(1, samples.last?.at.nanoseconds ?? 1)
        return Self.left + (Self.width * min(1, Double(at.nanoseconds) / Double(end))).rounded()
    }

    private static func y(_ share: Double) -> Double { top + (height * (1 - share)).rounded() }
}
