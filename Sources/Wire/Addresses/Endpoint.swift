/// An IPv4 or IPv6 address.
public enum IPAddress: Hashable, Sendable {
    /// The address in host byte order: 127.0.0.1 is `0x7F00_0001`.
    case v4(UInt32)
    /// The two halves, most significant first. `scope` is the interface index of a link-local address, otherwise 0; it
    /// is meaningful on this host only and is never sent.
    case v6(high: UInt64, low: UInt64, scope: UInt32)
}

extension IPAddress {
    /// Whether the address is in 127.0.0.0/8 (RFC 1122 §3.2.1.3) or is ::1 (RFC 4291 §2.5.3).
    public var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low, _): high == 0 && low == 1
        }
    }
}

extension IPAddress {
    /// Whether the address is link-local (RFC 4291 §2.5.6) and lacks an interface.
    public var needsScope: Bool {
        if case .v6(let high, _, scope: 0) = self { high >> 54 == 0xFE80 >> 6 } else { false }
    }
}

/// An address and port: the source of a datagram or the destination of a link.
public struct Endpoint: Hashable, Sendable {
    public var address: IPAddress
    /// The port, 1...65535; 0 only while it is unknown.
    public var port: UInt16

    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}
