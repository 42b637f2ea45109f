import CoreModel
import Wire

/// A short word for a network, derived from its prefixes and its router's hardware address. It is equal on two machines
/// of one network, and most likely different otherwise. It is not a secret and protects nothing.
struct PlaceWord: Equatable {
    let text: String

    private static let words = [
        "acorn", "amber", "apple", "arrow", "aspen", "badge", "basil", "beach", "berry", "birch", "bloom", "brook",
        "candle", "canyon", "cedar", "cherry", "clover", "cobalt", "copper", "coral", "daisy", "delta", "ember",
        "falcon",
        "fern", "flint", "forest", "garden", "ginger", "harbor", "hazel", "heron", "indigo", "island", "ivory",
        "jasmine",
        "juniper", "kettle", "lagoon", "lantern", "lemon", "lilac", "linen", "maple", "marble", "meadow", "mint",
        "nectar",
        "oasis", "olive", "orchid", "otter", "pebble", "pepper", "pine", "poppy", "quartz", "river", "saffron",
        "spruce",
        "tulip", "velvet", "willow", "zinnia",
    ]

    /// Creates the word of a network.
    /// - Returns: Nil if its addresses do not distinguish it from other networks, or if its router's hardware address
    ///   is not known yet, which would make two machines of one network differ.
    init?(of lan: InterfaceFacts) {
        guard lan.router == nil || !lan.interface.router.isEmpty else { return nil }
        let prefixes = lan.interface.addresses.map(Self.network).sorted { $0.lexicographicallyPrecedes($1) }
        // One machine may lack IPv6 or have several IPv6 prefixes: the first IPv4 prefix is the one that both have.
        let told = prefixes.first { $0.first == 4 } ?? prefixes.first { $0.first == 6 && $0[1] & 0xFE != 0xFE }
        guard let told else { return nil }
        // FNV-1a of 64 bits; its lowest bits alone are poorly distributed.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in told + lan.interface.router {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        hash ^= hash >> 32
        text = "\(Self.words[Int(hash % 64)])-\(hash / 64 % 90 + 10)"
    }

    /// Returns the family, the bits of the network, and their number.
    private static func network(_ prefix: NetworkInterface.Prefix) -> [UInt8] {
        let length = prefix.length
        switch prefix.address {
        case .v4(let bits):
            let network = length == 0 ? 0 : bits & (UInt32.max << (32 - UInt32(min(length, 32))))
            return [4] + (0..<4).map { UInt8(truncatingIfNeeded: network >> (24 - 8 * $0)) } + [length]
        case .v6(let high, _, _):
            let network = length == 0 ? 0 : high & (UInt64.max << (64 - UInt64(min(length, 64))))
            return [6] + (0..<8).map { UInt8(truncatingIfNeeded: network >> (56 - 8 * $0)) } + [length]
        }
    }
}
