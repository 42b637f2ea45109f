import Chat
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
    private var nextAddress: UInt32 = 1

    mutating func addHost(on lans: [LANID]) -> HostID {
        let host = HostID(attachments.count)
        attachments.append([])
        assignAddresses(to: host, lans)
        return host
    }

    mutating func changeAddress(of host: HostID) {
        let old = attachments[host.number]
        for attachment in old { owners[attachment.address] = nil }
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
                    index: UInt32(position + 2), name: "eth\(position)", isLoopback: false,
                    addresses: [NetworkInterface.Prefix(address: attachment.address, length: 16)]))
        }
        return interfaces
    }
}
