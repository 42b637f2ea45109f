/// What a peer says of itself by multicast, and what peers hand on about each other (Protocol.md, Announcement).
public struct Announcement: Equatable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// The name is wanted but not yet held.
        case probe = 0
        /// The name is held.
        case announce = 1
        /// The process is leaving.
        case goodbye = 2
    }

    public var kind: Kind
    public var peer: PeerID
    /// Random for each process, so that a restart is told from a repeat.
    public var instance: UInt64
    /// Grows with every announcement of a peer; starts at the wall clock in milliseconds, so it grows over restarts too.
    public var sequence: UInt64
    /// As claimed, at most 32 bytes; what rules it must obey is checked by whoever uses it (`Nickname`).
    public var name: String
    /// When the name was claimed, by the claimer's wall clock, in milliseconds since 1970.
    public var claimTime: UInt64
    /// TCP port for links.
    public var linkPort: UInt16
    /// What the peer can do.
    public var features: Features

    public init(
        kind: Kind, peer: PeerID, instance: UInt64, sequence: UInt64, name: String, claimTime: UInt64, linkPort: UInt16,
        features: Features = []
    ) {
        self.kind = kind
        self.peer = peer
        self.instance = instance
        self.sequence = sequence
        self.name = name
        self.claimTime = claimTime
        self.linkPort = linkPort
        self.features = features
    }
}
