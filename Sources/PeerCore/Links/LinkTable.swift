import CoreModel
import Links
import Wire

/// All links of a core, walked in the order of their IDs so that no dictionary's order reaches an output, and what is
/// to be sent on them.
///
/// A link stays in one place, so that looking at it or changing it copies nothing.
struct LinkTable {
    private var slots: [Link?] = []
    private var freePlaces: [Int] = []
    private var places: [LinkID: Int] = [:]
    private(set) var ids: [LinkID] = []
    /// Established links of each peer, newest last. What is for a peer goes over its last one.
    private var established: [PeerID: [LinkID]] = [:]
    /// The same of tunnels, kept apart: what is the LAN's goes to no peer that is only behind one.
    private var tunnelled: [PeerID: [LinkID]] = [:]
    /// Peers with an established link of their own, ascending.
    private(set) var peers: [PeerID] = []
    private(set) var unauthenticatedLinkCount = 0
    /// Links that have something to send, in the order in which they got it; those before `flushed` are done.
    private var toBeFlushed: [LinkID] = []
    private var flushed = 0
    private var sealing = SealingBuffer()
    /// Links of which the host is still to be asked to tell when their bytes are gone.
    private var awaited: [LinkID] = []
    var warnings = WarningRate()

    var count: Int { ids.count }

    func contains(_ id: LinkID) -> Bool { places[id] != nil }

    /// Changing a link in place; what its channel then has to send is remembered. Its phase is changed by the methods
    /// below only, so that the indexes keep in step.
    subscript(id: LinkID) -> Link? {
        _read {
            if let place = places[id] { yield slots[place] } else { yield nil }
        }
        _modify {
            if let place = places[id] {
                defer { noteOutput(at: place) }
                yield &slots[place]
            } else {
                var none: Link?
                yield &none
                precondition(none == nil, "a link is inserted by insert(_:)")
            }
        }
    }

    private mutating func noteOutput(at place: Int) {
        guard let id = slots[place]?.markForFlush() else { return }
        toBeFlushed.append(id)
    }

    mutating func insert(_ link: Link) {
        precondition(places[link.id] == nil, "a link's ID is never used again")
        if let place = freePlaces.popLast() {
            slots[place] = link
            places[link.id] = place
        } else {
            places[link.id] = slots.count
            slots.append(link)
        }
        ids.insert(sorted: link.id)
        if link.isUnauthenticated { unauthenticatedLinkCount += 1 }
    }

    /// - Returns: the link as it was.
    mutating func remove(_ id: LinkID) -> Link? {
        guard let place = places.removeValue(forKey: id), let link = slots[place] else { return nil }
        slots[place] = nil
        freePlaces.append(place)
        ids.remove(sorted: id)
        leaveIndexes(link)
        return link
    }

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

    /// Seals what is queued for the next link that has something, as much as its window takes. If the caller has released
    /// the bytes before the next call, that reuses their storage.
    mutating func nextFlush(at now: Instant) -> (id: LinkID, bytes: [UInt8])? {
        if flushed == 0, toBeFlushed.count > 1 { toBeFlushed.sort() }
        while flushed < toBeFlushed.count {
            let id = toBeFlushed[flushed]
            flushed += 1
            // What its carrier has no room for waits in it.
            if let place = places[id], slots[place]!.isTunnel { continue }
            let bytes = flush(id)
            // Also if nothing left: the next frame may be longer than the room that is left.
            if let place = places[id], slots[place]!.asksForDrain(at: now) { awaited.append(id) }
            if let bytes { return (id, bytes) }
        }
        toBeFlushed.removeAll(keepingCapacity: true)
        flushed = 0
        return nil
    }

    /// The next link of which the host is to be asked to tell when its bytes are gone.
    mutating func nextAwaited() -> LinkID? { awaited.popLast() }

    /// Seals what is queued for one link; nil if that is nothing.
    /// - Parameter isAll: All of it, because the link is to be closed; else what its window takes.
    mutating func flush(_ id: LinkID, isAll: Bool = false) -> [UInt8]? {
        guard let place = places[id], isAll || slots[place]?.isToBeFlushed == true else { return nil }
        slots[place]?.isToBeFlushed = false
        guard let phase = slots[place]?.phase, phase != .closing, phase != .awaitingConnection else { return nil }
        let room = isAll ? Int.max : slots[place]!.window.room
        let bytes = sealing.flush(&slots[place]!.channel, most: room)
        if bytes.isEmpty { return nil }
        slots[place]!.window.sent(bytes: bytes.count)
        return bytes
    }

    /// The established links with a peer, oldest first; no tunnels.
    func links(with peer: PeerID) -> [LinkID] { established[peer] ?? [] }

    /// The newest established link with a peer; no tunnel.
    func direct(with peer: PeerID) -> LinkID? { established[peer]?.last }

    /// Tunnels to a peer, oldest first.
    func tunnels(with peer: PeerID) -> [LinkID] { tunnelled[peer] ?? [] }

    /// Where what is for one peer alone goes: its newest link, else a tunnel.
    func best(with peer: PeerID) -> LinkID? { established[peer]?.last ?? tunnelled[peer]?.last }

    /// The oldest stranger of the address that has the most of them: who gives way when strangers fill the table.
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
