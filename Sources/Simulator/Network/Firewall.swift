import CoreModel
import Wire

/// A host's firewall, as ufw and firewalld set it up: what answers something that the host sent gets in, what nobody
/// asked for does not, and the loopback interface is free (`policy drop; ct state established,related accept; iif lo
/// accept`). What the host sends always gets out.
public enum Firewall: Sendable {
    /// Says nothing of what it keeps out.
    case dropping
    /// Answers a connection's first packet with an ICMP error, so that the dialler gives up at once (firewalld).
    case rejecting
}

/// What a machine's connection tracking knows of datagrams by unicast: by the other address, because all of them go
/// from the same port to the same port.
struct FlowTable {
    /// When a datagram last passed, in either direction, since this machine sent one there.
    private var lastPassed: [IPAddress: Instant] = [:]

    /// When a connection was last asked for there from the link port. What such a firewall knows of it outlives the
    /// attempt: the other side's own first packet, between the same ports, is taken for the answer.
    private var asked: [IPAddress: Instant] = [:]

    /// Linux's `nf_conntrack_tcp_timeout_syn_sent`.
    private static let askedLifetime = Duration.seconds(120)
    /// Linux's `nf_conntrack_udp_timeout`.
    private static let lifetime = Duration.seconds(30)
    /// Expired flows are removed beyond this many, so that sweeps over a long run do not pile up.
    private static let tidyCount = 1024

    mutating func sent(to address: IPAddress, at now: Instant) {
        if lastPassed.count >= Self.tidyCount { lastPassed = lastPassed.filter { now - $0.value < Self.lifetime } }
        lastPassed[address] = now
    }

    mutating func askedForConnection(to address: IPAddress, at now: Instant) { asked[address] = now }

    func awaitsConnection(from address: IPAddress, at now: Instant) -> Bool {
        asked[address].map { now - $0 < Self.askedLifetime } ?? false
    }

    /// Whether a datagram from there answers one that was sent; if so, the flow lives on.
    mutating func admits(from address: IPAddress, at now: Instant) -> Bool {
        guard let last = lastPassed[address], now - last < Self.lifetime else { return false }
        lastPassed[address] = now
        return true
    }
}
