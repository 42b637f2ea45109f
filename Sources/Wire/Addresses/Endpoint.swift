/// An IP address, as a value.
public enum IPAddress: Hashable, Sendable {
    /// Host byte order: 127.0.0.1 is `0x7F00_0001`.
    case v4(UInt32)
    /// The two halves, most significant first. `scope` is the interface index of a link-local address, else 0; it
    /// means something on this host only and never goes on the wire.
    case v6(high: UInt64, low: UInt64, scope: UInt32)
}

extension IPAddress {
    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) and ::1 (RFC 4291 §2.5.3).
    public var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low, _): high == 0 && low == 1
        }
    }
}

extension IPAddress {
    /// Whether it is link-local (RFC 4291 §2.5.6) and does not say on which interface.
    public var needsScope: Bool {
        if case .v6(let high, _, scope: 0) = self { high >> 54 == 0xFE80 >> 6 } else { false }
    }
}

/// Where a datagram came from or a link goes to.
public struct Endpoint: Hashable, Sendable {
    public var address: IPAddress
    /// 1...65535; 0 only before a port is known.
    public var port: UInt16

    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}
