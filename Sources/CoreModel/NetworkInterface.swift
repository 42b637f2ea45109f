public import Wire

/// A network interface that is up, as the core needs to know it.
public struct NetworkInterface: Equatable, Sendable {
    public var index: UInt32
    public var name: String
    public var isLoopback: Bool
    /// The addresses with their prefix lengths, in the order of the kernel.
    public var addresses: [Prefix]
    /// The hardware address of the router to other networks; it tells apart networks that have the same prefix. Empty:
    /// there is none, or it is unknown.
    public var router: [UInt8]
    public var kind: Kind

    /// The kind of network that an interface leads to.
    public enum Kind: String, Sendable {
        /// A network of machines: Ethernet, Wi-Fi, a bridge with a port of either.
        case lan
        /// One machine at the other end: PPP, a serial line.
        case pointToPoint
        /// A bridge that only containers or virtual machines of this machine are attached to.
        case containers
        /// A tunnel of a VPN.
        case vpn
    }

    /// An address with the length of its network prefix.
    public struct Prefix: Equatable, Sendable {
        public var address: IPAddress
        /// 0...32 or 0...128.
        public var length: UInt8

        public init(address: IPAddress, length: UInt8) {
            self.address = address
            self.length = length
        }
    }

    public init(
        index: UInt32, name: String, isLoopback: Bool, addresses: [Prefix], router: [UInt8] = [], kind: Kind = .lan
    ) {
        self.index = index
        self.name = name
        self.isLoopback = isLoopback
        self.addresses = addresses
        self.router = router
        self.kind = kind
    }
}

extension NetworkInterface.Prefix {
    /// The address with its host part zeroed; nil for link-local addresses, which do not identify a network.
    package var network: Self? {
        switch address {
        case .v4(let bits):
            guard bits >> 16 != 0xA9FE, (1...32).contains(length) else { return nil }
            return Self(address: .v4(bits & (UInt32.max << (32 - UInt32(length)))), length: length)
        case .v6(let high, let low, _):
            guard high >> 54 != 0xFE80 >> 6, (1...128).contains(length) else { return nil }
            let highMask = length >= 64 ? UInt64.max : UInt64.max << (64 - UInt64(length))
            let lowMask = length <= 64 ? 0 : UInt64.max << (128 - UInt64(length))
            return Self(address: .v6(high: high & highMask, low: low & lowMask, scope: 0), length: length)
        }
    }

    /// Returns whether an address lies on this network. The interface of a link-local address is ignored.
    public func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4(let own), .v4(let theirs)):
            length == 0 || length <= 32 && (own ^ theirs) >> (32 - UInt32(length)) == 0
        case (.v6(let high, let low, _), .v6(let otherHigh, let otherLow, _)):
            switch length {
            case 0: true
            case 1...64: (high ^ otherHigh) >> (64 - UInt64(length)) == 0
            case 65...128: high == otherHigh && (low ^ otherLow) >> (128 - UInt64(length)) == 0
            default: false
            }
        default: false
        }
    }
}
