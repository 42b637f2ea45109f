import CoreModel
import Links
import Wire

/// Bytes between two members, end-to-end encrypted: the relay sees the two ends, the times and the sizes. It keeps no
/// state of a tunnel; members learn from the roster that the other end is gone.
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

    /// Passes on a frame at the member's rate, and no faster than the other end reads; the rest waits.
    private mutating func tunnelItemReceived(_ item: TunnelQueue.Item, from peer: PeerID, on link: RelayLink) {
        let room = tunnelRoom(towards: item.tunnel.peer)
        if link.member?.tunnels.mayPass(item, room: room, at: now) == true { return passOn(item, from: peer) }
        if !hasRoom(for: item, on: link) {
            let closed = link.member?.tunnels.dropLongestQueue() ?? []
            closeOverfull(closed, on: link)
            if closed.contains(item.tunnel) { return }
            guard hasRoom(for: item, on: link) else { return closeOverfull([item.tunnel], on: link) }
        }
        let wasEmpty = link.member?.tunnels.isEmpty == true
        link.member?.tunnels.append(item)
        // Otherwise the link has been in the list since its first waiting item.
        guard wasEmpty else { return }
        if !state.paced.contains(where: { $0 === link }) { state.paced.append(link) }
        timers.schedule(.pace, at: now + Bounds.paceInterval)
    }

    /// Closes tunnels that lost a frame, because the link inside cannot continue with a gap. The sender is notified
    /// immediately. The other end is notified when it reads, of at most ``notifiedTunnelCount`` tunnels, so that the queue
    /// shrinks.
    private mutating func closeOverfull(_ tunnels: [RelayTunnel], on link: RelayLink) {
        for tunnel in tunnels { send(.tunnelClosed(mirrored(tunnel, towards: tunnel.peer, isBack: true)), on: link) }
        for tunnel in tunnels.prefix(Self.notifiedTunnelCount) {
            let end = TunnelQueue.Item(tunnel: tunnel, bytes: nil)
            if link.member?.tunnels.hasRoom(for: end, most: .max) == true { link.member?.tunnels.append(end) }
        }
    }

    private func hasRoom(for item: TunnelQueue.Item, on link: RelayLink) -> Bool {
        link.member?.tunnels.hasRoom(for: item, most: configuration.limits.waitingTunnelBytes) ?? false
    }

    /// Far more than needed: two members use one tunnel between them, or two if both opened one.
    private static let notifiedTunnelCount = 16

    /// Returns the bytes of tunnels that may be queued for a member, so that it is not cut for traffic of others and
    /// lobby messages are not delayed for long. Entries that it has requested itself come after both.
    private func tunnelRoom(towards peer: PeerID) -> Int {
        let most = configuration.limits.queueBytes / 2
        guard let channel = links.member(peer)?.channel else { return most }
        let ahead = channel.queuedBytes - channel.queuedSyncBytes
        return min(most - channel.queuedBytes, Bounds.relayTunnelQueueBytes - ahead)
    }

    /// Passes on the waiting frames of a member that are due.
    mutating func passOnTunnels(of peer: PeerID, on link: RelayLink) {
        guard link.member?.tunnels.isEmpty == false else { return }
        let items = link.member?.tunnels.take(at: now) { tunnelRoom(towards: $0) }
        for item in items ?? [] { passOn(item, from: peer) }
    }

    private mutating func passOn(_ item: TunnelQueue.Item, from peer: PeerID) {
        guard let other = links.member(item.tunnel.peer) else { return }
        let tunnel = mirrored(item.tunnel, towards: peer, isBack: false)
        guard let bytes = item.bytes else { return send(.tunnelClosed(tunnel), on: other) }
        counters.sinceStart.tunnelBytes &+= UInt64(bytes.count)
        send(.tunnel(tunnel, bytes: bytes), on: other)
    }

    /// Returns the tunnel as its receiver names it. A frame that is returned to the sender speaks for the other end.
    private func mirrored(_ tunnel: RelayTunnel, towards peer: PeerID, isBack: Bool) -> RelayTunnel {
        RelayTunnel(
            peer: peer, number: tunnel.number, isFromOpener: isBack ? !tunnel.isFromOpener : tunnel.isFromOpener)
    }
}
