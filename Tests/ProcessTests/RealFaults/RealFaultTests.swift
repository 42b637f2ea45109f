import Foundation
import TestKit
import Testing

/// Real processes on hosts with all the faults of real networks, drawn from a seed. `EARSHOT_SEED` is the first seed,
/// `EARSHOT_SEEDS` the number of seeds, `EARSHOT_FAULT_SECONDS` the duration of each.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(600)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct RealFaultTests {
    private func number(_ variable: String, usually: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? usually
    }

    private func eachSeed(_ body: (UInt64, Int) throws -> String) rethrows {
        let first = number("EARSHOT_SEED", usually: 1)
        for seed in first..<first + number("EARSHOT_SEEDS", usually: 1) {
            print("real faults: EARSHOT_SEED=\(seed)")
            print("real faults: \(try body(UInt64(seed), number("EARSHOT_FAULT_SECONDS", usually: 8)))")
        }
    }

    @Test("six hosts on a LAN with all kinds of faults recover afterwards")
    func lan() throws {
        try eachSeed { seed, seconds in
            let place = try TemporaryDirectory()
            let lan = try Lan(6)
            let kinds = RealFaultPlan.Kind.allCases.filter { $0 != .relayKilled }
            let plan = RealFaultPlan(seed: seed, hosts: 6, kinds: kinds, seconds: seconds)
            let hosts = try lan.sockets.enumerated().map {
                try RealFaultHost($0.offset, $0.element, state: place.path(of: "h\($0.offset)"), arguments: [])
            }
            return try RealFaultRun(plan, hosts: hosts, lobbies: [("lobby", Array(0..<6))]).run()
        }
    }

    @Test("two LANs and a relay with all kinds of faults recover afterwards")
    func twoLans() throws {
        try eachSeed { seed, seconds in
            let place = try TemporaryDirectory()
            let net = try TwoLans(hostsPerLan: 3)
            // Names that are unique on a LAN need not be at the relay, so no peer may want the name of another here.
            let kinds = RealFaultPlan.Kind.allCases.filter {
                ![.namesakes, .moved, .readdressed, .parted].contains($0)
            }
            let plan = RealFaultPlan(seed: seed, hosts: 6, kinds: kinds, seconds: seconds)
            let hosts = try net.sockets.enumerated().map { index, socket in
                try RealFaultHost(
                    index, socket, state: place.path(of: "h\(index)"),
                    arguments: ["--relay", "earshot://\(net.middleAddress(index / 3))"])
            }
            let lobbies = [("lobby", [0, 1, 2]), ("lobby", [3, 4, 5]), ("lobby@hub", Array(0..<6))]
            return try RealFaultRun(plan, hosts: hosts, lobbies: lobbies) {
                try RelayProcess(["--state", place.path(of: "relay"), "--name", "hub"], namespace: net.middle)
            }.run()
        }
    }
}
