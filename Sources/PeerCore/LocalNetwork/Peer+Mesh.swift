import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// Big LANs: a few links each, and all other peers by link-state advertisements (Protocol.md, Big networks).
extension Peer {
    private var mesh: Mesh {
        // `get`, because debug builds copy what `_read` yields too late when an optional in it is accessed.
        get { discovery.mesh }
        _modify { yield &discovery.mesh }
    }

    // Links.

    /// Records that a link is up, and compares digests over it.
    mutating func meshLinkUp(_ id: LinkID, with peer: PeerID, instance: UInt64) {
        let isNew = !mesh.table.reaches(peer)
        mesh.table.linkUp(ProcessTag(peer: peer, instance: instance))
        mesh.linkUp(peer)
        mesh.enter(peer)
        guard mesh.isAdvertising else { return }
        sendDigest(on: id)
        scheduleAdvertisement(isUrgent: isNew)
    }

    /// Records that a link is down.
    /// - Returns: Whether the peer is still present, by another link or by link-state advertisements.
    mutating func meshLinkDown(_ link: Link, with peer: PeerID, left: Bool) -> Bool {
        let isLast = !links.links(with: peer).contains { links[$0]?.instance == link.instance }
        mesh.asked.linkDown(link.id)
        guard isLast else { return true }
        let process = ProcessTag(peer: peer, instance: link.instance)
        mesh.table.linkDown(process)
        guard links.direct(with: peer) == nil else { return true }
        if left { mesh.table.left(process) }
        mesh.table.settle(at: now)
        let isHere = mesh.table.reaches(peer)
        if isHere {
            // While the link was up, perhaps already dead, the advertisements of this peer were not applied.
            if let signed = mesh.table.advertisement(of: peer) { personAdvertised(signed) }
            if !link.exchange.gossip.isReleased { mesh.linkBroke(peer) }
            requestLinkIfNeeded(peer)
        } else {
            mesh.leave(peer)
        }
        scheduleAdvertisement(isUrgent: !link.exchange.gossip.isReleased, isLoss: true)
        if mesh.isSparse { scheduleNeighbourSelection(soon: true) }
        return isHere
    }

    // Presence.

    /// Updates the presence of peers after new advertisements, and notifies the user.
    /// - Returns: Whether there were changes.
    mutating func settleMesh() -> Bool {
        mesh.table.settle(at: now)
        let changes = mesh.table.takeChanges()
        for change in changes {
            switch change {
            case .appeared(let peer), .stated(let peer):
                mesh.enter(peer)
                guard links.direct(with: peer) == nil, let signed = mesh.table.advertisement(of: peer) else { continue }
                personAdvertised(signed)
                guard case .appeared = change else { continue }
                discovery.appeared(signed, at: now)
                requestLinkIfNeeded(peer)
            case .vanished(let peer, let left):
                guard links.direct(with: peer) == nil, !mesh.table.reaches(peer) else { continue }
                let wasLinked = mesh.orphans.contains(peer)
                mesh.leave(peer)
                personLost(peer, left: left)
                discovery.vanished(peer, left: left, wasLinked: wasLinked, at: now)
            }
        }
        if mesh.isSparse, !mesh.isAdvertising { beginAdvertising() }
        if !changes.isEmpty {
            discovery.beacon.populationChanged(to: discovery.population, at: now)
            scheduleNeighbourSelection(soon: false)
        }
        if mesh.isAdvertising, mesh.table.hasChanges, !timers.isScheduled(.gossip) {
            timers.schedule(
                .gossip, at: now + (mesh.pace.brisk.take(at: now) ? Mesh.gossipDelay : Mesh.busyGossipDelay))
        }
        return !changes.isEmpty
    }

    /// Handles a peer that is present by its own link-state advertisement and those of others.
    private mutating func personAdvertised(_ signed: SignedAdvertisement) {
        let announcement = signed.announcement.announcement
        guard let name = signed.name else { return }
        if !isStale(announcement) {
            let claim = Claim(
                name: name, time: WallTime(milliseconds: announcement.claimTime), isHeld: announcement.kind == .announce
            )
            naming.claimHeard(claim, from: signed.peer, at: now, wall: wall)
        }
        let endpoint = discovery.sightings[signed.peer]?.endpoints.first
        personMet(announcement, as: name, away: signed.advertisement.away, at: endpoint)
    }

    // Our own advertisement.

    private mutating func beginAdvertising() {
        mesh.isAdvertising = true
        // Digests on every link tell both sides which advertisements differ.
        _ = mesh.table.takeUnadvertised()
        for id in establishedLinks() { sendDigest(on: id) }
        scheduleAdvertisement(isUrgent: true)
        timers.schedule(.comparison, at: now + Mesh.comparisonInterval)
    }

    /// Returns one link of each peer, in the order of the peers.
    private func establishedLinks() -> [LinkID] { links.peers.compactMap { links.direct(with: $0) } }

    /// Schedules a new advertisement after a change.
    /// - Parameter isLoss: Whether a peer may have disappeared, which others must learn without delay.
    mutating func scheduleAdvertisement(isUrgent: Bool, isLoss: Bool = false) {
        guard mesh.isAdvertising else { return }
        var delay = Mesh.urgentDelay
        if !isUrgent { delay = Mesh.calmDelay * (0.5 + random.unit()) }
        let pause = isLoss ? Mesh.shortestPause : mesh.said.pause
        let earliest = mesh.said.at.map { $0 + pause } ?? now
        if isLoss, isUrgent { mesh.said.isLossUnadvertised = true }
        timers.schedule(.advertisement, at: max(now + delay, earliest))
    }

    /// Sends a new advertisement if it differs from the last one.
    mutating func makeAdvertisement() {
        guard mesh.isAdvertising, presence.stage != .finished, let claim = naming.claim else { return }
        let tags = ownTags()
        let hasChanged =
            mesh.said.signed?.advertisement.links != tags || mesh.said.signed?.advertisement.away != presence.away
            || mesh.said.claim != claim
        guard hasChanged else { return }
        if mesh.said.at != nil, now < mesh.pace.reading.end, !mesh.said.isLossUnadvertised {
            return timers.schedule(.advertisement, at: mesh.pace.reading.end + Mesh.shortestPause * random.unit())
        }
        guard let own = sign(links: tags, claim: claim) else { return }
        mesh.said.isLossUnadvertised = false
        let isCalm = mesh.said.at.map { now > $0 + Mesh.maximumBackoff * 2 } ?? true
        mesh.said.pause = isCalm ? Mesh.shortestPause : min(mesh.said.pause * 2, Mesh.maximumBackoff)
        mesh.said.signed = own
        mesh.said.claim = claim
        mesh.said.at = now
        let frame = Frame.advertisements([AdvertisedPeer(advertisement: own.bytes, endpoints: [])])
        // A peer that has not answered the digest may not support advertisements.
        broadcast(frame) { $0.exchange.gossip.speaks }
    }

    private mutating func sign(links tags: [ProcessTag], claim: Claim) -> SignedAdvertisement? {
        var announcement = mesh.said.signed?.announcement
        if announcement == nil || mesh.said.claim != claim { announcement = ownAnnouncement() }
        guard let announcement else { return nil }
        presence.sequence += 1
        let advertisement = LinkStateAdvertisement(
            sequence: presence.sequence, announcement: announcement.bytes, away: presence.away, links: tags)
        return SignedAdvertisement(signing: advertisement, announcement: announcement, by: identity)
    }

    /// Returns the processes that we have links with. If there are too many, only those that advertise themselves
    /// count.
    private func ownTags() -> [ProcessTag] {
        var all = establishedLinks()
        if all.count > Limits.advertisementLinkCount { all.removeAll { links[$0]?.exchange.gossip.speaks != true } }
        return all.prefix(Limits.advertisementLinkCount).compactMap { id in
            links[id].flatMap { link in link.peer.map { ProcessTag(peer: $0, instance: link.instance) } }
        }.sorted()
    }

    /// Sends our last advertisement, a goodbye, before our links are closed.
    mutating func advertiseLeaving() {
        guard mesh.isAdvertising, let goodbye = ownAnnouncement(.goodbye) else { return }
        presence.sequence += 1
        let advertisement = LinkStateAdvertisement(
            sequence: presence.sequence, announcement: goodbye.bytes, away: nil, links: [])
        let signed = SignedAdvertisement(signing: advertisement, announcement: goodbye, by: identity)
        broadcast(.advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: [])])) {
            $0.exchange.gossip.speaks
        }
    }

    // Gossip.

    /// Returns the sums of all present peers, ourselves included.
    private func ownSums() -> [UInt64] {
        var sums = mesh.table.sums
        if let key = mesh.said.signed?.key { sums[key.sumIndex] &+= key.weight }
        return sums
    }

    private mutating func sendDigest(on id: LinkID) {
        links[id]?.exchange.gossip.hasSentDigest = true
        send(.digest(ownSums()), on: id)
    }

    /// Handles a digest: offers the advertisements in the parts that differ.
    mutating func digestReceived(_ theirs: [UInt64], on id: LinkID) {
        guard let gossip = links[id]?.exchange.gossip else { return }
        mesh.digestReceived()
        links[id]?.exchange.gossip.speaks = true
        if !gossip.hasSentDigest { sendDigest(on: id) }
        guard links[id]?.exchange.gossip.digests.take(at: now) == true else { return }
        let sums = ownSums()
        var keys = mesh.table.keys(differingFrom: theirs, own: sums)
        if let own = mesh.said.signed?.key, theirs[own.sumIndex] != sums[own.sumIndex] { keys.append(own) }
        sendAdvertisedKeys(keys) { [id] }
    }

    /// Offers advertisements on some links.
    /// - Parameter meant: The links; evaluated only if there are keys.
    private mutating func sendAdvertisedKeys(_ keys: [AdvertisementKey], on meant: () -> [LinkID]) {
        guard !keys.isEmpty else { return }
        let receivers = meant()
        var rest = keys[...]
        while !rest.isEmpty {
            let frame = Frame.advertise(Array(rest.prefix(Limits.frameIDCount)))
            let encoded = frame.encoded()
            for id in receivers { sendEncoded(encoded, in: frame.lane, on: id) }
            rest = rest.dropFirst(Limits.frameIDCount)
        }
    }

    /// Offers new advertisements to some neighbours, chosen at random.
    mutating func sendGossip() {
        let speaking = establishedLinks().filter { links[$0]?.exchange.gossip.speaks == true }
        let chosen = random.some(Mesh.gossipFanout, of: speaking)
        sendAdvertisedKeys(mesh.table.takeUnadvertised()) { chosen }
    }

    /// Handles a frame of the link-state exchange.
    mutating func linkStateFrameReceived(_ frame: Frame, on id: LinkID) throws {
        switch frame {
        case .digest(let sums): digestReceived(sums, on: id)
        case .advertise(let keys): advertiseReceived(keys, on: id)
        case .request(let processes): advertisementsRequested(processes, on: id)
        case .advertisements(let list): try advertisementsReceived(list, on: id)
        default: preconditionFailure("frames of the link-state exchange only")
        }
    }

    /// Handles an offer: requests the advertisements that we lack.
    mutating func advertiseReceived(_ keys: [AdvertisementKey], on id: LinkID) {
        links[id]?.exchange.gossip.speaks = true
        let own = ProcessTag(peer: self.id, instance: presence.instance)
        let lacking = keys.filter { $0.process != own && mesh.table.lacks($0) }
        let asked = lacking.filter { mesh.asked.shouldAsk(id, for: $0, at: now) }
        if !asked.isEmpty { send(.request(asked.map(\.process)), on: id) }
    }

    /// Handles a request: sends the advertisements, as far as the queue has room.
    mutating func advertisementsRequested(_ processes: [ProcessTag], on id: LinkID) {
        links[id]?.exchange.gossip.speaks = true
        var batch: [AdvertisedPeer] = []
        var size = 0
        for process in processes {
            // A peer that requests more than fits its queue requests the rest again. Room is left for chat messages.
            guard (links[id]?.channel.queuedSyncBytes ?? 0) < Bounds.linkQueueBytes / 2 else { break }
            guard
                let signed = mesh.said.signed?.process == process
                    ? mesh.said.signed : mesh.table.advertisement(of: process)
            else {
                continue
            }
            let endpoints = discovery.sightings[signed.peer]?.endpoints ?? []
            let stated = AdvertisedPeer(advertisement: signed.bytes, endpoints: Array(endpoints.prefix(2)))
            let cost = signed.bytes.count + 2 * 24 + 8
            if batch.count == Limits.frameIntroductionCount || size + cost > Limits.frameBytes - 1_024 {
                send(.advertisements(batch), on: id)
                batch = []
                size = 0
            }
            batch.append(stated)
            size += cost
        }
        if !batch.isEmpty { send(.advertisements(batch), on: id) }
    }

    /// Handles received advertisements: forwards goodbyes immediately; the others are offered by gossip.
    mutating func advertisementsReceived(_ list: [AdvertisedPeer], on id: LinkID) throws {
        links[id]?.exchange.gossip.speaks = true
        for stated in list {
            guard links[id]?.exchange.gossip.advertisements.take(at: now) == true else { return }
            // The sender may implement a later version, and so may the peer that signed this.
            guard let signed = try? SignedAdvertisement(parsing: stated.advertisement, with: identity.signing) else {
                noteIgnored("an unreadable link-state advertisement is ignored", on: id)
                continue
            }
            mesh.asked.arrived(signed.process)
            guard signed.peer != self.id, mesh.table.lacks(signed.key) else { continue }
            let known = discovery.sightings[signed.peer]?.announcement
            guard signed.verify(knowing: known, with: identity.signing) else {
                throw LinkViolation("a link-state advertisement with a wrong signature")
            }
            let wasHere = mesh.table.reaches(signed.peer)
            guard mesh.table.accept(signed, at: now) == .taken else { continue }
            mesh.pace.reading.taken(at: now)
            if signed.isGoodbye {
                if wasHere { forwardGoodbye(signed, from: id) }
            } else {
                discovery.stated(signed, at: stated.endpoints, now: now)
            }
        }
    }

    /// Forwards a goodbye on all other links, so that it reaches all peers immediately.
    private mutating func forwardGoodbye(_ signed: SignedAdvertisement, from source: LinkID) {
        broadcast(.advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: [])])) {
            $0.id != source && $0.exchange.gossip.speaks
        }
    }

    /// Compares digests with a random neighbour from time to time, in case gossip missed an advertisement.
    mutating func compareAdvertisements() {
        guard mesh.isAdvertising else { return }
        mesh.table.expire(at: now)
        timers.schedule(.comparison, at: now + Mesh.comparisonInterval * (0.5 + random.unit()))
        let speaking = establishedLinks().filter { links[$0]?.exchange.gossip.speaks == true }
        guard !speaking.isEmpty else { return }
        sendDigest(on: speaking[Int(random.uniform(below: UInt64(speaking.count)))])
    }

    // Neighbours.

    private mutating func scheduleNeighbourSelection(soon: Bool) {
        guard mesh.isAdvertising || mesh.table.count > 0 else { return }
        let jitter = Duration.milliseconds(Int64(random.uniform(below: soon ? 100 : 300)))
        timers.schedule(.neighbourSelection, at: now + .milliseconds(soon ? 50 : 200) + jitter)
    }

    /// Dials the peers that we want links with, and closes links that are not wanted.
    mutating func selectNeighbours() {
        let wanted = mesh.wanted(at: now)
        if mesh.isGrowing(), links.peers.count >= wanted.count {
            return timers.schedule(
                .neighbourSelection, at: now + .milliseconds(500 + Int64(random.uniform(below: 500))))
        }
        let missing = wanted.filter { links.direct(with: $0) == nil }
        for peer in missing where !discovery.want(peer, at: now) {
            // No endpoint of it is known.
            mesh.dialFailed(peer, at: now)
        }
        guard mesh.isSparse else { return }
        guard missing.isEmpty else {
            timers.schedule(
                .neighbourSelection, at: now + .seconds(1) + .milliseconds(Int64(random.uniform(below: 500))))
            return
        }
        var next: Instant?
        for id in establishedLinks() {
            guard let link = links[id], let peer = link.peer, case .dialled = link.origin, !wanted.contains(peer),
                mesh.table.reaches(peer)
            else { continue }
            let age = link.startedAt + Mesh.surplusAge
            let until = max(age, link.exchange.gossip.lastUsed.map { $0 + Mesh.callTime } ?? age)
            if now < until {
                next = min(next ?? until, until)
            } else if mesh.table.degree(of: peer) >= Mesh.neighbourCount(among: 0) {
                links[id]?.exchange.gossip.isReleased = true
                send(.goodbye(.full), on: id)
                close(id, abruptly: false)
            } else {
                next = min(next ?? now + .seconds(5), now + .seconds(5))
            }
        }
        if let next {
            timers.schedule(.neighbourSelection, at: next + .milliseconds(Int64(random.uniform(below: 1_000))))
        }
    }

    // Private messages to a peer without a link.

    /// Opens a link with a present peer for private messages.
    mutating func requestLink(_ peer: PeerID) {
        guard links.direct(with: peer) == nil, mesh.table.reaches(peer) else { return }
        mesh.call(peer, at: now)
        _ = discovery.want(peer, at: now)
    }

    /// Calls a peer that is now present if there are unacknowledged messages for it.
    private mutating func requestLinkIfNeeded(_ peer: PeerID) {
        let waiting = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)) }
        guard waiting?.isEmpty == false else { return }
        // If the call fails, it is repeated.
        sessions.unacknowledgedPeers.insert(peer)
        timers.schedule(.redelivery, at: now + Bounds.redeliveryInterval)
        requestLink(peer)
    }

    /// Repeats the calls that did not lead to a link.
    mutating func callUnacknowledgedPeers() {
        for peer in sessions.unacknowledgedPeers.sorted()
        where links.direct(with: peer) == nil && mesh.table.reaches(peer) {
            considerRedelivery(of: peer)
            if sessions.unacknowledgedPeers.contains(peer), !roster.blocked.contains(peer) { requestLink(peer) }
        }
    }

    /// Records that a private message passed over a link, so that it is kept for a while.
    mutating func noteUse(of id: LinkID) { links[id]?.exchange.gossip.lastUsed = now }
}
