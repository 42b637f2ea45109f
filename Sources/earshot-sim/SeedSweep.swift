import CoreModel
import Foundation
import Host
import Simulator

/// A run of one seed after the other, until one fails.
struct SeedSweep {
    private let arguments: SimulationArguments
    private let settings: TrialSettings
    private let clock = ContinuousClock()

    init(_ arguments: SimulationArguments) {
        self.arguments = arguments
        settings = arguments.settings
    }

    /// The results of the seeds so far.
    private struct Tally {
        var steps = 0
        var messages = 0
        var slowest = (seed: UInt64(0), recovery: Duration.zero, last: "")
        var latestView = (seed: UInt64(0), time: Duration.zero)
        var failed: [UInt64] = []

        mutating func add(_ outcome: TrialOutcome, of seed: UInt64) {
            steps += outcome.steps
            messages += outcome.messages
            if outcome.recovery > slowest.recovery { slowest = (seed, outcome.recovery, outcome.last ?? "") }
            if outcome.fullView > latestView.time { latestView = (seed, outcome.fullView) }
        }
    }

    /// Runs the seeds, or replays one.
    /// - Returns: The exit status of the process.
    func run() throws -> Int32 {
        if let seed = arguments.replayed { return try replay(seed) }
        let start = clock.now
        show("seeds \(arguments.seeds.lowerBound)..\(arguments.seeds.upperBound), \(settings.peers) peers\n")
        var tally = Tally()
        var earlier: Trial?
        for seed in arguments.seeds {
            tellProgress(seed, since: start)
            let trial = Trial(seed: seed, settings: settings, after: earlier)
            earlier = trial
            do {
                tally.add(try trial.run(), of: seed)
            } catch let violation as Violation {
                clearProgress()
                // Run it again, traced this time.
                guard arguments.keepsGoing else { return try replay(seed, isBrief: true) }
                tally.failed.append(seed)
                show("seed \(seed) failed: \(violation.invariant): \(violation.detail)\n")
            }
            let count = seed - arguments.seeds.lowerBound + 1
            if arguments.keepsGoing, count % 500 == 0 {
                show("\(count) seeds, \(tally.failed.count) failed, \(clock.now - start)\n")
            }
        }
        clearProgress()
        let (slowest, failed) = (tally.slowest, tally.failed.count)
        show(
            "\(arguments.seeds.count - failed) of \(arguments.seeds.count) seeds passed in \(clock.now - start): "
                + "\(tally.steps) steps, \(tally.messages) messages, "
                + "slowest to converge: seed \(slowest.seed) with \(slowest.recovery) (\(slowest.last)), "
                + "to see all others after the last start or fault: seed \(tally.latestView.seed) with "
                + "\(tally.latestView.time)\n")
        if failed > 0 { return 1 }
        if arguments.chart != nil { return try replay(arguments.seeds.upperBound, isBrief: true) }
        return 0
    }

    /// Runs one seed with a trace, and shows its outcome.
    /// - Parameter isBrief: Whether the trace is shown only as a chart of its end, if the seed fails.
    private func replay(_ seed: UInt64, isBrief: Bool = false) throws -> Int32 {
        show("seed \(seed), \(settings.peers) peers\n")
        let trial = Trial(seed: seed, settings: settings, isTraced: true)
        if !isBrief { trial.simulation.recorder.traceLimit = 10_000_000 }
        trial.isSampled = arguments.chart != nil
        defer { if !isBrief { showTrace(of: trial) } }
        show("with \(trial.kinds.isEmpty ? "nothing" : trial.kinds.joined(separator: ", "))\n")
        let status: Int32
        var ending: [String]
        do {
            let outcome = try trial.run()
            status = 0
            ending = [
                "passed: \(outcome.steps) steps, \(outcome.messages) messages, came right within \(outcome.recovery), "
                    + "all saw all others \(outcome.fullView) after the last start or fault, "
                    + "\(outcome.traffic.datagrams) datagrams, \(outcome.traffic.linksOpened) links, "
                    + "trace \(String(outcome.fingerprint, radix: 16))"
            ]
        } catch let violation as Violation {
            status = 1
            ending = [
                "seed \(seed) failed at step \(violation.step), \(violation.at.nanoseconds / 1_000_000) ms",
                "violated: \(violation.invariant)", "instead:  \(violation.detail)", "",
            ]
            ending += SequenceChart(trial.simulation.recorder.trace, of: violation.hosts).text
            ending += ["", "again with its whole trace: \(repetition(of: seed))"]
        }
        if let chart = arguments.chart {
            try ConvergenceChart(trial).svg.write(toFile: chart, atomically: true, encoding: .utf8)
        }
        show(ending.joined(separator: "\n") + "\n")
        return status
    }

    private func repetition(of seed: UInt64) -> String {
        let words = CommandLine.arguments.dropFirst()
        var kept: [String] = []
        var skips = false
        for word in words {
            if skips {
                skips = false
            } else if word == "--seeds" || word == "--replay" {
                skips = true
            } else {
                kept.append(word)
            }
        }
        return (["earshot-sim"] + kept + ["--replay", "\(seed)"]).joined(separator: " ")
    }

    private func showTrace(of trial: Trial) {
        for line in trial.simulation.recorder.trace { show("\(line)\n") }
    }

    // MARK: Progress on a terminal

    private func tellProgress(_ seed: UInt64, since start: ContinuousClock.Instant) {
        guard ProcessEnvironment.obeysEscapes(2), seed % 10 == 0 else { return }
        let done = seed - arguments.seeds.lowerBound
        ProcessEnvironment.printError(
            "\rseed \(seed), \(done) done in \((clock.now - start).components.seconds) s ", terminator: "")
    }

    private func clearProgress() {
        if ProcessEnvironment.obeysEscapes(2) { ProcessEnvironment.printError("\r\u{1B}[K", terminator: "") }
    }
}
