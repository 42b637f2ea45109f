import Foundation

/// Firewalls on the hosts of a LAN, as in practice, and counts of the datagrams that a host sends to single addresses.
extension Lan {
    /// A firewall that drops or rejects all unsolicited packets.
    enum Firewall: String, Sendable {
        /// The shortest rule set of this kind.
        case dropping
        /// The shortest rule set that answers each packet with an ICMP error.
        case rejecting
        /// That of Ubuntu and Debian, with the rules of its package and no port opened.
        case ufw
        /// That of Fedora and openSUSE, with the zone and the services of its package.
        case firewalld
    }

    func setFirewall(_ firewall: Firewall, on index: Int) throws {
        let host = hosts[index]
        switch firewall {
        case .dropping: try load(Self.ruleSet(lastRule: ""), on: host)
        case .rejecting: try load(Self.ruleSet(lastRule: "reject with icmpx type admin-prohibited"), on: host)
        case .ufw: try Self.run("ip netns exec \(host) sh -c '\(Self.ufw)'")
        case .firewalld: try Self.run("ip netns exec \(host) timeout 60 sh -c '\(Self.firewalld)' </dev/null")
        }
    }

    func load(_ rules: String, on host: String) throws {
        try Self.run("ip netns exec \(host) nft -f - <<'END'\n\(rules)\nEND")
    }

    private static func ruleSet(lastRule: String) -> String {
        """
        table inet firewall {
            chain input {
                type filter hook input priority 0; policy drop;
                iif lo accept
                ct state established,related accept
                icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
                \(lastRule)
            }
        }
        """
    }

    /// Runs in a mount namespace of its own, so the configuration of this machine does not change. The rule files of
    /// the package replace those of this machine.
    private static let ufw = """
        set -e
        directory=$(mktemp -d)
        cp -a /etc/ufw/. $directory/
        cp /usr/share/ufw/iptables/*.rules $directory/
        mount --bind $directory /etc/ufw
        ufw --force enable
        umount /etc/ufw
        rm -r $directory
        """

    /// The daemon receives its commands over D-Bus, so it gets a bus of its own. Killed once its rules are loaded, it
    /// leaves them in the kernel. Without a system configuration it uses that of its package.
    private static let firewalld = """
        directory=$(mktemp -d)
        mkdir $directory/etc
        cat >$directory/bus.conf <<END
        <busconfig><listen>unix:path=$directory/bus</listen><policy context="default">
        <allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
        END
        export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$directory/bus
        dbus-daemon --config-file=$directory/bus.conf --nofork --nopidfile >$directory/bus.log 2>&1 & bus=$!
        until [ -S $directory/bus ]; do kill -0 $bus || exit 1; sleep 0.1; done
        firewalld --nofork --nopid --system-config=$directory/etc --log-file=$directory/log >$directory/out 2>&1 & daemon=$!
        status=0
        until timeout 5 firewall-cmd --state >/dev/null 2>&1; do
            kill -0 $daemon || { status=1; cat $directory/*log $directory/out; break; }
            sleep 0.1
        done
        kill -9 $daemon $bus
        rm -r $directory
        exit $status
        """

    /// Stops multicast in the switch, as some access points do; broadcasts, which ARP needs, still pass.
    func stopMulticast() throws {
        try Self.run("ip -n \(bridge) link set br0 type bridge mcast_snooping 0")
        for index in hosts.indices {
            try Self.run("ip -n \(bridge) link set p\(index) type bridge_slave mcast_flood off bcast_flood on")
        }
    }

    /// Isolates the hosts from each other, like the client isolation of access points.
    func isolateHosts() throws {
        for index in hosts.indices { try Self.run("ip -n \(bridge) link set p\(index) type bridge_slave isolated on") }
    }

    // MARK: Counting

    /// The discovery datagrams that a host has sent.
    struct Sent: Equatable {
        /// To the groups.
        var multicast = 0
        /// To single addresses of `eth0`'s network, including IPv6 link-local ones.
        var introductions = 0
        /// To single addresses elsewhere, or over another interface.
        var astray = 0
    }

    /// Counts from now on the datagrams that each host sends to the discovery port. Those on `lo` stay in the host.
    func countDatagrams() throws {
        for host in hosts {
            try load(
                """
                table inet counted {
                    counter multicast {}
                    counter introductions {}
                    counter astray {}
                    chain output {
                        type filter hook output priority 0;
                        oif lo accept
                        meta l4proto != udp accept
                        udp dport != 47474 accept
                        ip daddr 224.0.0.0/4 counter name multicast accept
                        ip6 daddr ff00::/8 counter name multicast accept
                        oifname eth0 ip daddr 10.83.0.0/24 counter name introductions accept
                        oifname eth0 ip6 daddr fe80::/10 counter name introductions accept
                        counter name astray
                    }
                }
                """, on: host)
        }
    }

    func sent(by index: Int) throws -> Sent {
        let text = try Self.run("ip netns exec \(hosts[index]) nft list counters table inet counted")
        let words = text.split { $0.isWhitespace }
        func count(_ name: String) -> Int {
            guard let place = words.indices.first(where: { words[$0] == "counter" && words[$0 + 1] == name }),
                let packets = words[place...].firstIndex(of: "packets")
            else { return -1 }
            return Int(words[packets + 1]) ?? -1
        }
        return Sent(
            multicast: count("multicast"), introductions: count("introductions"), astray: count("astray"))
    }
}

extension Lan {
    /// Nil if the firewalls of distributions can be tested here, otherwise the reason.
    static let distributionsObstacle: String? =
        obstacle
        ?? ["ufw", "iptables", "firewalld", "firewall-cmd", "dbus-daemon"].first {
            (try? run("command -v \($0)")) == nil
        }.map { "\($0) is not installed" }

    /// Nil if a tunnel can be created here, otherwise the reason.
    static let tunnelObstacle: String? =
        obstacle ?? (access("/dev/net/tun", R_OK | W_OK) == 0 ? nil : "/dev/net/tun is missing")

    static var areDistributionsToBeTested: Bool { isToBeTested("ufw and firewalld", despite: distributionsObstacle) }

    static var areTunnelsToBeTested: Bool { isToBeTested("tunnels", despite: tunnelObstacle) }

    /// In CI nothing is skipped: an obstacle there makes the tests fail rather than vanish.
    private static func isToBeTested(_ what: String, despite obstacle: String?) -> Bool {
        guard let obstacle else { return true }
        print("ReachTests: \(what) skipped, \(obstacle)")
        return ProcessInfo.processInfo.environment["CI"] == "true"
    }
}
