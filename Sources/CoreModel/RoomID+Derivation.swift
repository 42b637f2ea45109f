import Secure
package import Wire

extension RoomID {
    /// The LAN lobby's. Which gathering it is said in is a matter of the log, so that gatherings that meet can merge
    /// their logs without touching what was signed.
    package static let lobby = RoomID(SHA256.hash(Array("earshot lobby v1".utf8)))!

    /// The room of two peers, the same for both.
    package static func conversation(_ one: PeerID, _ other: PeerID) -> RoomID {
        var bytes = Array("earshot pair v1".utf8)
        min(one, other).append(to: &bytes)
        max(one, other).append(to: &bytes)
        return RoomID(SHA256.hash(bytes))!
    }
}

extension RoomID {
    /// A relay's lobby.
    package static func relayLobby(of relay: PeerID) -> RoomID {
        RoomID(SHA256.hash(Array("earshot relay lobby v1".utf8) + relay.bytes))!
    }
}
