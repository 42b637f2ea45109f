import Foundation
import Simulator

/// How long many peers take to see each other with nothing going wrong, and what it costs.
struct ScaleRun {
    private let arguments: SimulationArguments

    init(_ arguments: SimulationArguments) { self.arguments = arguments }

    func run() throws -> Int32 {
        let clock = ContinuousClock()
        let start = clock.now
        let seed = arguments.replayed ?? arguments.seeds.lowerBound
        show("seed \(seed), \(arguments.peers) peers\n")
        let crowd = Crowd(seed: seed, peers: arguments.peers)
        let joined = try crowd.gather(limit: .seconds(120))
        let fastest = clock.now - start
        show(
            joined.map { "all see all after \($0)" }
                ?? "not all see all after 120 s: \(crowd.shareOfViews * 100) % of all pairs do")
        show(" (\(fastest) of real time)\n")
        let quiet = Duration.seconds((arguments.hours ?? 1 / 60) * 3_600)
        let before = crowd.simulation.recorder.total
        try crowd.simulation.run(for: quiet)
        let after = crowd.simulation.recorder.total
        let seconds = Double(quiet.components.seconds) * Double(arguments.peers)
        let links = crowd.linksPerPeer
        show("links per peer: \(links.least) to \(links.most)\n")
        show("to join, per peer: \(before.linkBytes / arguments.peers) bytes on links, ")
        show("\(before.datagramBytes / arguments.peers) bytes in \(before.datagrams / arguments.peers) datagrams\n")
        show("then, per peer and second: \(Int(Double(after.linkBytes - before.linkBytes) / seconds)) bytes on links, ")
        show("\(Double(after.datagramBytes - before.datagramBytes) / seconds) bytes in datagrams\n")
        show("resident memory per peer: \(Self.residentKiB() / arguments.peers) KiB, of the simulation and all\n")
        show("\(quiet) more of virtual time, \(clock.now - start) of real time in all, ")
        show("\(crowd.simulation.stepCount) steps\n")
        return joined == nil ? 1 : 0
    }

    private static func residentKiB() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) } ?? 0
    }
}
