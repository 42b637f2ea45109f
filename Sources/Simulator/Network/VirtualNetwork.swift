import CoreModel
import Wire

/// The connection of a host's interface to a LAN, and its address there.
struct Attachment {
    var lan: LANID
    var address: IPAddress
}

/// The topology of the network, and which packets pass.
struct VirtualNetwork {
    private struct Way: Hashable {
        var from: HostID
        var to: HostID
    }

    var conditions = Conditions()
    private(set) var attachments: [[Attachment]] = []
    private var owners: [IPAddress: HostID] = [:]
    /// Only used for membership tests: its order affects nothing.
    private var cutWays: Set<Way> = []
    private var unplugged: Set<HostID> = []
    /// The firewalls, by host; nil for a host without one.
    private var firewalls: [Firewall?] = []
    /// The connection tracking, by host.
    private var flows: [FlowTable] = []
    /// Only used for membership tests.
    private var deafLANs: Set<LANID> = []
    /// The rates in bytes a second; a host that is not listed is as fast as the network.
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

    mutating func setCut(_ isClosing: Bool, from: HostID, to: HostID) {
        if isClosing { cutWays.insert(Way(from: from, to: to)) } else { cutWays.remove(Way(from: from, to: to)) }
    }

    mutating func healAll() { cutWays.removeAll() }

    mutating func setUnplugged(_ isUnplugged: Bool, _ host: HostID) {
        if isUnplugged { unplugged.insert(host) } else { unplugged.remove(host) }
    }

    func isUnplugged(_ host: HostID) -> Bool { unplugged.contains(host) }

    mutating func setFirewall(_ firewall: Firewall?, at host: HostID) { firewalls[host.number] = firewall }

    func firewall(of host: HostID) -> Firewall? { firewalls[host.number] }

    mutating func setRate(_ rate: Int?, of host: HostID) { rates[host] = rate }

    /// Returns the bytes a second that one direction of one link carries; nil if unlimited.
    func linkRate(from host: HostID, to other: HostID) -> Int? {
        [conditions.linkBytesPerSecond, rates[host], rates[other]].compactMap(\.self).min()
    }

    /// Sets whether a LAN's switch drops multicast. Everything else passes.
    mutating func setDeaf(_ isDeaf: Bool, _ lan: LANID) {
        if isDeaf { deafLANs.insert(lan) } else { deafLANs.remove(lan) }
    }

    /// Records that the host sends a unicast datagram.
    mutating func sent(by host: HostID, to address: IPAddress, at now: Instant) {
        flows[host.number].sent(to: address, at: now)
    }

    /// Returns whether a unicast datagram from an address is a reply to one of the host's.
    mutating func admits(at host: HostID, from address: IPAddress, at now: Instant) -> Bool {
        flows[host.number].admits(from: address, at: now)
    }

    /// Records that the host asks for a connection to an address.
    mutating func askedForConnection(from host: HostID, to address: IPAddress, at now: Instant) {
        flows[host.number].askedForConnection(to: address, at: now)
    }

    func awaitsConnection(at host: HostID, from address: IPAddress, at now: Instant) -> Bool {
        flows[host.number].awaitsConnection(from: address, at: now)
    }

    /// Clears the connection tracking of a machine that starts again: its firewall stays, but knows no flows.
    mutating func forgetFlows(of host: HostID) { flows[host.number] = FlowTable() }

    /// Returns whether a packet would pass now, if both machines are awake.
    func passes(from: HostID, to: HostID) -> Bool {
        if from == to { return true }
        return !unplugged.contains(from) && !unplugged.contains(to) && !cutWays.contains(Way(from: from, to: to))
    }

    /// Returns the address that `host` would send from to reach `other`, if they share a LAN.
    func address(of host: HostID, towards other: HostID) -> IPAddress? {
        let lans = attachments[other.number].map(\.lan)
        return attachments[host.number].first { lans.contains($0.lan) }?.address
    }

    /// Returns the attachment by which a multicast of `host` reaches `other`: the first shared LAN whose switch passes
    /// it.
    func multicastAttachment(of host: HostID, towards other: HostID) -> Attachment? {
        attachments[host.number].first { attachment in
            !deafLANs.contains(attachment.lan)
                && attachments[other.number].contains { $0.lan == attachment.lan }
        }
    }

    /// Returns the index of a host's interface on a LAN, as ``interfaces(of:)`` lists it; nil if it has none now.
    func interfaceIndex(of lan: LANID, at host: HostID) -> UInt32? {
        guard !unplugged.contains(host) else { return nil }
        return attachments[host.number].firstIndex { $0.lan == lan }.map { Self.interfaceIndex(at: $0) }
    }

    /// Returns the index of an interface; the first interface is `lo`.
    private static func interfaceIndex(at position: Int) -> UInt32 { UInt32(position + 2) }

    /// Returns the interfaces as the host's kernel would list them.
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
