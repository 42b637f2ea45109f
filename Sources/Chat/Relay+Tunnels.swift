import Wire

/// Bytes between two members, end to end encrypted: the relay sees who, when and how much. It keeps nothing of a
/// tunnel; members learn from the roster that the other end is gone.
extension Relay {
    mutating func tunnelReceived(
        _ tunnel: RelayTunnel, _ bytes: [UInt8], from peer: PeerID, on link: RelayLink
    ) throws {
        guard tunnel.peer != peer else { throw LinkViolation("a tunnel to itself") }
        guard links.member(tunnel.peer) != nil else {
            send(.tunnelClosed(mirrored(tunnel, towards: tunnel.peer, isBack: true)), on: link)
            return
        }
        tunnelItemReceived(.init(tunnel: tunnel, bytes: bytes), from: peer, on: link)
    }

    mutating func tunnelCloseReceived(_ tunnel: RelayTunnel, from peer: PeerID, on link: RelayLink) {
        guard tunnel.peer != peer, links.member(tunnel.peer) != nil else { return }
        tunnelItemReceived(.init(tunnel: tunnel, bytes: nil), from: peer, on: link)
    }

    /// Passed on at the member's rate, and no faster than the other end reads: what is more than that waits.
    private mutating func tunnelItemReceived(_ item: TunnelQueue.Item, from peer: PeerID, on link: RelayLink) {
        guard let waiting = link.member?.tunnels.bytes else { return }
        guard waiting + item.cost <= configuration.limits.waitingTunnelBytes else {
            // A link cannot go on with a hole in it.
            link.member?.tunnels.drop(item.tunnel)
            send(.tunnelClosed(mirrored(item.tunnel, towards: item.tunnel.peer, isBack: true)), on: link)
            if let other = links.member(item.tunnel.peer) {
                send(.tunnelClosed(mirrored(item.tunnel, towards: peer, isBack: false)), on: other)
            }
            return
        }
        link.member?.tunnels.append(item)
        passOnTunnels(of: peer, on: link)
        guard link.member?.tunnels.isEmpty == false else { return }
        if !state.paced.contains(where: { $0 === link }) { state.paced.append(link) }
        agenda.ask(for: .pace, at: now + Bounds.paceInterval)
    }

    /// What may go now.
    mutating func passOnTunnels(of peer: PeerID, on link: RelayLink) {
        guard link.member?.tunnels.isEmpty == false else { return }
        let (links, most) = (links, configuration.limits.queueBytes / 2)
        let items = link.member?.tunnels.take(at: now) { other in
            // A slow reader is not cut for what others send it.
            links.member(other).map { $0.channel.queuedBytes < most } ?? true
        }
        for item in items ?? [] {
            guard let other = links.member(item.tunnel.peer) else { continue }
            let tunnel = mirrored(item.tunnel, towards: peer, isBack: false)
            guard let bytes = item.bytes else {
                send(.tunnelClosed(tunnel), on: other)
                continue
            }
            counters.ever.tunnelBytes &+= UInt64(bytes.count)
            send(.tunnel(tunnel, bytes: bytes), on: other)
        }
    }

    /// The tunnel as its receiver names it. What goes back to the sender speaks for the other end.
    private func mirrored(_ tunnel: RelayTunnel, towards peer: PeerID, isBack: Bool) -> RelayTunnel {
        RelayTunnel(
            peer: peer, number: tunnel.number, isFromOpener: isBack ? !tunnel.isFromOpener : tunnel.isFromOpener)
    }
}
