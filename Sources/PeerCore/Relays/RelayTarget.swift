public import Wire

/// A relay to join, and what is known of it beforehand.
public struct RelayTarget: Equatable, Sendable {
    /// The address for display, and the name under which its key is stored: `relay.example:47475`.
    public var address: String
    /// The endpoints to dial, in turn.
    public var endpoints: [Endpoint]
    /// The host, if the relay was given by name; looked up again whenever the relay cannot be reached.
    public var host: Host?
    /// The key that its community must have; nil means the one that it had the first time.
    public var fingerprint: PeerID?
    /// The password of the room or for operators; sent only to the expected key.
    public var password: [UInt8]?

    /// Returns the archive setting that holds the ``address`` of the relay with this name.
    public static func placeSetting(ofRelayNamed name: Nickname) -> String { "relay named \(name.folded)" }

    /// A host by its name.
    public struct Host: Equatable, Sendable {
        public var name: String
        public var port: UInt16

        /// Creates a host from its name and port.
        public init(name: String, port: UInt16) {
            self.name = name
            self.port = port
        }
    }

    /// Creates a target from its parts.
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
