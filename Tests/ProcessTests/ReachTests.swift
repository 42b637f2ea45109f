import Foundation
import TestKit
import Testing

/// Peers that multicast alone does not connect: hosts behind firewalls, and switches that do not pass multicast
/// (Protocol.md, Introduction by unicast).
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct ReachTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    /// Hosts on one LAN, and the obstacles between them.
    struct Scene: Sendable, CustomTestStringConvertible {
        enum LastStart: Sendable {
            /// With the others.
            case together
            /// Once the others are ready.
            case later
            /// Once the other host has swept all addresses without success.
            case afterSweep
        }

        var testDescription: String
        var hostCount = 2
        var firewalled: [Int] = []
        var firewall = Lan.Firewall.dropping
        /// The start of the last host.
        var lastStart = LastStart.together
        var passesMulticast = true
    }

    static let scenes = [
        Scene(testDescription: "one of two firewalled, together", firewalled: [1]),
        Scene(testDescription: "one of two firewalled, the open one first", firewalled: [1], lastStart: .later),
        Scene(testDescription: "one of two firewalled, the firewalled one first", firewalled: [0], lastStart: .later),
        Scene(
            testDescription: "one of two rejects, it first", firewalled: [0], firewall: .rejecting, lastStart: .later),
        Scene(testDescription: "one of three firewalled", hostCount: 3, firewalled: [2]),
        Scene(testDescription: "both firewalled, together", firewalled: [0, 1]),
        Scene(testDescription: "both firewalled, one long after", firewalled: [0, 1], lastStart: .afterSweep),
        Scene(testDescription: "both reject", firewalled: [0, 1], firewall: .rejecting, lastStart: .later),
        Scene(
            testDescription: "a switch without multicast, one long after", lastStart: .afterSweep,
            passesMulticast: false),
        Scene(testDescription: "six of eight firewalled", hostCount: 8, firewalled: [0, 1, 3, 4, 6, 7]),
    ]

    static let distributionScenes = [Lan.Firewall.ufw, .firewalld].flatMap { firewall in
        [
            Scene(testDescription: "one of two behind \(firewall)", firewalled: [1], firewall: firewall),
            Scene(
                testDescription: "both behind \(firewall)", firewalled: [0, 1], firewall: firewall, lastStart: .later),
        ]
    }

    @Test("all hosts see each other, receive each message once, and know which is behind a firewall", arguments: scenes)
    func isOvercome(_ scene: Scene) throws { try play(scene) }

    @Test(
        "the default firewalls of distributions are overcome",
        .enabled(if: Lan.areDistributionsToBeTested, "needs ufw and firewalld"), arguments: distributionScenes)
    func distribution(_ scene: Scene) throws { try play(scene) }

    private func start(_ index: Int, on lan: Lan, _ arguments: [String] = []) throws -> EarshotProcess {
        try EarshotProcess(
            "h\(index)", state: place.path(of: lan.hosts[index]), namespace: lan.hosts[index], arguments: arguments)
    }

    private func play(_ scene: Scene) throws {
        let lan = try Lan(scene.hostCount)
        if !scene.passesMulticast { try lan.stopMulticast() }
        for index in scene.firewalled { try lan.setFirewall(scene.firewall, on: index) }
        try lan.countDatagrams()
        var peers: [EarshotProcess] = []
        for index in lan.hosts.indices {
            if index == lan.hosts.count - 1 {
                switch scene.lastStart {
                case .together: break
                case .later: for peer in peers { _ = try peer.waitUntilReady() }
                case .afterSweep: try awaitSweep(by: 0, on: lan)
                }
            }
            peers.append(try start(index, on: lan))
        }
        measured(scene.testDescription, try fullView(of: peers))
        try expectChat(among: peers)
        for index in lan.hosts.indices {
            let sent = try lan.sent(by: index)
            #expect(sent.astray == 0)
            // One sweep at most, and few others.
            #expect(sent.introductions < 400, "h\(index) has sent \(sent)")
        }
        try expectFirewalls(in: scene, by: peers)
    }

    /// Returns the seconds from the last start until all peers see each other.
    private func fullView(of peers: [EarshotProcess]) throws -> Double {
        let last = peers.map(\.startedAt).max()!
        var full = last
        for peer in peers {
            for other in peers where other.name != peer.name {
                full = max(full, try peer.joined(other.name, within: 60).time)
            }
        }
        return full - last
    }

    /// Checks that messages to all and to one arrive from each at each, once.
    private func expectChat(among peers: [EarshotProcess]) throws {
        for peer in peers { _ = try peer.waitUntilReady() }
        for peer in peers {
            try peer.say("\(peer.name) to all")
            for other in peers where other.name != peer.name {
                try peer.send(["do": "tell", "to": other.name, "text": "\(peer.name) to \(other.name)"])
            }
        }
        for peer in peers {
            for other in peers where other.name != peer.name {
                _ = try peer.message("\(other.name) to all", within: 30)
                let text = "\(other.name) to \(peer.name)"
                let told = try peer.message(text, within: 30)
                #expect(told.fields["private"] as? Bool == true)
            }
        }
        for peer in peers {
            let others = Set(peers.map(\.name)).subtracting([peer.name])
            let changes = peer.events.filter { $0["event"] == "peer" }
            #expect(changes.compactMap { $0["name"] }.sorted() == others.sorted(), "\(changes.map(\.fields))")
            let heard = peer.events.filter { $0["event"] == "message" && $0["from"] != peer.name }
            #expect(heard.count == others.count * 2, "\(heard.map(\.fields))")
        }
    }

    /// Checks that each knows whether there is a firewall between it and another.
    private func expectFirewalls(in scene: Scene, by peers: [EarshotProcess]) throws {
        for (index, peer) in peers.enumerated() {
            for (name, isThroughFirewall) in try who(peer) {
                let other = try #require(Int(name.dropFirst()))
                if scene.firewalled.contains(index) {
                    #expect(isThroughFirewall, "h\(index) of \(name)")
                } else if !scene.firewalled.contains(other) {
                    // Among many on a busy machine, a peer may learn of another through gossip before it receives its
                    // multicast.
                    #expect(!isThroughFirewall || scene.hostCount > 3, "h\(index) of \(name)")
                } else if scene.hostCount == 2 {
                    // Among more, a firewalled host may have learnt of an open one from a third and have dialled it.
                    #expect(isThroughFirewall, "h\(index) of \(name)")
                }
            }
        }
    }

    private func who(_ peer: EarshotProcess) throws -> [(name: String, isThroughFirewall: Bool)] {
        try peer.send(["do": "who"])
        let answer = try peer.first("who is here") { $0["event"] == "who" }
        let entries = try #require(answer.fields["peers"] as? [[String: Any]])
        return try entries.map { (try #require($0["name"] as? String), $0["firewall"] as? Bool ?? false) }
            .filter { $0.name != peer.name }
    }

    // MARK: Datagrams that are sent, and that are not

    /// All addresses but its own, that of the network and the broadcast address.
    private static let sweepCount = 253

    private func awaitSweep(by index: Int, on lan: Lan) throws {
        let end = EarshotProcess.uptime() + 60 * Sanitizer.slowness
        while try lan.sent(by: index).introductions < Self.sweepCount, EarshotProcess.uptime() < end {
            letTimePass(0.1)
        }
        #expect(try lan.sent(by: index).introductions >= Self.sweepCount, "h\(index) has not swept")
    }

    /// A machine that stalls for long enough makes a host search for others, so one good run of several is enough.
    @Test("where multicast works, nothing is sent to single addresses")
    func healthy() throws {
        var runs: [[Lan.Sent]] = []
        for _ in 0..<5 {
            let lan = try Lan(4)
            try lan.countDatagrams()
            let peers = try lan.hosts.indices.map { try start($0, on: lan) }
            measured("4 open hosts", try fullView(of: peers))
            try expectChat(among: peers)
            for peer in peers { #expect(try who(peer).allSatisfy { !$0.isThroughFirewall }) }
            runs.append(try lan.hosts.indices.map { try lan.sent(by: $0) })
            if runs.last!.allSatisfy({ $0.introductions == 0 && $0.astray == 0 }) { return }
        }
        Issue.record("sent to single addresses in each run: \(runs)")
    }

    @Test("a peer that was alone long enough to sweep stops sending to single addresses once another appears")
    func healthyAfterSweep() throws {
        var runs: [[Lan.Sent]] = []
        for _ in 0..<5 {
            let lan = try Lan(2)
            try lan.countDatagrams()
            let first = try start(0, on: lan)
            try awaitSweep(by: 0, on: lan)
            let before = try lan.sent(by: 0)
            let second = try start(1, on: lan)
            measured("2 open hosts, one after a sweep", try fullView(of: [first, second]))
            try expectChat(among: [first, second])
            runs.append(try lan.hosts.indices.map { try lan.sent(by: $0) })
            if runs.last!.map(\.introductions) == [before.introductions, 0] { return }
        }
        Issue.record("sent to single addresses in each run: \(runs)")
    }

    @Test("a sweep is limited to its own network, and options disable it")
    func sweep() throws {
        let lan = try Lan(5)
        try lan.isolateHosts()
        // Wider than the widest swept prefix: the /24 around the address is swept.
        try lan.setAddress(3, to: "10.83.0.4/16")
        try lan.setFirewall(.dropping, on: 4)
        try lan.countDatagrams()
        let options = [["--no-sweep"], ["--no-multicast"], [], [], []]
        var peers: [EarshotProcess] = []
        for index in lan.hosts.indices.reversed() where index > 2 { peers.append(try start(index, on: lan)) }
        for index in [0, 1] {
            peers.append(try start(index, on: lan, options[index]))
            _ = try peers.last!.waitUntilReady()
        }
        // The last to start shows how much time the others have had.
        peers.append(try start(2, on: lan))
        for index in [2, 3, 4] { try awaitSweep(by: index, on: lan) }
        for index in [2, 3, 4] {
            let sent = try lan.sent(by: index)
            #expect(sent.introductions == Self.sweepCount, "h\(index) has sent \(sent)")
            #expect(sent.astray == 0, "h\(index) has sent \(sent)")
            #expect(sent.multicast > 0, "h\(index) has sent \(sent)")
        }
        let unswept = try lan.sent(by: 0)
        #expect(unswept.introductions == 0 && unswept.astray == 0 && unswept.multicast > 0, "\(unswept)")
        #expect(try lan.sent(by: 1) == Lan.Sent())
    }

    @Test(
        "bridges of containers, tunnels and point-to-point lines are not swept",
        .enabled(if: Lan.areTunnelsToBeTested, "needs /dev/net/tun"))
    func otherInterfaces() throws {
        let lan = try Lan(1)
        let host = lan.hosts[0]
        // A container's end of a cable provides the bridge with its carrier.
        try Lan.run("ip -n \(host) link add docker0 type bridge")
        try Lan.run("ip -n \(host) link add inside type veth peer name outside")
        try Lan.run("ip -n \(host) link set outside master docker0")
        try Lan.run("ip -n \(host) addr add 172.17.0.1/24 dev docker0")
        for name in ["inside", "outside", "docker0"] { try Lan.run("ip -n \(host) link set \(name) up") }
        let tunnel = try Tunnel("tun0", in: host)
        defer { tunnel.close() }
        try Lan.run("ip -n \(host) addr add 10.99.0.1/24 dev tun0")
        try Lan.run("ip -n \(host) link set tun0 up")
        try lan.countDatagrams()
        let peer = try start(0, on: lan)
        try awaitSweep(by: 0, on: lan)
        // The sweep begins on all networks at the same time.
        #expect(try lan.sent(by: 0).astray == 0)
        // For multicast, both are ordinary networks.
        let interfaces = try Lan.run("ip netns exec \(host) cat /proc/net/igmp")
        #expect(interfaces.contains("docker0") && interfaces.contains("tun0"))
        _ = peer
    }
}

/// A tunnel like those of VPNs, kept up by a program that does nothing with it.
private struct Tunnel {
    private let number: CInt

    init(_ name: String, in namespace: String) throws {
        number = Attacker(namespace: namespace).run {
            let number = open("/dev/net/tun", O_RDWR)
            // struct ifreq: the name, then IFF_TUN | IFF_NO_PI.
            var request = [UInt8](name.utf8)
            request += [UInt8](repeating: 0, count: 40 - request.count)
            (request[16], request[17]) = (0x01, 0x10)
            let status = ioctl(number, 0x4004_54CA, &request)  // TUNSETIFF
            return status == 0 ? number : -1
        }
        try #require(number >= 0)
    }

    func close() { Glibc.close(number) }
}
