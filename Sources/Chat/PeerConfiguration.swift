public import Wire

/// How one peer is set up; all of it fixed from the start.
public struct PeerConfiguration: Sendable {
    /// The name to claim.
    public var name: Nickname
    /// Give up with status 3 rather than take another name at the start.
    public var isStrictAboutName = false
    /// Announce by multicast.
    public var usesMulticast = true
    /// Peers to dial where multicast does not pass.
    public var endpoints: [Endpoint] = []

    public init(name: Nickname) {
        self.name = name
    }
}
