import CoreModel
import Foundation
import Host
import Simulator

/// A measurement of the time in which many peers see each other without faults, and of its cost.
struct ScaleRun {
    private let arguments: SimulationArguments

    init(_ arguments: SimulationArguments) { self.arguments = arguments }

    func run() throws -> Int32 {
        let clock = ContinuousClock()
        let start = clock.now
        let seed = arguments.replayed ?? arguments.seeds.lowerBound
        show("seed \(seed), \(arguments.peers) peers\n")
        let crowd = Crowd(seed: seed, peers: arguments.peers, fullMeshCount: arguments.fullMeshCount)
        let joined = try crowd.gather(limit: .seconds(120)) { time, share in
            let links = crowd.simulation.recorder.total.linksOpened
            progress(
                "\(time): \(Int(share * 100)) % of all pairs, \(links) links opened, \(Self.residentKiB() / 1024) MiB")
        }
        show(
            joined.map { "all see all after \($0)" }
                ?? "not all see all after 120 s: \(crowd.shareOfViews * 100) % of all pairs do")
        show(spent(since: start, clock, crowd))
        let joining = crowd.simulation.recorder.total
        show("to join, per peer: \(joining.linkBytes / arguments.peers) bytes on links, ")
        show("\(joining.linksOpened / arguments.peers) links opened, ")
        show("\(joining.datagramBytes / arguments.peers) bytes in \(joining.datagrams / arguments.peers) datagrams\n")
        // Unneeded links are closed in this time.
        try crowd.run(for: .seconds(60))
        let settled = crowd.simulation.recorder.total
        show(
            "in the minute after, per peer: \((settled.linkBytes - joining.linkBytes) / arguments.peers) bytes on links, "
        )
        show("\((settled.linksOpened - joining.linksOpened) / arguments.peers) links opened\n")
        let links = crowd.linksPerPeer
        show("links per peer: \(links.least) to \(links.most)")
        show(spent(since: start, clock, crowd))
        try rest(crowd)
        show("resident memory per peer: \(Self.residentKiB() / arguments.peers) KiB, of the simulation and all")
        show(spent(since: start, clock, crowd))
        let isRight = try live(crowd)
        show("resident memory per peer: \(Self.residentKiB() / arguments.peers) KiB, of the simulation and all\n")
        show("\(crowd.simulation.now.nanoseconds / 1_000_000_000) s of virtual time")
        show(spent(since: start, clock, crowd))
        return joined == nil || !isRight ? 1 : 0
    }

    private func spent(since start: ContinuousClock.Instant, _ clock: ContinuousClock, _ crowd: Crowd) -> String {
        let processor = Double(Foundation.clock()) / Double(CLOCKS_PER_SEC)
        return " (so far \((clock.now - start).components.seconds) s, \(Int(processor)) s of a processor, "
            + "\(crowd.simulation.stepCount) steps)\n"
    }

    /// Shows progress on standard error.
    private func progress(_ text: String) {
        ProcessEnvironment.printError(text)
    }

    /// Measures the cost of a quiet network.
    private func rest(_ crowd: Crowd) throws {
        let before = crowd.simulation.recorder.total
        let quiet = Duration.seconds(60)
        try crowd.run(for: quiet)
        let after = crowd.simulation.recorder.total
        let seconds = Double(quiet.components.seconds) * Double(arguments.peers)
        show(
            "quiet, per peer and second: \(Int(Double(after.linkBytes - before.linkBytes) / seconds)) bytes on links, ")
        show("\(Double(after.datagramBytes - before.datagramBytes) / seconds) bytes in datagrams\n")
    }

    /// Lets people act, and checks that everybody sees the actions. Nothing else is checked here: faults are for seeds.
    private func live(_ crowd: Crowd) throws -> Bool {
        let hours = arguments.hours ?? 0.05
        let deeds = min(max(10, Int(hours * 100)), 500)
        let before = crowd.simulation.recorder.total
        let life = try crowd.live(for: .seconds(hours * 3_600), deeds: deeds)
        let bytes = crowd.simulation.recorder.total.linkBytes - before.linkBytes
        show(
            "then \(hours) h with \(deeds) actions of people; median and longest time until the others saw them:\n"
        )
        for (name, delays) in [
            ("a line in the lobby", life.lines), ("a private message, to its receipt", life.tells),
            ("a newcomer", life.joins), ("a quit", life.quits), ("a crash", life.crashes),
        ] {
            guard let median = delays.median, let longest = delays.longest else { continue }
            show(
                "  \(name): \(Self.milliseconds(median)) ms, \(Self.milliseconds(longest)) ms, \(delays.count) times\n")
        }
        show(
            "  per peer and second: \(Int(Double(bytes) / Double(arguments.peers) / (hours * 3_600))) bytes on links\n")
        for complaint in life.complaints { show("  wrong: \(complaint)\n") }
        show("  \(life.complaintCount) errors\n")
        return life.complaintCount == 0
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(duration / .milliseconds(1))
    }

    private static func residentKiB() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) } ?? 0
    }
}
