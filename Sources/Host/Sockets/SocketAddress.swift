import Glibc
import Wire

/// An endpoint in the kernel's representation.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    /// Creates an empty address for the kernel to fill in.
    init() { length = socklen_t(MemoryLayout<sockaddr_storage>.size) }

    init(_ endpoint: Endpoint) {
        switch endpoint.address {
        case .v4(let address):
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = endpoint.port.bigEndian
            value.sin_addr = in_addr(s_addr: address.bigEndian)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in.self) }
        case .v6(let high, let low, let scope):
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = endpoint.port.bigEndian
            value.sin6_addr = in6_addr(high: high, low: low)
            value.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in6.self) }
        }
    }

    /// Nil for any other family than IPv4 and IPv6. An IPv4-mapped IPv6 address becomes IPv4.
    var endpoint: Endpoint? {
        withUnsafeBytes(of: storage) { bytes in
            switch CInt(storage.ss_family) {
            case AF_INET:
                let value = bytes.load(as: sockaddr_in.self)
                return Endpoint(
                    address: .v4(UInt32(bigEndian: value.sin_addr.s_addr)), port: UInt16(bigEndian: value.sin_port))
            case AF_INET6:
                let value = bytes.load(as: sockaddr_in6.self)
                let (high, low) = value.sin6_addr.halves
                let port = UInt16(bigEndian: value.sin6_port)
                if high == 0, low >> 32 == 0xFFFF {
                    return Endpoint(address: .v4(UInt32(truncatingIfNeeded: low)), port: port)
                }
                // The scope is meaningful for link-local addresses only; elsewhere it would make equal addresses
                // differ.
                let scope = high >> 54 == 0xFE80 >> 6 ? value.sin6_scope_id : 0
                return Endpoint(address: .v6(high: high, low: low, scope: scope), port: port)
            default:
                return nil
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}

extension in6_addr {
    init(high: UInt64, low: UInt64) {
        self.init()
        withUnsafeMutableBytes(of: &self) { bytes in
            bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }

    var halves: (high: UInt64, low: UInt64) {
        withUnsafeBytes(of: self) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}

extension IPAddress {
    var family: CInt {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }
}
