package import Wire

/// The addresses of earlier links on our own networks, stored across restarts: where no peer is found, they receive the
/// first introductions.
package struct KnownAddresses: Equatable {
    /// The maximum number of addresses, the latest ones: 64 × about 20 bytes in one setting.
    package static let capacity = 64
    /// The setting that they are stored in.
    package static let setting = "known addresses"

    /// The addresses without scopes, which change with every start; the latest last.
    package private(set) var addresses: [IPAddress] = []

    package init() {}

    /// Records the address of an established link.
    /// - Returns: Whether it is new.
    package mutating func note(_ address: IPAddress) -> Bool {
        let address = address.withoutScope
        if let index = addresses.firstIndex(of: address) {
            addresses.append(addresses.remove(at: index))
            return false
        }
        addresses.append(address)
        if addresses.count > Self.capacity { addresses.removeFirst() }
        return true
    }

    /// Decodes stored addresses; empty if they are malformed.
    package init(decoding bytes: [UInt8]) {
        addresses = (try? Self.addresses(in: bytes)) ?? []
    }

    private static func addresses(in bytes: [UInt8]) throws(CBORError) -> [IPAddress] {
        var reader = CBORReader(bytes)
        var addresses: [IPAddress] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            guard let address = IPAddress(try reader.text(maximumBytes: 64)) else { continue }
            addresses.append(address)
        }
        return addresses
    }

    /// Returns the addresses in stored form.
    package func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: addresses.count)
        for address in addresses { writer.text(address.description) }
        return writer.bytes
    }
}

extension IPAddress {
    /// Returns a link-local IPv6 address with the scope of this interface; others unchanged.
    func scoped(to interface: UInt32) -> IPAddress {
        guard case .v6(let high, let low, _) = self, high >> 54 == 0xFE80 >> 6 else { return self }
        return .v6(high: high, low: low, scope: interface)
    }

    /// The address without its scope.
    var withoutScope: IPAddress {
        switch self {
        case .v4: self
        case .v6(let high, let low, _): .v6(high: high, low: low, scope: 0)
        }
    }
}
