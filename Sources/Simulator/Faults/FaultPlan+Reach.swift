public import CoreModel
import Wire

/// Faults of reach: they keep hosts from hearing each other without breaking anything that they have.
extension FaultPlan {
    /// Draws firewalls, switches without multicast, and slow hosts. They have a random stream of their own, so that the
    /// rest of a seed is the same with and without them.
    ///
    /// - Parameters:
    ///   - kinds: The kinds that may be on; a coin is tossed for each. Kinds that do not limit reach are ignored.
    ///   - lans: The hosts that may get a firewall, by LAN.
    ///   - start: The time before which no switch drops multicast temporarily; permanent faults begin with the run.
    ///   - duration: The time after which switches that drop multicast temporarily pass it again.
    public init(
        reach random: inout some RandomNumberGenerator, kinds: [Kind], lans: [(lan: LANID, hosts: [HostID])],
        from start: Instant, for duration: Duration
    ) {
        let kinds = kinds.filter { $0.limitsReach && Bool.random(using: &random) }
        var faults: [(at: Instant, fault: Fault)] = []
        if kinds.contains(.firewall) {
            for (_, hosts) in lans {
                for host in Self.firewalled(of: hosts, random: &random) {
                    let isRejecting = UInt8.random(in: 0..<4, using: &random) == 0
                    faults.append((Self.beginning, .firewall(host, isRejecting ? .rejecting : .dropping)))
                }
            }
        }
        if kinds.contains(.deafSwitch), let lan = lans.randomElement(using: &random)?.lan {
            if Bool.random(using: &random) {
                faults.append((Self.beginning, .deafen(lan)))
            } else {
                let span = duration.wholeNanoseconds
                let first = Int64.random(in: 0..<span, using: &random)
                let last = Int64.random(in: first...span, using: &random)
                faults.append((start + .nanoseconds(first), .deafen(lan)))
                faults.append((start + .nanoseconds(last), .undeafen(lan)))
            }
        }
        if kinds.contains(.slowHost), let host = lans.flatMap(\.hosts).randomElement(using: &random) {
            let span = duration.wholeNanoseconds
            let first = Int64.random(in: 0..<span, using: &random)
            let last = Int64.random(in: first...span, using: &random)
            let rate = Int.random(in: 2_000...200_000, using: &random)
            faults.append((start + .nanoseconds(first), .slow(host, bytesPerSecond: rate)))
            faults.append((start + .nanoseconds(last), .slow(host, bytesPerSecond: nil)))
        }
        self.init(kinds: kinds, faults: faults)
    }

    private static var beginning: Instant { Instant(nanoseconds: 0) }

    /// Returns the hosts with firewalls: often one of a LAN, often most, sometimes all.
    private static func firewalled(of hosts: [HostID], random: inout some RandomNumberGenerator) -> [HostID] {
        let most = hosts.count - 1
        let count =
            switch UInt8.random(in: 0..<10, using: &random) {
            case 0..<4: min(1, most)
            case 4..<7: most
            case 7..<9: Int.random(in: 0...most, using: &random)
            default: hosts.count
            }
        return hosts.shuffled(using: &random).prefix(count).sorted()
    }
}
