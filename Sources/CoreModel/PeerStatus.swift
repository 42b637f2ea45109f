public import Wire

/// What a running peer knows that explains who is seen and who is not.
public struct PeerStatus: Equatable, Sendable {
    public struct Link: Equatable, Sendable {
        public var peer: PeerID
        public var name: String
        /// Nil for one that a relay carries.
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

    /// As it is shown to others.
    public var name: String
    public var usesMulticast: Bool
    /// Our own key was heard from another process a short while ago.
    public var isKeyInUseElsewhere: Bool
    /// Names of people whose words are not shown, sorted.
    public var blocked: [String]
    /// Established links, ascending by peer.
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
