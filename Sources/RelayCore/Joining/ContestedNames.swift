import Wire

/// Names at a relay that more than one key wanted, with the keys that got them. They are kept across restarts, so that
/// the first key to return does not take a name that another had.
struct ContestedNames {
    /// The maximum number of names; the oldest are dropped.
    static let capacity = 1_000
    static let setting = "contested names"

    private(set) var names: [(peer: PeerID, name: Nickname)] = []
    private var isChanged = false

    init() {}

    /// Records that a key holds a contested name.
    mutating func note(_ name: Nickname, of peer: PeerID) {
        if let index = names.firstIndex(where: { $0.peer == peer }) {
            guard names[index].name != name else { return }
            names[index].name = name
        } else {
            names.append((peer, name))
            if names.count > Self.capacity { names.removeFirst() }
        }
        isChanged = true
    }

    /// Removes the name of a key.
    mutating func forget(_ peer: PeerID) {
        guard let index = names.firstIndex(where: { $0.peer == peer }) else { return }
        names.remove(at: index)
        isChanged = true
    }

    /// Returns the names encoded as a setting if they have changed since the last call, and nil otherwise.
    mutating func takeChange() -> [UInt8]? {
        guard isChanged else { return nil }
        isChanged = false
        var writer = CBORWriter()
        writer.array(count: names.count)
        for (peer, name) in names {
            writer.array(count: 2)
            writer.identifier(peer)
            writer.text(name.text)
        }
        return writer.bytes
    }

    /// Decodes a setting. Bytes of another form give no names.
    init(decoding bytes: [UInt8]) {
        names = (try? Self.names(in: bytes)) ?? []
    }

    private static func names(in bytes: [UInt8]) throws -> [(peer: PeerID, name: Nickname)] {
        var reader = CBORReader(bytes)
        var names: [(peer: PeerID, name: Nickname)] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            _ = try reader.array(maximum: 2)
            let peer: PeerID = try reader.identifier()
            names.append((peer, try Nickname(try reader.text(maximumBytes: Limits.nameBytes))))
        }
        return names
    }
}
