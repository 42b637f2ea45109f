/// A peer's description of itself, sent by multicast and passed on by other peers (Protocol.md, Announcement).
public struct Announcement: Equatable, Sendable {
    /// The state of the peer's claim to its name.
    public enum Kind: UInt8, Sendable {
        /// The peer wants the name but does not yet hold it.
        case probe = 0
        /// The peer holds the name.
        case announce = 1
        /// The process is leaving.
        case goodbye = 2
    }

    public var kind: Kind
    public var peer: PeerID
    /// A random number for each process, which tells a restart from a repeat.
    public var instance: UInt64
    /// A number that grows with every announcement of a peer. It starts at the wall clock in milliseconds, so it grows
    /// across restarts too.
    public var sequence: UInt64
    /// The claimed name, at most 32 bytes. Code that uses it checks it against the rules for names (`Nickname`).
    public var name: String
    /// The time at which the name was claimed: the claimer's wall clock, in milliseconds since 1970.
    public var claimTime: UInt64
    /// The TCP port for links.
    public var linkPort: UInt16
    /// The features that the peer supports.
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
