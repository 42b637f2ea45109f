import CoreModel
import Wire

/// Which cable a host's interface is on, and the address it has there.
struct Attachment {
    var lan: LANID
    var address: IPAddress
}

/// Who is connected to what, and what gets through.
struct VirtualNetwork {
    private struct Way: Hashable {
        var from: HostID
        var to: HostID
    }

    var conditions = Conditions()
    private(set) var attachments: [[Attachment]] = []
    private var owners: [IPAddress: HostID] = [:]
    /// Only ever asked for a member: its order reaches nothing.
    private var cutWays: Set<Way> = []
    private var unplugged: Set<HostID> = []
    /// By host; nil: it has none.
    private var firewalls: [Firewall?] = []
    /// By host.
    private var flows: [FlowTable] = []
    /// Only ever asked for a member.
    private var deafLANs: Set<LANID> = []
    /// In bytes a second; who is not in it is as fast as the network.
    private var rates: [HostID: Int] = [:]
    private var nextAddress: UInt32 = 1

    mutating func addHost(on lans: [LANID]) -> HostID {
        let host = HostID(attachments.count)
        attachments.append([])
        firewalls.append(nil)
        flows.append(FlowTable())
        assignAddresses(to: host, lans)
        return host
    }

    mutating func changeAddress(of host: HostID) {
        let old = attachments[host.number]
        for attachment in old { owners[attachment.address] = nil }
        flows[host.number] = FlowTable()
        assignAddresses(to: host, old.map(\.lan))
    }

    private mutating func assignAddresses(to host: HostID, _ lans: [LANID]) {
        attachments[host.number] = lans.map { lan in
            let address = IPAddress.v4(0x0A00_0000 | UInt32(lan.number) << 16 | nextAddress)
            nextAddress = nextAddress % 0xFFFE + 1
            owners[address] = host
            return Attachment(lan: lan, address: address)
        }
    }

    func owner(of address: IPAddress) -> HostID? { owners[address] }

    mutating func setCut(_ isCut: Bool, from: HostID, to: HostID) {
        if isCut { cutWays.insert(Way(from: from, to: to)) } else { cutWays.remove(Way(from: from, to: to)) }
    }

    mutating func healAll() { cutWays.removeAll() }

    mutating func setUnplugged(_ isUnplugged: Bool, _ host: HostID) {
        if isUnplugged { unplugged.insert(host) } else { unplugged.remove(host) }
    }

    func isUnplugged(_ host: HostID) -> Bool { unplugged.contains(host) }

    mutating func setFirewall(_ firewall: Firewall?, at host: HostID) { firewalls[host.number] = firewall }

    func firewall(of host: HostID) -> Firewall? { firewalls[host.number] }

    mutating func setRate(_ rate: Int?, of host: HostID) { rates[host] = rate }

    /// How many bytes a second one direction of one link carries; nil: without limit.
    func linkRate(from host: HostID, to other: HostID) -> Int? {
        [conditions.linkBytesPerSecond, rates[host], rates[other]].compactMap(\.self).min()
    }

    /// A switch that passes no multicast passes all the rest.
    mutating func setDeaf(_ isDeaf: Bool, _ lan: LANID) {
        if isDeaf { deafLANs.insert(lan) } else { deafLANs.remove(lan) }
    }

    /// The host sends a datagram by unicast.
    mutating func sent(by host: HostID, to address: IPAddress, at now: Instant) {
        flows[host.number].sent(to: address, at: now)
    }

    /// Whether a datagram by unicast from there is the answer to one of the host's.
    mutating func admits(at host: HostID, from address: IPAddress, at now: Instant) -> Bool {
        flows[host.number].admits(from: address, at: now)
    }

    /// The machine starts again: its firewall is as before, but knows nothing of what was sent.
    mutating func askedForConnection(from host: HostID, to address: IPAddress, at now: Instant) {
        flows[host.number].askedForConnection(to: address, at: now)
    }

    func awaitsConnection(at host: HostID, from address: IPAddress, at now: Instant) -> Bool {
        flows[host.number].awaitsConnection(from: address, at: now)
    }

    mutating func forgetFlows(of host: HostID) { flows[host.number] = FlowTable() }

    /// Whether a packet would get through now, if both machines are awake.
    func passes(from: HostID, to: HostID) -> Bool {
        if from == to { return true }
        return !unplugged.contains(from) && !unplugged.contains(to) && !cutWays.contains(Way(from: from, to: to))
    }

    /// The address that `host` would send from to reach `other`, if they share a LAN.
    func address(of host: HostID, towards other: HostID) -> IPAddress? {
        let lans = attachments[other.number].map(\.lan)
        return attachments[host.number].first { lans.contains($0.lan) }?.address
    }

    /// Where a multicast of `host` leaves it to reach `other`: the first LAN that they share and whose switch passes it.
    func multicastAttachment(of host: HostID, towards other: HostID) -> Attachment? {
        attachments[host.number].first { attachment in
            !deafLANs.contains(attachment.lan)
                && attachments[other.number].contains { $0.lan == attachment.lan }
        }
    }

    /// The index of a host's interface on a LAN, as ``interfaces(of:)`` lists it; nil: it has none now.
    func interfaceIndex(of lan: LANID, at host: HostID) -> UInt32? {
        guard !unplugged.contains(host) else { return nil }
        return attachments[host.number].firstIndex { $0.lan == lan }.map { Self.interfaceIndex(at: $0) }
    }

    /// `lo` is the first.
    private static func interfaceIndex(at position: Int) -> UInt32 { UInt32(position + 2) }

    /// As its kernel would list them.
    func interfaces(of host: HostID) -> [NetworkInterface] {
        var interfaces = [
            NetworkInterface(
                index: 1, name: "lo", isLoopback: true,
                addresses: [NetworkInterface.Prefix(address: .v4(0x7F00_0001), length: 8)])
        ]
        if unplugged.contains(host) { return interfaces }
        for (position, attachment) in attachments[host.number].enumerated() {
            interfaces.append(
                NetworkInterface(
                    index: Self.interfaceIndex(at: position), name: "eth\(position)", isLoopback: false,
                    addresses: [NetworkInterface.Prefix(address: attachment.address, length: 16)]))
        }
        return interfaces
    }
}
