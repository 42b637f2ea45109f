import CMeasure
import Glibc

/// The processor time of one operation: the median of several runs, and their spread. It is not wall-clock time, since
/// other programs may be running.
struct Timing {
    var nanoseconds: Double
    /// The share of the median within which the middle half of the runs lies.
    var spread: Double
    /// The number of memory allocations on this thread.
    var allocations: Double

    var perSecond: Double { 1e9 / nanoseconds }

    /// Repeats an operation until a run is long enough to be measured, and measures several runs.
    static func of(_ plan: Plan, _ operation: () throws -> Void) rethrows -> Timing {
        try of(plan, operation, beside: operation).timing
    }

    /// Measures an operation and its floor alternately, so that both are disturbed alike.
    static func of(
        _ plan: Plan, _ operation: () throws -> Void, beside floor: () throws -> Void
    ) rethrows -> (timing: Timing, floor: Timing, ratio: Double) {
        let repetitions = try repetitions(plan, operation)
        let floorRepetitions = try self.repetitions(plan, floor)
        var (times, floors, ratios): ([Double], [Double], [Double]) = ([], [], [])
        var (allocations, floorAllocations) = (0.0, 0.0)
        for _ in 0..<plan.runs {
            let lowest = try once(floorRepetitions, floor)
            let run = try once(repetitions, operation)
            floors.append(lowest.nanoseconds)
            times.append(run.nanoseconds)
            ratios.append(run.nanoseconds / lowest.nanoseconds)
            (allocations, floorAllocations) = (run.allocations, lowest.allocations)
        }
        return (
            Timing(Measurement(times), allocations: allocations),
            Timing(Measurement(floors), allocations: floorAllocations),
            Measurement(ratios).median
        )
    }

    private init(_ sample: Measurement, allocations: Double) {
        nanoseconds = sample.median
        spread = sample.spread
        self.allocations = allocations
    }

    private static func repetitions(_ plan: Plan, _ operation: () throws -> Void) rethrows -> Int {
        var repetitions = 1
        while true {
            let start = ProcessorClock.processor
            for _ in 0..<repetitions { try operation() }
            let elapsed = ProcessorClock.processor - start
            if elapsed >= plan.nanosecondsPerRun { return repetitions }
            let wanted = Double(plan.nanosecondsPerRun) / Double(max(elapsed, 1)) * 1.2
            repetitions = max(repetitions + 1, Int(Double(repetitions) * min(wanted, 100)))
        }
    }

    private static func once(
        _ repetitions: Int, _ operation: () throws -> Void
    ) rethrows -> (nanoseconds: Double, allocations: Double) {
        let before = measure_allocation_count()
        let start = ProcessorClock.processor
        for _ in 0..<repetitions { try operation() }
        let elapsed = ProcessorClock.processor - start
        let allocations = measure_allocation_count() - before
        return (Double(elapsed) / Double(repetitions), Double(allocations) / Double(repetitions))
    }
}

/// Several measurements of the same quantity.
struct Measurement {
    private let sorted: [Double]

    init(_ values: [Double]) {
        precondition(!values.isEmpty, "there are measurements")
        sorted = values.sorted()
    }

    var median: Double { quantile(0.5) }

    /// The share of the median within which the middle half of the values lies.
    var spread: Double { median == 0 ? 0 : (quantile(0.75) - quantile(0.25)) / median }

    func quantile(_ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
    }
}

enum ProcessorClock {
    /// The time since the machine started, in nanoseconds.
    static var now: UInt64 { read(CLOCK_MONOTONIC) }

    /// The processor time of this process so far, in nanoseconds.
    static var processor: UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Keeps the compiler from eliminating an unused value.
@inline(never)
func use<Value>(_ value: borrowing Value) {}
