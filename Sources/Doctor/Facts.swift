public import CoreModel
public import Wire

/// Everything that was seen while this machine was examined: plain values, which a test can write down.
public struct Facts: Equatable, Sendable {
    /// Every interface of the machine, also those that are down, by index.
    public var interfaces: [InterfaceFacts] = []
    public var box = BoxFacts()
    public var firewall = FirewallFacts()
    public var ports = PortFacts()
    public var hearing = HearingFacts()
    /// What `HOST` led to; nil if none was given.
    public var target: TargetFacts?
    /// What `--relay` led to.
    public var relay: RelayFacts?
    /// What `--sweep` led to.
    public var sweep: SweepFacts?
    /// What an Earshot that runs on this machine says of itself; nil if none does, or its directory is not ours.
    public var running: RunningFacts?

    public init() {}

    /// The interfaces that lead to a network of machines and have an address there.
    public var lans: [InterfaceFacts] { interfaces.filter(\.isUsable) }

    /// Whether an address is on a network that this machine is on itself, without a router between.
    func isOnLink(_ address: IPAddress) -> Bool {
        lans.contains { $0.interface.addresses.contains { $0.covers(address) } }
    }
}

/// One interface.
public struct InterfaceFacts: Equatable, Sendable {
    /// With its addresses and its router's hardware address.
    public var interface: NetworkInterface
    /// Somebody has switched it on.
    public var isUp: Bool
    /// There is a cable with something at the other end, or a joined Wi-Fi.
    public var hasCarrier: Bool
    public var isWireless: Bool
    /// Where its default route leads.
    public var router: IPAddress?
    /// What sending to the group led to, for each family that it has.
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

/// What became of a datagram to the group.
public struct ProbeFacts: Equatable, Sendable {
    public enum Family: String, Sendable {
        case v4 = "IPv4"
        case v6 = "IPv6"
    }

    public enum Sending: Equatable, Sendable {
        case sent
        /// `EPERM`.
        case forbidden
        /// `ENETUNREACH` and its like.
        case unroutable
        /// Anything else, in the system's words.
        case failed(String)
    }

    public var family: Family
    public var sending: Sending
    /// It came back on the interface that it left by.
    public var hasReturned: Bool

    public init(_ family: Family, _ sending: Sending, hasReturned: Bool) {
        self.family = family
        self.sending = sending
        self.hasReturned = hasReturned
    }
}

/// What tells that this is no machine of its own.
public struct BoxFacts: Equatable, Sendable {
    /// `/.dockerenv` is there.
    public var hasDockerFile = false
    /// `/run/.containerenv` is there.
    public var hasContainerFile = false
    /// `/proc/sys/kernel/osrelease`.
    public var kernel = ""
    /// `/sys/class/dmi/id/sys_vendor` and `product_name`.
    public var machine = ""

    public init() {}
}

/// What can be known of this machine's firewall without being root.
public struct FirewallFacts: Equatable, Sendable {
    public var isUfwEnabled = false
    public var isFirewalldRunning = false
    /// Of an interface, where firewalld's files can be read.
    public var zone: String?
    /// The table and chain for incoming packets of `/etc/nftables.conf`, such as `inet filter input`.
    public var nftablesChain: String?
    /// The kernel has loaded the old iptables filter.
    public var usesIPTables = false

    public init() {}
}

/// Who has the ports of discovery and of links.
public struct PortFacts: Equatable, Sendable {
    /// Our socket for the group could not be bound because another program has UDP 47474 for itself.
    public var isDiscoveryTaken = false
    /// A process hears the group already: an Earshot runs here.
    public var isGroupHeard = false
    /// The user ID of the process that accepts connections on TCP 47474.
    public var linkPortOwner: UInt32?
    /// The user ID of the process that has UDP 47474.
    public var discoveryOwner: UInt32?

    public init() {}
}

/// What came by multicast while we listened, beside the links that this machine has.
public struct HearingFacts: Equatable, Sendable {
    public struct Voice: Equatable, Sendable {
        public var peer: PeerID
        public var name: String
        public var address: IPAddress
        /// Announcements of it, their signatures checked.
        public var count: Int
        /// Where it accepts links.
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
    /// Peers of other machines, in the order they were heard.
    public var voices: [Voice] = []
    /// The other ends of established links of this machine, ascending; own addresses left out.
    public var links: [IPAddress] = []
    /// Announcements of another version of the protocol.
    public var otherVersions: [UInt64] = []

    public init() {}
}

/// What dialling a host led to.
public struct TargetFacts: Equatable, Sendable {
    /// As it was typed.
    public var text: String
    /// Why its name was not found.
    public var lookupFailure: String?
    public var dials: [DialFacts]

    public init(text: String, lookupFailure: String? = nil, dials: [DialFacts] = []) {
        self.text = text
        self.lookupFailure = lookupFailure
        self.dials = dials
    }
}

/// One dial.
public struct DialFacts: Equatable, Sendable {
    public enum Outcome: Equatable, Sendable {
        /// It is an address of this machine; nothing was dialled.
        case own
        /// It has proved its key and, if it is a peer, said its name.
        case answered(PeerID, name: String?)
        case otherVersion(UInt64)
        /// The connection is up, and what is there does not speak our protocol.
        case other
        case refused
        /// `EHOSTUNREACH`.
        case unreachable
        /// `ENETUNREACH`: this machine has no route there.
        case unroutable
        case timedOut
        /// `EPERM` or `EACCES`.
        case forbidden
        case failed(String)
    }

    /// What the kernel knows of the neighbour afterwards.
    public enum Neighbour: Equatable, Sendable {
        /// Its hardware address.
        case known
        /// It was asked for, and nobody answered.
        case silent
        /// It was not asked for.
        case unknown
    }

    /// What a relay shows of its community.
    public enum Community: Equatable, Sendable {
        /// No certificate: its own key is the community's.
        case own
        /// By a certificate that counts now.
        case certified(PeerID)
        /// By one that does not, and what is said of it: `expired on …`.
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

/// What dialling a relay led to.
public struct RelayFacts: Equatable, Sendable {
    public var address: RelayAddress
    public var target: TargetFacts

    public init(address: RelayAddress, target: TargetFacts) {
        self.address = address
        self.target = target
    }
}

/// What introducing ourselves to every address of the network led to.
public struct SweepFacts: Equatable, Sendable {
    public var addressCount: Int
    /// Peers that answered by unicast.
    public var voices: [HearingFacts.Voice]
    /// Addresses that called back, as those do that got the introduction; also of peers among `voices`.
    public var callers: [IPAddress]

    public init(addressCount: Int, voices: [HearingFacts.Voice], callers: [IPAddress] = []) {
        self.addressCount = addressCount
        self.voices = voices
        self.callers = callers
    }
}

extension NetworkInterface.Prefix {
    /// Whether another address is in this prefix.
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
