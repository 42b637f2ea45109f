import Wire

/// All links of a core, walked in the order of their IDs so that no dictionary's order reaches an output.
struct LinkTable {
    private var links: [LinkID: Link] = [:]
    private(set) var ids: [LinkID] = []
    /// Established links of each peer, newest last. What is for a peer goes over its last one.
    private var established: [PeerID: [LinkID]] = [:]
    /// Peers with an established link, ascending.
    private(set) var peers: [PeerID] = []
    private(set) var strangerCount = 0

    var count: Int { ids.count }

    func contains(_ id: LinkID) -> Bool { links[id] != nil }

    /// Changing a link in place. Its phase is changed by the methods below only, so that the indexes keep in step.
    subscript(id: LinkID) -> Link? {
        _read { yield links[id] }
        _modify { yield &links[id] }
    }

    mutating func insert(_ link: Link) {
        precondition(links[link.id] == nil, "a link's ID is never used again")
        links[link.id] = link
        ids.insert(link.id, at: place(of: link.id))
        if link.isStranger { strangerCount += 1 }
    }

    /// - Returns: the link as it was.
    mutating func remove(_ id: LinkID) -> Link? {
        guard let link = links.removeValue(forKey: id) else { return nil }
        ids.remove(at: place(of: id))
        leaveIndexes(link)
        return link
    }

    mutating func setPhase(_ phase: Link.Phase, of id: LinkID) {
        guard var link = links[id] else { return }
        leaveIndexes(link)
        link.phase = phase
        links[id] = link
        if link.isStranger { strangerCount += 1 }
        if case .established(let peer) = phase {
            if established[peer] == nil { peers.insert(peer, at: peers.firstIndex { $0 > peer } ?? peers.count) }
            established[peer, default: []].append(id)
        }
    }

    /// The established links with a peer, oldest first.
    func links(with peer: PeerID) -> [LinkID] { established[peer] ?? [] }

    /// Where what is for a peer goes: its newest established link.
    func best(with peer: PeerID) -> LinkID? { established[peer]?.last }

    /// The oldest stranger of the address that has the most of them: who gives way when strangers fill the table.
    func mostDispensableStranger() -> LinkID? {
        var counts: [IPAddress: Int] = [:]
        for id in ids {
            guard let link = links[id], link.isStranger, link.origin == .accepted else { continue }
            counts[link.endpoint.address, default: 0] += 1
        }
        var best: (count: Int, link: Link)?
        for id in ids {
            guard let link = links[id], link.isStranger, link.origin == .accepted else { continue }
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
        if link.isStranger { strangerCount -= 1 }
        if case .established(let peer) = link.phase {
            established[peer]?.removeAll { $0 == link.id }
            if established[peer]?.isEmpty == true {
                established[peer] = nil
                peers.removeAll { $0 == peer }
            }
        }
    }

    private func place(of id: LinkID) -> Int {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
