public import Wire

/// A relay to take part in, and what is known of it beforehand.
public struct RelayTarget: Equatable, Sendable {
    /// Where it is, for people, and the name under which its key is remembered: `relay.example:47475`.
    public var address: String
    /// Where to dial, in turn.
    public var endpoints: [Endpoint]
    /// The key that it must have. Nil: the one that it had the first time.
    public var fingerprint: PeerID?
    /// For the room or for operators; told only to the key that is expected.
    public var password: [UInt8]?

    /// The setting of the archive that has the ``address`` of the relay that calls itself so.
    public static func placeSetting(ofRelayNamed name: Nickname) -> String { "relay named \(name.folded)" }

    public init(address: String, endpoints: [Endpoint], fingerprint: PeerID? = nil, password: [UInt8]? = nil) {
        self.address = address
        self.endpoints = endpoints
        self.fingerprint = fingerprint
        self.password = password
    }
}
