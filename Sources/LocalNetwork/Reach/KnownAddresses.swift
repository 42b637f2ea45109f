package import Wire

/// Where peers were last met on our own networks, kept over restarts: where nobody is heard, they are introduced to
/// first.
package struct KnownAddresses: Equatable {
    /// The latest 64: 64 × about 20 bytes in one setting.
    package static let capacity = 64
    package static let setting = "known addresses"

    /// Without scopes, which change with every start; the latest last.
    package private(set) var addresses: [IPAddress] = []

    package init() {}

    /// A link with a peer at this address is established.
    /// - Returns: whether it was not known.
    package mutating func note(_ address: IPAddress) -> Bool {
        let address = address.withoutScope
        if let place = addresses.firstIndex(of: address) {
            addresses.append(addresses.remove(at: place))
            return false
        }
        addresses.append(address)
        if addresses.count > Self.capacity { addresses.removeFirst() }
        return true
    }

    /// - Returns: nothing known for what is not of this form.
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

    package func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: addresses.count)
        for address in addresses { writer.text(address.description) }
        return writer.bytes
    }
}

extension IPAddress {
    /// A link-local address of IPv6 as it is meant on this interface; others as they are.
    func scoped(to interface: UInt32) -> IPAddress {
        guard case .v6(let high, let low, _) = self, high >> 54 == 0xFE80 >> 6 else { return self }
        return .v6(high: high, low: low, scope: interface)
    }

    var withoutScope: IPAddress {
        switch self {
        case .v4: self
        case .v6(let high, let low, _): .v6(high: high, low: low, scope: 0)
        }
    }
}
