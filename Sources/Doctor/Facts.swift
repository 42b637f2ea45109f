public import CoreModel
public import Wire

/// Everything observed while this machine was examined, as plain values that a test can write down.
public struct Facts: Equatable, Sendable {
    /// Every interface of the machine, including those that are down, by index.
    public var interfaces: [InterfaceFacts] = []
    public var box = BoxFacts()
    public var firewall = FirewallFacts()
    public var ports = PortFacts()
    public var hearing = HearingFacts()
    /// The result of dialling `HOST`; nil if none was given.
    public var target: TargetFacts?
    /// The result of `--relay`.
    public var relay: RelayFacts?
    /// The result of `--sweep`.
    public var sweep: SweepFacts?
    /// The status of an Earshot that runs on this machine; nil if none does, or if its directory is not ours.
    public var running: RunningFacts?

    public init() {}

    /// The interfaces that lead to a network of machines and have an address there.
    public var lans: [InterfaceFacts] { interfaces.filter(\.isUsable) }

    /// Returns whether an address is on one of this machine's own networks, without a router between.
    func isOnLink(_ address: IPAddress) -> Bool {
        lans.contains { $0.interface.addresses.contains { $0.covers(address) } }
    }
}

/// The facts about one interface.
public struct InterfaceFacts: Equatable, Sendable {
    /// The interface, with its addresses and its router's hardware address.
    public var interface: NetworkInterface
    /// Whether the interface is switched on.
    public var isUp: Bool
    /// Whether there is a cable with something at the other end, or a joined Wi-Fi.
    public var hasCarrier: Bool
    public var isWireless: Bool
    /// The router of the interface's default route.
    public var router: IPAddress?
    /// The results of sending to the multicast group, one for each address family of the interface.
    public var probes: [ProbeFacts]

    public init(
        _ interface: NetworkInterface, isUp: Bool = true, hasCarrier: Bool = true, isWireless: Bool = false,
        router: IPAddress? = nil, probes: [ProbeFacts] = []
    ) {
        self.interface = interface
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.isWireless = isWireless
        self.router = router
        self.probes = probes
    }

    public var name: String { interface.name }

    var isUsable: Bool {
        isUp && hasCarrier && !interface.isLoopback && interface.kind == .lan && !interface.addresses.isEmpty
    }
}

/// The result of sending a datagram to the multicast group.
public struct ProbeFacts: Equatable, Sendable {
    public enum Family: String, Sendable {
        case v4 = "IPv4"
        case v6 = "IPv6"
    }

    public enum Sending: Equatable, Sendable {
        case sent
        /// The send failed with `EPERM`.
        case forbidden
        /// The send failed with `ENETUNREACH` or similar.
        case unroutable
        /// The send failed otherwise, for this reason of the system.
        case failed(String)
    }

    public var family: Family
    public var sending: Sending
    /// Whether it came back on the interface that it left by.
    public var hasReturned: Bool

    public init(_ family: Family, _ sending: Sending, hasReturned: Bool) {
        self.family = family
        self.sending = sending
        self.hasReturned = hasReturned
    }
}

/// The facts that show whether this is a container or a virtual machine.
public struct BoxFacts: Equatable, Sendable {
    /// Whether `/.dockerenv` exists.
    public var hasDockerFile = false
    /// Whether `/run/.containerenv` exists.
    public var hasContainerFile = false
    /// The content of `/proc/sys/kernel/osrelease`.
    public var kernel = ""
    /// The contents of `/sys/class/dmi/id/sys_vendor` and `product_name`.
    public var machine = ""

    public init() {}
}

/// The facts about this machine's firewall that are available without being root.
public struct FirewallFacts: Equatable, Sendable {
    public var isUfwEnabled = false
    public var isFirewalldRunning = false
    /// The zone of an interface, if firewalld's files can be read.
    public var zone: String?
    /// The table and chain for incoming packets in `/etc/nftables.conf`, such as `inet filter input`.
    public var nftablesChain: String?
    /// Whether the kernel has loaded the old iptables filter.
    public var usesIPTables = false

    public init() {}
}

/// The facts about the programs that use the ports of discovery and of links.
public struct PortFacts: Equatable, Sendable {
    /// Whether our socket for the group could not be bound because another program uses UDP 47474 exclusively.
    public var isDiscoveryTaken = false
    /// Whether a process already listens to the group, which means that an Earshot runs here.
    public var isGroupHeard = false
    /// The user ID of the process that accepts connections on TCP 47474.
    public var linkPortOwner: UInt32?
    /// The user ID of the process that uses UDP 47474.
    public var discoveryOwner: UInt32?

    public init() {}
}

/// The peers heard by multicast while we listened, and the links that this machine has.
public struct HearingFacts: Equatable, Sendable {
    public struct Voice: Equatable, Sendable {
        public var peer: PeerID
        public var name: String
        public var address: IPAddress
        /// The number of its announcements, with verified signatures.
        public var count: Int
        /// The port where it accepts links.
        public var linkPort: UInt16

        public init(peer: PeerID, name: String, address: IPAddress, count: Int, linkPort: UInt16 = 47474) {
            self.peer = peer
            self.name = name
            self.address = address
            self.count = count
            self.linkPort = linkPort
        }
    }

    public var listened: Duration = .zero
    /// Peers on other machines, in the order in which they were heard.
    public var voices: [Voice] = []
    /// The remote addresses of this machine's established links, ascending, without its own addresses.
    public var links: [IPAddress] = []
    /// The other versions of the protocol that were announced.
    public var otherVersions: [UInt64] = []

    public init() {}
}

/// The result of dialling a host.
public struct TargetFacts: Equatable, Sendable {
    /// The host as it was typed.
    public var text: String
    /// The reason why its name was not found.
    public var lookupFailure: String?
    public var dials: [DialFacts]

    public init(text: String, lookupFailure: String? = nil, dials: [DialFacts] = []) {
        self.text = text
        self.lookupFailure = lookupFailure
        self.dials = dials
    }
}

/// The result of dialling one address.
public struct DialFacts: Equatable, Sendable {
    public enum Outcome: Equatable, Sendable {
        /// An address of this machine; nothing was dialled.
        case own
        /// The other side proved its key and, if it is a peer, sent its name.
        case answered(PeerID, name: String?)
        case otherVersion(UInt64)
        /// The connection was established, but the other side does not speak our protocol.
        case other
        case refused
        /// The dial failed with `EHOSTUNREACH`.
        case unreachable
        /// The dial failed with `ENETUNREACH`: this machine has no route there.
        case unroutable
        case timedOut
        /// The dial failed with `EPERM` or `EACCES`.
        case forbidden
        case failed(String)
    }

    /// The state of the kernel's neighbour entry afterwards.
    public enum Neighbour: Equatable, Sendable {
        /// The hardware address is known.
        case known
        /// The kernel asked for the hardware address, and nobody answered.
        case silent
        /// The kernel did not ask for the hardware address.
        case unknown
    }

    /// The community that a relay proves to belong to.
    public enum Community: Equatable, Sendable {
        /// No certificate: the relay's own key is the community's.
        case own
        /// This community, by a certificate that is valid now.
        case certified(PeerID)
        /// None: the certificate is not valid, for this reason, such as `expired on …`.
        case refuted(String)
    }

    public var endpoint: Endpoint
    public var outcome: Outcome
    public var neighbour: Neighbour
    public var took: Duration
    public var community = Community.own

    public init(_ endpoint: Endpoint, _ outcome: Outcome, neighbour: Neighbour = .unknown, took: Duration = .zero) {
        self.endpoint = endpoint
        self.outcome = outcome
        self.neighbour = neighbour
        self.took = took
    }
}

/// The result of dialling a relay.
public struct RelayFacts: Equatable, Sendable {
    public var address: RelayAddress
    public var target: TargetFacts

    public init(address: RelayAddress, target: TargetFacts) {
        self.address = address
        self.target = target
    }
}

/// The result of sending an introduction to every address of the network.
public struct SweepFacts: Equatable, Sendable {
    public var addressCount: Int
    /// Peers that answered by unicast.
    public var voices: [HearingFacts.Voice]
    /// Addresses that connected back, as peers do that receive the introduction, including those of peers in `voices`.
    public var callers: [IPAddress]

    public init(addressCount: Int, voices: [HearingFacts.Voice], callers: [IPAddress] = []) {
        self.addressCount = addressCount
        self.voices = voices
        self.callers = callers
    }
}

extension NetworkInterface.Prefix {
    /// Returns whether another address is in this prefix.
    func covers(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4(let own), .v4(let theirs)):
            return length == 0 || length <= 32 && (own ^ theirs) >> (32 - UInt32(length)) == 0
        case (.v6(let high, let low, let scope), .v6(let otherHigh, let otherLow, let otherScope)):
            guard scope == 0 || otherScope == 0 || scope == otherScope else { return false }
            switch length {
            case 0: return true
            case 1...64: return (high ^ otherHigh) >> (64 - UInt64(length)) == 0
            case 65...127: return high == otherHigh && (low ^ otherLow) >> (128 - UInt64(length)) == 0
            default: return high == otherHigh && low == otherLow
            }
        default: return false
        }
    }
}
