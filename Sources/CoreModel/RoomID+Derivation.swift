import Secure
package import Wire

extension RoomID {
    /// The room of the LAN lobby. The gathering is a property of the log, so that gatherings that meet can merge their
    /// logs without changing signed bytes.
    package static let lobby = RoomID(SHA256.hash(Array("earshot lobby v1".utf8)))!

    /// Returns the room of two peers, the same for both.
    package static func conversation(_ one: PeerID, _ other: PeerID) -> RoomID {
        var bytes = Array("earshot pair v1".utf8)
        min(one, other).append(to: &bytes)
        max(one, other).append(to: &bytes)
        return RoomID(SHA256.hash(bytes))!
    }
}

extension RoomID {
    /// Returns the room of a relay's lobby.
    package static func relayLobby(of relay: PeerID) -> RoomID {
        RoomID(SHA256.hash(Array("earshot relay lobby v1".utf8) + relay.bytes))!
    }
}
