import CoreModel
import Links
import Wire

/// All links of a core and their pending output, iterated in the order of their IDs so that no dictionary's order
/// reaches an output.
///
/// A link stays in one slot, so that reading or changing it copies nothing.
struct LinkTable {
    private var slots: [Link?] = []
    private var freeIndices: [Int] = []
    private var places: [LinkID: Int] = [:]
    /// The IDs of all links, ascending.
    private(set) var ids: [LinkID] = []
    /// The established links of each peer, newest last. Frames for a peer are sent on the last one.
    private var established: [PeerID: [LinkID]] = [:]
    /// The tunnels of each peer, kept apart: frames for the LAN are not sent to peers that only a tunnel reaches.
    private var tunnelled: [PeerID: [LinkID]] = [:]
    /// The peers with an established direct link, ascending.
    private(set) var peers: [PeerID] = []
    private(set) var unauthenticatedLinkCount = 0
    /// The links with output, in the order in which they got it; those before index `flushed` are done.
    private var toBeFlushed: [LinkID] = []
    private var flushed = 0
    private var sealing = SealingBuffer()
    /// The links whose drain the host has yet to be asked to report.
    private var awaited: [LinkID] = []
    var warnings = WarningRate()

    var count: Int { ids.count }

    func contains(_ id: LinkID) -> Bool { places[id] != nil }

    /// Accesses a link in place, and records new output of its channel. The phase is changed only by the methods below,
    /// so that the indexes stay consistent.
    subscript(id: LinkID) -> Link? {
        _read {
            if let index = places[id] { yield slots[index] } else { yield nil }
        }
        _modify {
            if let index = places[id] {
                defer { noteOutput(at: index) }
                yield &slots[index]
            } else {
                var none: Link?
                yield &none
                precondition(none == nil, "a link is inserted by insert(_:)")
            }
        }
    }

    private mutating func noteOutput(at index: Int) {
        guard let id = slots[index]?.markForFlush() else { return }
        toBeFlushed.append(id)
    }

    /// Inserts a new link.
    mutating func insert(_ link: Link) {
        precondition(places[link.id] == nil, "a link's ID is never used again")
        if let index = freeIndices.popLast() {
            slots[index] = link
            places[link.id] = index
        } else {
            places[link.id] = slots.count
            slots.append(link)
        }
        ids.insert(sorted: link.id)
        if link.isUnauthenticated { unauthenticatedLinkCount += 1 }
    }

    /// Removes a link.
    /// - Returns: The link as it was.
    mutating func remove(_ id: LinkID) -> Link? {
        guard let index = places.removeValue(forKey: id), let link = slots[index] else { return nil }
        slots[index] = nil
        freeIndices.append(index)
        ids.remove(sorted: id)
        leaveIndexes(link)
        return link
    }

    /// Changes the phase of a link and updates the indexes.
    mutating func setPhase(_ phase: Link.Phase, of id: LinkID) {
        guard let slot = places[id], let link = slots[slot] else { return }
        leaveIndexes(link)
        slots[slot]?.phase = phase
        if slots[slot]?.isUnauthenticated == true { unauthenticatedLinkCount += 1 }
        if case .established(let peer) = phase, link.isTunnel {
            tunnelled[peer, default: []].append(id)
        } else if case .established(let peer) = phase {
            if established[peer] == nil { peers.insert(sorted: peer) }
            established[peer, default: []].append(id)
        }
    }

    // Sending.

    /// Seals the output of the next link that has some, as far as its window admits. The storage of the bytes is reused
    /// if the caller releases them before the next call.
    mutating func nextFlush(at now: Instant) -> (id: LinkID, bytes: [UInt8])? {
        if flushed == 0, toBeFlushed.count > 1 { toBeFlushed.sort() }
        while flushed < toBeFlushed.count {
            let id = toBeFlushed[flushed]
            flushed += 1
            // Output without room in its carrier waits in the tunnel.
            if let index = places[id], slots[index]!.isTunnel { continue }
            let bytes = flush(id)
            // Even if nothing was sealed: the next frame may be longer than the room that is left.
            if let index = places[id], slots[index]!.requestsDrainReport(at: now) { awaited.append(id) }
            if let bytes { return (id, bytes) }
        }
        toBeFlushed.removeAll(keepingCapacity: true)
        flushed = 0
        return nil
    }

    /// Returns the next link whose drain the host must report.
    mutating func nextAwaited() -> LinkID? { awaited.popLast() }

    /// Seals the output of a link; nil if there is none.
    /// - Parameter isAll: Whether to seal all of it, because the link is to be closed; otherwise as far as its window
    ///   admits.
    mutating func flush(_ id: LinkID, isAll: Bool = false) -> [UInt8]? {
        guard let index = places[id], isAll || slots[index]?.isToBeFlushed == true else { return nil }
        slots[index]?.isToBeFlushed = false
        guard let phase = slots[index]?.phase, phase != .closing, phase != .awaitingConnection else { return nil }
        let room = isAll ? Int.max : slots[index]!.window.room
        let bytes = sealing.flush(&slots[index]!.channel, most: room)
        if bytes.isEmpty { return nil }
        slots[index]!.window.sent(bytes: bytes.count)
        return bytes
    }

    /// Returns the established direct links with a peer, oldest first.
    func links(with peer: PeerID) -> [LinkID] { established[peer] ?? [] }

    /// Returns the newest established direct link with a peer.
    func direct(with peer: PeerID) -> LinkID? { established[peer]?.last }

    /// Returns the tunnels to a peer, oldest first.
    func tunnels(with peer: PeerID) -> [LinkID] { tunnelled[peer] ?? [] }

    /// Returns the link for frames to one peer alone: its newest direct link, otherwise its newest tunnel.
    func best(with peer: PeerID) -> LinkID? { established[peer]?.last ?? tunnelled[peer]?.last }

    /// Returns the link to evict when unauthenticated links fill the table: the oldest one of the address that has the
    /// most.
    func evictionCandidate() -> LinkID? {
        var counts: [IPAddress: Int] = [:]
        for id in ids {
            guard let link = self[id], link.isUnauthenticated, link.origin == .accepted else { continue }
            counts[link.endpoint.address, default: 0] += 1
        }
        var best: (count: Int, link: Link)?
        for id in ids {
            guard let link = self[id], link.isUnauthenticated, link.origin == .accepted else { continue }
            let count = counts[link.endpoint.address] ?? 0
            guard let (bestCount, bestLink) = best else {
                best = (count, link)
                continue
            }
            if count > bestCount || (count == bestCount && link.startedAt < bestLink.startedAt) { best = (count, link) }
        }
        return best?.link.id
    }

    private mutating func leaveIndexes(_ link: Link) {
        if link.isUnauthenticated { unauthenticatedLinkCount -= 1 }
        if case .established(let peer) = link.phase, link.isTunnel {
            tunnelled[peer]?.removeAll { $0 == link.id }
            if tunnelled[peer]?.isEmpty == true { tunnelled[peer] = nil }
        } else if case .established(let peer) = link.phase {
            established[peer]?.removeAll { $0 == link.id }
            if established[peer]?.isEmpty == true {
                established[peer] = nil
                peers.remove(sorted: peer)
            }
        }
    }
}
