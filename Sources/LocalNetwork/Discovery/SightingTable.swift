package import CoreModel
package import Secure
package import Wire

/// A discovered peer: its newest announcement and the endpoints where it may be reached.
package struct Sighting {
    package var announcement: SignedAnnouncement
    /// The endpoints to dial, most promising first.
    package var endpoints: [Endpoint] = []
    /// When it was last seen.
    var lastHeard: Instant
    /// Whether it said goodbye: kept as a tombstone for its sequence number, so that a replayed older announcement does
    /// not bring it back.
    var isGone = false
    /// Whether a multicast announcement of it arrived.
    var wasSeenByMulticast = false
    /// Whether the last link with it came up with no firewall between us.
    package var isOpen = false
}

/// The discovered peers, bounded: a flood of invented peers evicts other unlinked ones, never linked ones.
package struct SightingTable {
    /// The maximum number of peers: 5,000 × about 700 bytes = 3.5 MB.
    package static let capacity = 5_000
    /// The maximum number of endpoints of one peer.
    package static let endpointCount = 4
    /// How long an unlinked peer is remembered after it was last seen.
    package static let lifetime = Duration.seconds(300)
    private static let sweepInterval = Duration.seconds(10)

    private var sightings: [PeerID: Sighting] = [:]
    private var lastSweep: Instant?
    /// Whether the result of ``takeAddresses()`` has changed.
    private var haveAddressesChanged = true

    /// Returns a peer that has not said goodbye.
    package subscript(peer: PeerID) -> Sighting? {
        guard let sighting = sightings[peer], !sighting.isGone else { return nil }
        return sighting
    }

    /// The number of entries, tombstones included.
    package var count: Int { sightings.count }

    /// Returns whether an announcement is newer than the known one of its peer. Sequence numbers grow across restarts.
    func isNewer(_ announcement: Announcement) -> Bool {
        guard let known = sightings[announcement.peer] else { return true }
        return announcement.sequence > known.announcement.announcement.sequence
    }

    /// Records a verified announcement that is newer than the known one.
    /// - Returns: False if there is no room for it.
    mutating func saw(
        _ announcement: SignedAnnouncement, at endpoint: Endpoint?, now: Instant, protecting linked: [PeerID]
    ) -> Bool {
        let peer = announcement.announcement.peer
        if var known = sightings[peer] {
            known.announcement = announcement
            known.lastHeard = now
            if known.isGone {
                known.endpoints = []
                haveAddressesChanged = true
            }
            known.isGone = false
            sightings[peer] = known
        } else {
            guard sightings.count < Self.capacity || evictOldest(but: linked) else { return false }
            sightings[peer] = Sighting(announcement: announcement, lastHeard: now)
        }
        if let endpoint { heardOf(peer, at: endpoint) }
        return true
    }

    /// Records an announcement received on the peer's own link, whatever its sequence number.
    package mutating func authenticated(_ announcement: SignedAnnouncement, at endpoint: Endpoint?, now: Instant) {
        let peer = announcement.announcement.peer
        let endpoints = sightings[peer].map { $0.isGone ? [] : $0.endpoints } ?? []
        if sightings[peer]?.isGone ?? true { haveAddressesChanged = true }
        var sighting = sightings[peer] ?? Sighting(announcement: announcement, lastHeard: now)
        sighting.announcement = announcement
        sighting.endpoints = endpoints
        sighting.lastHeard = now
        sighting.isGone = false
        sightings[peer] = sighting
        if let endpoint { heardOf(peer, at: endpoint) }
    }

    /// Puts the endpoint at which a peer was seen in front.
    mutating func heardOf(_ peer: PeerID, at endpoint: Endpoint) {
        guard var sighting = sightings[peer], sighting.endpoints.first != endpoint else { return }
        haveAddressesChanged = true
        sighting.endpoints.removeAll { $0 == endpoint }
        sighting.endpoints.insert(endpoint, at: 0)
        if sighting.endpoints.count > Self.endpointCount { sighting.endpoints.removeLast() }
        sightings[peer] = sighting
    }

    /// Appends an endpoint that another peer reported, if there is room.
    mutating func suggested(_ peer: PeerID, at endpoint: Endpoint) {
        guard let sighting = self[peer], sighting.endpoints.count < Self.endpointCount,
            !sighting.endpoints.contains(endpoint)
        else { return }
        if sighting.endpoints.isEmpty { haveAddressesChanged = true }
        sightings[peer]?.endpoints.append(endpoint)
    }

    /// Moves an endpoint that did not answer to the end.
    package mutating func failed(_ peer: PeerID, at endpoint: Endpoint) {
        guard var sighting = sightings[peer], let index = sighting.endpoints.firstIndex(of: endpoint) else { return }
        sighting.endpoints.remove(at: index)
        sighting.endpoints.append(endpoint)
        sightings[peer] = sighting
        haveAddressesChanged = true
    }

    /// Records that a multicast announcement of a peer arrived.
    mutating func seenByMulticast(_ peer: PeerID) { sightings[peer]?.wasSeenByMulticast = true }
    /// Records whether a link with a peer came up with no firewall between us.
    package mutating func setOpen(_ isOpen: Bool, _ peer: PeerID) { sightings[peer]?.isOpen = isOpen }

    /// Turns the entry of a peer that said goodbye into a tombstone.
    package mutating func goodbye(_ peer: PeerID) {
        sightings[peer]?.isGone = true
        haveAddressesChanged = true
    }

    /// Returns an introduction of a peer; nil if no endpoint is known.
    package func introduction(of peer: PeerID) -> Introduction? {
        guard let sighting = self[peer], !sighting.endpoints.isEmpty else { return nil }
        return Introduction(announcement: sighting.announcement.bytes, endpoints: sighting.endpoints)
    }

    /// Returns whether ``expire(at:keeping:)`` is due.
    func isSweepDue(at now: Instant) -> Bool { lastSweep.map { now >= $0 + Self.sweepInterval } ?? true }

    /// Returns the addresses where the known peers were last seen.
    /// - Returns: Nil if they have not changed since the last call.
    mutating func takeAddresses() -> Set<IPAddress>? {
        guard haveAddressesChanged else { return nil }
        haveAddressesChanged = false
        return Set(sightings.values.lazy.filter { !$0.isGone }.compactMap { $0.endpoints.first?.address })
    }

    /// Prunes peers not seen for ``lifetime``, except those to keep.
    package mutating func expire(at now: Instant, keeping isKept: (PeerID) -> Bool) {
        lastSweep = now
        let old = sightings.filter { $0.value.lastHeard + Self.lifetime <= now && !isKept($0.key) }
        if old.isEmpty { return }
        haveAddressesChanged = true
        for peer in old.keys { sightings[peer] = nil }
    }

    private mutating func evictOldest(but linked: [PeerID]) -> Bool {
        let kept = Set(linked)
        let oldest = sightings.filter { !kept.contains($0.key) }
            .min { ($0.value.lastHeard, $0.key) < ($1.value.lastHeard, $1.key) }
        guard let oldest else { return false }
        haveAddressesChanged = true
        sightings[oldest.key] = nil
        return true
    }
}
