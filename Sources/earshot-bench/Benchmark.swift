/// A measurement with a name.
struct Benchmark: Sendable {
    let name: String
    let about: String
    let run: @Sendable (Plan) throws -> MeasurementReport

    static var all: [Benchmark] {
        [codec, handshake, reconcile, store, join, tell, say, fanout]
    }
}

/// How thoroughly to measure.
struct Plan: Sendable {
    let isQuick: Bool
    /// The only number of members or peers to measure; nil for all.
    let part: String?

    /// The number of times that a figure is measured; the median is shown.
    var runs: Int { isQuick ? 3 : 9 }
    /// Returns the selected ones of some numbers.
    func meant(_ numbers: [Int]) -> [Int] {
        guard let part else { return numbers }
        return part.split(separator: ",").compactMap { Int($0) }
    }

    /// The minimum duration of one run.
    var nanosecondsPerRun: UInt64 { isQuick ? 5_000_000 : 40_000_000 }
}

/// The reason why a benchmark could not be run.
struct Obstacle: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
