public import CoreModel
import LocalNetwork
public import Wire

/// The settings of a peer, fixed from the start.
public struct PeerConfiguration: Sendable {
    /// The name to claim.
    public var name: Nickname
    /// Whether to exit with status 3 rather than take another name at the start.
    public var isStrictAboutName = false
    /// Whether to announce by multicast.
    public var usesMulticast = true
    /// Whether to announce by unicast to each address of a network on which no peer is received (Protocol.md,
    /// Introduction by unicast).
    public var usesSweep = true
    /// The UDP port of discovery, on this machine and all others.
    public var discoveryPort = Limits.discoveryPort
    /// The peers to dial where multicast does not pass.
    public var endpoints: [Endpoint] = []

    /// The relays to join.
    public var relays: [RelayTarget] = []
    /// The name of this program for a relay's log; at most ``Limits/programBytes``.
    public var program = "earshot"
    /// The number of earlier lobby lines shown at the start.
    public var recentLineCount = 0
    /// The maximum number of lobby lines from before this peer arrived that are shown when they arrive, the last ones;
    /// nil means all.
    public var lateLineCount: Int?
    /// Whether lines that one peer sends faster than anybody reads are counted instead of shown, which suits a person.
    public var limitsLines = false
    /// The limits on stored entries.
    public var retention = Retention()

    /// The maximum number of present peers, including this one, at which every peer has a link with every other.
    public var fullMeshCount = Bounds.fullMeshCount
    /// Whether this peer supports link-state advertisements (frames 28 to 31). Without them it behaves like peers from
    /// before they existed; for tests.
    public var knowsAdvertisements = true

    /// Creates a configuration with default settings.
    public init(name: Nickname) {
        self.name = name
    }

    /// Whether all communication is through relays: text without a room then goes to a relay's lobby.
    var usesOnlyRelays: Bool { !usesMulticast && endpoints.isEmpty && !relays.isEmpty }
}
