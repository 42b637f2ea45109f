import CoreModel
import Wire

/// A host's firewall, as ufw and firewalld configure it. Replies to what the host sent are accepted, unsolicited
/// packets are not, and the loopback interface is open (`policy drop; ct state established,related accept; iif lo
/// accept`). Outgoing packets always pass.
public enum Firewall: Sendable {
    /// Drops packets silently.
    case dropping
    /// Answers a connection's first packet with an ICMP error, so that the dialler fails immediately (firewalld).
    case rejecting
}

/// A machine's connection tracking of unicast datagrams, by remote address only, because all of them use the same
/// ports.
struct FlowTable {
    /// The last time a datagram passed, in either direction, since this machine sent one there.
    private var lastPassed: [IPAddress: Instant] = [:]

    /// The last time a connection to an address was attempted from the link port. The entry in connection tracking
    /// outlives the attempt: the other side's own first packet, between the same ports, passes for a reply.
    private var asked: [IPAddress: Instant] = [:]

    /// Linux's `nf_conntrack_tcp_timeout_syn_sent`.
    private static let askedLifetime = Duration.seconds(120)
    /// Linux's `nf_conntrack_udp_timeout`.
    private static let lifetime = Duration.seconds(30)
    /// The number of flows beyond which expired ones are removed, so that sweeps do not accumulate over a long run.
    private static let tidyCount = 1024

    mutating func sent(to address: IPAddress, at now: Instant) {
        if lastPassed.count >= Self.tidyCount { lastPassed = lastPassed.filter { now - $0.value < Self.lifetime } }
        lastPassed[address] = now
    }

    mutating func askedForConnection(to address: IPAddress, at now: Instant) { asked[address] = now }

    func awaitsConnection(from address: IPAddress, at now: Instant) -> Bool {
        asked[address].map { now - $0 < Self.askedLifetime } ?? false
    }

    /// Returns whether a datagram from an address is a reply to one that was sent; if so, the flow is extended.
    mutating func admits(from address: IPAddress, at now: Instant) -> Bool {
        guard let last = lastPassed[address], now - last < Self.lifetime else { return false }
        lastPassed[address] = now
        return true
    }
}
