public import CoreModel
import LocalNetwork
public import Wire

/// How one peer is set up; all of it fixed from the start.
public struct PeerConfiguration: Sendable {
    /// The name to claim.
    public var name: Nickname
    /// Give up with status 3 rather than take another name at the start.
    public var isStrictAboutName = false
    /// Announce by multicast.
    public var usesMulticast = true
    /// Announce by unicast to each address of a network where nobody is heard (Protocol.md, Introduction by unicast).
    public var usesSweep = true
    /// The UDP port of discovery, on this machine and all others.
    public var discoveryPort = Limits.discoveryPort
    /// Peers to dial where multicast does not pass.
    public var endpoints: [Endpoint] = []

    /// Relays to take part in.
    public var relays: [RelayTarget] = []
    /// Which program this is, for a relay's log; at most ``Limits/programBytes``.
    public var program = "earshot"
    /// Lines of the lobby that are shown at the start, of what was said before.
    public var recentLineCount = 0
    /// Lines of a lobby from before this peer came that are shown when they come, the last ones; nil: all.
    public var lateLineCount: Int?
    /// Whether lines that one peer sends faster than anybody reads are counted instead of shown: for a person.
    public var limitsLines = false
    public var retention = Retention()

    /// Up to this many present peers, itself among them, everybody has a link with everybody.
    public var fullMeshCount = Bounds.fullMeshCount
    /// Whether it knows of statements (frames 28 to 31). Without, it is as peers were before there were any: for tests.
    public var knowsAdvertisements = true

    public init(name: Nickname) {
        self.name = name
    }

    /// Whether there is nobody but relays to speak with: what is said without a room is said there.
    var usesOnlyRelays: Bool { !usesMulticast && endpoints.isEmpty && !relays.isEmpty }
}
