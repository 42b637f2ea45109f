import Wire

/// Bytes between two members, end to end encrypted: the relay sees who, when and how much. It keeps nothing of a
/// tunnel; members learn from the roster that the other end is gone.
extension Relay {
    mutating func tunnelReceived(
        _ tunnel: RelayTunnel, _ bytes: [UInt8], from peer: PeerID, on link: RelayLink
    ) throws {
        guard tunnel.peer != peer else { throw LinkViolation("a tunnel to itself") }
        guard let other = links.member(tunnel.peer) else {
            send(.tunnelClosed(mirrored(tunnel, towards: tunnel.peer, isBack: true)), on: link)
            return
        }
        guard link.member?.tunnelBytes.take(bytes.count + 64, at: now) == true else {
            // A link cannot go on with a hole in it.
            send(.tunnelClosed(mirrored(tunnel, towards: tunnel.peer, isBack: true)), on: link)
            send(.tunnelClosed(mirrored(tunnel, towards: peer, isBack: false)), on: other)
            return
        }
        counters.ever.tunnelBytes &+= UInt64(bytes.count)
        send(.tunnel(mirrored(tunnel, towards: peer, isBack: false), bytes: bytes), on: other)
    }

    mutating func tunnelCloseReceived(_ tunnel: RelayTunnel, from peer: PeerID, on link: RelayLink) {
        guard tunnel.peer != peer, let other = links.member(tunnel.peer),
            link.member?.tunnelBytes.take(64, at: now) == true
        else { return }
        send(.tunnelClosed(mirrored(tunnel, towards: peer, isBack: false)), on: other)
    }

    /// The tunnel as its receiver names it. What goes back to the sender speaks for the other end.
    private func mirrored(_ tunnel: RelayTunnel, towards peer: PeerID, isBack: Bool) -> RelayTunnel {
        RelayTunnel(
            peer: peer, number: tunnel.number, isFromOpener: isBack ? !tunnel.isFromOpener : tunnel.isFromOpener)
    }
}
