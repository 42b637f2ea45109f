package import CoreModel
package import Secure
package import Wire

/// A peer that was heard of: its newest announcement and where it may be found.
package struct Sighting {
    package var announcement: SignedAnnouncement
    /// Where to dial, most promising first.
    package var endpoints: [Endpoint] = []
    var lastHeard: Instant
    /// It said goodbye: kept for its sequence, so that an old announcement played again brings nobody back.
    var isGone = false
    /// It was heard by multicast.
    var isHeardByGroup = false
    /// A link with it came about as everywhere, no firewall being between us.
    package var isOpen = false
}

/// Peers that were heard of, bounded: a flood of invented peers pushes out other unlinked ones, never linked ones.
package struct SightingTable {
    /// 5,000 × about 700 bytes = 3.5 MB.
    package static let capacity = 5_000
    package static let endpointCount = 4
    /// How long an unlinked peer is remembered that is not heard any more.
    package static let lifetime = Duration.seconds(300)
    private static let sweepInterval = Duration.seconds(10)

    private var sightings: [PeerID: Sighting] = [:]
    private var lastSweep: Instant?
    /// Whether what ``takeAddresses()`` gives has changed.
    private var haveAddressesChanged = true

    package subscript(peer: PeerID) -> Sighting? {
        guard let sighting = sightings[peer], !sighting.isGone else { return nil }
        return sighting
    }

    package var count: Int { sightings.count }

    /// Whether this announcement is newer than what is known of its peer. Sequences grow over restarts.
    package func isNewer(_ announcement: Announcement) -> Bool {
        guard let known = sightings[announcement.peer] else { return true }
        return announcement.sequence > known.announcement.announcement.sequence
    }

    /// Takes up a verified announcement that is news.
    /// - Returns: false if there is no room for it.
    package mutating func saw(
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

    /// Puts an endpoint in front.
    mutating func heardOf(_ peer: PeerID, at endpoint: Endpoint) {
        guard var sighting = sightings[peer], sighting.endpoints.first != endpoint else { return }
        haveAddressesChanged = true
        sighting.endpoints.removeAll { $0 == endpoint }
        sighting.endpoints.insert(endpoint, at: 0)
        if sighting.endpoints.count > Self.endpointCount { sighting.endpoints.removeLast() }
        sightings[peer] = sighting
    }

    /// Somebody else's word on where it is: behind what was heard, if there is room.
    mutating func suggested(_ peer: PeerID, at endpoint: Endpoint) {
        guard let sighting = self[peer], sighting.endpoints.count < Self.endpointCount,
            !sighting.endpoints.contains(endpoint)
        else { return }
        if sighting.endpoints.isEmpty { haveAddressesChanged = true }
        sightings[peer]?.endpoints.append(endpoint)
    }

    /// An endpoint that did not work goes to the end.
    package mutating func failed(_ peer: PeerID, at endpoint: Endpoint) {
        guard var sighting = sightings[peer], let place = sighting.endpoints.firstIndex(of: endpoint) else { return }
        sighting.endpoints.remove(at: place)
        sighting.endpoints.append(endpoint)
        sightings[peer] = sighting
        haveAddressesChanged = true
    }

    mutating func heardByGroup(_ peer: PeerID) { sightings[peer]?.isHeardByGroup = true }
    package mutating func setOpen(_ isOpen: Bool, _ peer: PeerID) { sightings[peer]?.isOpen = isOpen }

    package mutating func goodbye(_ peer: PeerID) {
        sightings[peer]?.isGone = true
        haveAddressesChanged = true
    }

    package func introduction(of peer: PeerID) -> Introduction? {
        guard let sighting = self[peer], !sighting.endpoints.isEmpty else { return nil }
        return Introduction(announcement: sighting.announcement.bytes, endpoints: sighting.endpoints)
    }

    func isSweepDue(at now: Instant) -> Bool { lastSweep.map { now >= $0 + Self.sweepInterval } ?? true }

    /// Where those that are known were last heard.
    /// - Returns: nil if they are as they were when they were taken last.
    mutating func takeAddresses() -> Set<IPAddress>? {
        guard haveAddressesChanged else { return nil }
        haveAddressesChanged = false
        return Set(sightings.values.lazy.filter { !$0.isGone }.compactMap { $0.endpoints.first?.address })
    }

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
