public import Wire

/// The state of a running peer that explains which other peers it sees.
public struct PeerStatus: Equatable, Sendable {
    /// An established link.
    public struct Link: Equatable, Sendable {
        public var peer: PeerID
        public var name: String
        /// The remote address; nil for a link that a relay carries.
        public var address: Endpoint?
        public var isThroughFirewall: Bool

        package init(
            peer: PeerID, name: String, address: Endpoint? = nil, isThroughFirewall: Bool
        ) {
            self.peer = peer
            self.name = name
            self.address = address
            self.isThroughFirewall = isThroughFirewall
        }
    }

    /// Our name as others see it.
    public var name: String
    public var usesMulticast: Bool
    /// Whether our own key was recently received from another process.
    public var isKeyInUseElsewhere: Bool
    /// The names of blocked peers, sorted.
    public var blocked: [String]
    /// The established links, ascending by peer.
    public var links: [Link]

    package init(
        name: String, usesMulticast: Bool, isKeyInUseElsewhere: Bool, blocked: [String], links: [Link]
    ) {
        self.name = name
        self.usesMulticast = usesMulticast
        self.isKeyInUseElsewhere = isKeyInUseElsewhere
        self.blocked = blocked
        self.links = links
    }
}
