public import Wire

/// A relay to take part in, and what is known of it beforehand.
public struct RelayTarget: Equatable, Sendable {
    /// Where it is, for people, and the name under which its key is remembered: `relay.example:47475`.
    public var address: String
    /// Where to dial, in turn.
    public var endpoints: [Endpoint]
    /// If it was given by name: looked up again whenever it cannot be reached.
    public var host: Host?
    /// The key that its community must have. Nil: the one that it had the first time.
    public var fingerprint: PeerID?
    /// For the room or for operators; told only to the key that is expected.
    public var password: [UInt8]?

    /// The setting of the archive that has the ``address`` of the relay that calls itself so.
    public static func placeSetting(ofRelayNamed name: Nickname) -> String { "relay named \(name.folded)" }

    /// A host by its name.
    public struct Host: Equatable, Sendable {
        public var name: String
        public var port: UInt16

        public init(name: String, port: UInt16) {
            self.name = name
            self.port = port
        }
    }

    public init(
        address: String, endpoints: [Endpoint], host: Host? = nil, fingerprint: PeerID? = nil, password: [UInt8]? = nil
    ) {
        self.address = address
        self.endpoints = endpoints
        self.host = host
        self.fingerprint = fingerprint
        self.password = password
    }
}
