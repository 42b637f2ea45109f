import CoreModel
import Links
import LocalNetwork
import PeerCore
import RelayCore
import RoomSync
import Simulator
import TestKit
import Testing
import Wire

@Suite("Firewalls and switches without multicast as faults of a trial")
struct ReachPlanTests {
    private static let lans = [
        (lan: LANID(0), hosts: (0..<5).map(HostID.init)), (lan: LANID(1), hosts: [HostID(5)]),
    ]

    private func plans(_ count: Int, _ kinds: [FaultPlan.Kind] = FaultPlan.Kind.reach) -> [FaultPlan] {
        var random = SeededGenerator(seed: 1)
        return (0..<count).map { _ in
            FaultPlan(
                reach: &random, kinds: kinds, lans: Self.lans, from: Instant(nanoseconds: 500_000_000),
                for: .seconds(20))
        }
    }

    @Test("often one host of a LAN has a firewall, often all but one, seldom all, for the whole run")
    func firewalls() {
        var counts = [Int](repeating: 0, count: 6)
        var kinds: [Firewall: Int] = [:]
        var lonely = 0
        for plan in plans(1_000) {
            var firewalled: Set<HostID> = []
            for case (let at, .firewall(let host, let firewall?)) in plan.faults {
                #expect(at == Instant(nanoseconds: 0) && firewalled.insert(host).inserted)
                kinds[firewall, default: 0] += 1
            }
            #expect(plan.kinds.contains(.firewall) || firewalled.isEmpty)
            guard plan.kinds.contains(.firewall) else { continue }
            counts[firewalled.count { $0.number < 5 }] += 1
            if firewalled.contains(HostID(5)) { lonely += 1 }
        }
        #expect((400...600).contains(counts.reduce(0, +)), "\(counts)")
        #expect(counts[1] > 150 && counts[4] > 110 && counts[2] > 5 && counts[3] > 5, "\(counts)")
        // With one host alone, all is one.
        #expect((20...90).contains(counts[5]) && (20...90).contains(lonely), "\(counts), \(lonely)")
        #expect(kinds[.dropping, default: 0] > kinds[.rejecting, default: 0] && kinds[.rejecting, default: 0] > 100)
    }

    @Test("a switch drops multicast for the whole run, or temporarily")
    func deafSwitches() {
        var (good, passing) = (0, 0)
        let end = Instant(nanoseconds: 20_500_000_000)
        for plan in plans(200, [.deafSwitch]) where !plan.kinds.isEmpty {
            guard case .deafen(let lan) = plan.faults.first?.fault else {
                Issue.record("\(plan.faults)")
                continue
            }
            if plan.faults.count == 1 {
                good += 1
                #expect(plan.faults[0].at == Instant(nanoseconds: 0))
            } else {
                passing += 1
                guard case .undeafen(lan) = plan.faults[1].fault else {
                    Issue.record("\(plan.faults)")
                    continue
                }
                #expect(plan.faults[0].at <= plan.faults[1].at && plan.faults[1].at <= end)
            }
        }
        #expect(good > 20 && passing > 20)
    }

    @Test("the other faults and habits of a seed are the same with and without them", arguments: 1...12)
    func apart(seed: UInt64) throws {
        var without = TrialSettings(peers: 4)
        without.faults.removeAll(where: \.limitsReach)
        var with = without
        with.faults = FaultPlan.Kind.reach + with.faults
        let names = Set(FaultPlan.Kind.reach.map(\.rawValue))
        let (one, other) = (Trial(seed: seed, settings: without), Trial(seed: seed, settings: with))
        #expect(one.kinds == other.kinds.filter { !names.contains($0) })

        func faults(_ kinds: [FaultPlan.Kind]) -> [String] {
            var random = SeededGenerator(seed: seed)
            let plan = FaultPlan(
                swarm: &random, kinds: kinds, hosts: (0..<4).map(HostID.init), from: Instant(nanoseconds: 0),
                for: .seconds(10), count: 30)
            return plan.faults.map { "\($0)" }
        }
        #expect(faults(with.faults) == faults(without.faults))
    }

    @Test("without faults, the time to a full view counts from the last start")
    func fullView() throws {
        var settings = TrialSettings(peers: 4)
        (settings.faults, settings.habits, settings.messageCount) = ([], [], 0)
        let outcome = try Trial(seed: 1, settings: settings).run()
        #expect(outcome.fullView > .zero && outcome.fullView < .seconds(2), "\(outcome.fullView)")
    }

    @Test("with faults, the time to a full view counts from the last of them")
    func fullViewAfterFaults() throws {
        var settings = TrialSettings(peers: 4)
        (settings.faults, settings.habits, settings.messageCount) = ([.partition], [], 0)
        settings.faultCount = 40
        let trials = (1...8).map { Trial(seed: $0, settings: settings) }
        let trial = try #require(trials.first { !$0.kinds.isEmpty })
        let outcome = try trial.run()
        #expect(outcome.fullView <= outcome.recovery + .milliseconds(250))
    }
}
