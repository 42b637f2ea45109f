import CoreModel
import Wire

/// Checks that no two peers in contact both hold one name for longer than it takes to notice.
struct NameWatch {
    /// The maximum time that two peers may hold one name while they can talk.
    static let timeout = Duration.seconds(2)

    private struct Pair: Hashable {
        var one: HostID
        var other: HostID
    }

    private var held: [HostID: String] = [:]
    /// The holders of each name, ascending; short lists, because names are rarely shared.
    private var holders: [String: [HostID]] = [:]
    private var shared: [String] = []
    /// The time since when the two have been in contact without a break, each holding the name.
    private var since: [Pair: Instant] = [:]

    mutating func look(at simulation: Simulation<Resident>, peers: [PeerID]) throws {
        for host in simulation.stirred where host.number < peers.count {
            update(host, simulation.node(of: host)?.heldName?.folded)
        }
        guard !shared.isEmpty else {
            if !since.isEmpty { since = [:] }
            return
        }
        var still: [Pair: Instant] = [:]
        for name in shared {
            let hosts = holders[name] ?? []
            for (index, one) in hosts.enumerated() {
                for other in hosts[(index + 1)...] where areInContact(one, other, simulation, peers) {
                    let start = since[Pair(one: one, other: other)] ?? simulation.now
                    still[Pair(one: one, other: other)] = start
                    guard simulation.now - start > Self.timeout else { continue }
                    throw Violation(
                        "two peers in contact do not both hold a name", "\(one) and \(other) hold \(name)",
                        step: simulation.stepCount, at: simulation.now)
                }
            }
        }
        since = still
    }

    private mutating func update(_ host: HostID, _ name: String?) {
        guard held[host] != name else { return }
        if let old = held[host] {
            holders[old]?.removeAll { $0 == host }
            if (holders[old]?.count ?? 0) < 2 { shared.removeAll { $0 == old } }
        }
        held[host] = name
        guard let name else { return }
        let index = holders[name]?.firstIndex { $0 > host } ?? holders[name]?.count ?? 0
        holders[name, default: []].insert(host, at: index)
        if holders[name]?.count == 2 { shared.append(name) }
    }

    private func areInContact(
        _ one: HostID, _ other: HostID, _ simulation: Simulation<Resident>, _ peers: [PeerID]
    ) -> Bool {
        simulation.node(of: one)?.isLinked(with: peers[other.number]) == true
            && simulation.node(of: other)?.isLinked(with: peers[one.number]) == true
            && simulation.canTalk(one, other)
    }
}
