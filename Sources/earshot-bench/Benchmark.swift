/// Something that can be measured by name.
struct Benchmark: Sendable {
    let name: String
    let about: String
    let run: @Sendable (Plan) throws -> Report

    static var all: [Benchmark] {
        [codec, handshake, reconcile, store, join, tell, say, fanout]
    }
}

/// How thoroughly to measure.
struct Plan: Sendable {
    let isQuick: Bool
    /// Which number of members or peers alone is meant.
    let part: String?

    /// How often a figure is taken; the median is shown.
    var runs: Int { isQuick ? 3 : 9 }
    /// Those of some numbers that are meant.
    func meant(_ numbers: [Int]) -> [Int] {
        guard let part else { return numbers }
        return part.split(separator: ",").compactMap { Int($0) }
    }

    /// How long one run lasts at least.
    var nanosecondsPerRun: UInt64 { isQuick ? 5_000_000 : 40_000_000 }
}

/// Why a benchmark could not be run.
struct Obstacle: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
