import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// Big LANs: a few links each, and everybody else by what peers state (Protocol.md, Big networks).
extension Peer {
    private var mesh: Mesh {
        // What `_read` would yield is copied too late in builds for debugging where an optional is looked into.
        get { discovery.mesh }
        _modify { yield &discovery.mesh }
    }

    // Links.

    mutating func meshLinkUp(_ id: LinkID, with peer: PeerID, instance: UInt64) {
        let isNew = !mesh.table.reaches(peer)
        mesh.table.linkUp(ProcessTag(peer: peer, instance: instance))
        mesh.linkUp(peer)
        mesh.enter(peer)
        guard mesh.isAdvertising else { return }
        sendDigest(on: id)
        restate(isUrgent: isNew)
    }

    /// - Returns: whether the peer is here all the same, as others state.
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
            // While there was a link, which may have been dead for a while, what was stated did not count.
            if let signed = mesh.table.advertisement(of: peer) { personStated(signed) }
            if !link.exchange.gossip.isReleased { mesh.linkBroke(peer) }
            considerCalling(peer)
        } else {
            mesh.leave(peer)
        }
        restate(isUrgent: !link.exchange.gossip.isReleased, isLoss: true)
        if mesh.isSparse { scheduleNeighbourSelection(soon: true) }
        return isHere
    }

    // Who is here.

    /// Finds out who is here after what was stated, and tells the person.
    /// - Returns: whether there was anything.
    mutating func settleMesh() -> Bool {
        mesh.table.settle(at: now)
        let changes = mesh.table.takeChanges()
        for change in changes {
            switch change {
            case .appeared(let peer), .stated(let peer):
                mesh.enter(peer)
                guard links.direct(with: peer) == nil, let signed = mesh.table.advertisement(of: peer) else { continue }
                personStated(signed)
                guard case .appeared = change else { continue }
                discovery.appeared(signed, at: now)
                considerCalling(peer)
            case .vanished(let peer, let left):
                guard links.direct(with: peer) == nil, !mesh.table.reaches(peer) else { continue }
                let wasLinked = mesh.orphans.contains(peer)
                mesh.leave(peer)
                personLost(peer, left: left)
                discovery.vanished(peer, left: left, wasLinked: wasLinked, at: now)
            }
        }
        if mesh.isSparse, !mesh.isAdvertising { beginStating() }
        if !changes.isEmpty {
            discovery.beacon.populationChanged(to: discovery.population, at: now)
            scheduleNeighbourSelection(soon: false)
        }
        if mesh.isAdvertising, mesh.table.hasChanges, !timers.isScheduled(.gossip) {
            timers.schedule(.gossip, at: now + (mesh.pace.brisk.take(at: now) ? Mesh.gossipDelay : Mesh.busyGossipDelay))
        }
        return !changes.isEmpty
    }

    /// Somebody is here by its own statement and those of others.
    private mutating func personStated(_ signed: SignedAdvertisement) {
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

    // What we state.

    private mutating func beginStating() {
        mesh.isAdvertising = true
        // On every link both sides say what they know, by digests.
        _ = mesh.table.takeUnadvertised()
        for id in establishedLinks() { sendDigest(on: id) }
        restate(isUrgent: true)
        timers.schedule(.comparison, at: now + Mesh.comparisonInterval)
    }

    /// One for each peer, in the order of the peers.
    private func establishedLinks() -> [LinkID] { links.peers.compactMap { links.direct(with: $0) } }

    /// What we state has changed. `isLoss`: somebody may be gone, which others cannot wait for.
    mutating func restate(isUrgent: Bool, isLoss: Bool = false) {
        guard mesh.isAdvertising else { return }
        var delay = Mesh.urgentDelay
        if !isUrgent { delay = Mesh.calmDelay * (0.5 + random.unit()) }
        let pause = isLoss ? Mesh.shortestPause : mesh.said.pause
        let earliest = mesh.said.at.map { $0 + pause } ?? now
        if isLoss, isUrgent { mesh.said.isLossUntold = true }
        timers.schedule(.advertisement, at: max(now + delay, earliest))
    }

    mutating func makeAdvertisement() {
        guard mesh.isAdvertising, presence.stage != .finished, let claim = naming.claim else { return }
        let tags = ownTags()
        let hasChanged =
            mesh.said.signed?.advertisement.links != tags || mesh.said.signed?.advertisement.away != presence.away
            || mesh.said.claim != claim
        guard hasChanged else { return }
        if mesh.said.at != nil, now < mesh.pace.reading.end, !mesh.said.isLossUntold {
            return timers.schedule(.advertisement, at: mesh.pace.reading.end + Mesh.shortestPause * random.unit())
        }
        guard let own = sign(links: tags, claim: claim) else { return }
        mesh.said.isLossUntold = false
        let isCalm = mesh.said.at.map { now > $0 + Mesh.longestPause * 2 } ?? true
        mesh.said.pause = isCalm ? Mesh.shortestPause : min(mesh.said.pause * 2, Mesh.longestPause)
        mesh.said.signed = own
        mesh.said.claim = claim
        mesh.said.at = now
        let frame = Frame.advertisements([AdvertisedPeer(advertisement: own.bytes, endpoints: [])])
        // Who has not answered the digest may not know of statements.
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

    /// The processes that we have links with. Where they are too many, those count that state something themselves.
    private func ownTags() -> [ProcessTag] {
        var all = establishedLinks()
        if all.count > Limits.advertisementLinkCount { all.removeAll { links[$0]?.exchange.gossip.speaks != true } }
        return all.prefix(Limits.advertisementLinkCount).compactMap { id in
            links[id].flatMap { link in link.peer.map { ProcessTag(peer: $0, instance: link.instance) } }
        }.sorted()
    }

    /// To be said before our links are closed.
    mutating func stateLeaving() {
        guard mesh.isAdvertising, let goodbye = ownAnnouncement(.goodbye) else { return }
        presence.sequence += 1
        let advertisement = LinkStateAdvertisement(
            sequence: presence.sequence, announcement: goodbye.bytes, away: nil, links: [])
        let signed = SignedAdvertisement(signing: advertisement, announcement: goodbye, by: identity)
        broadcast(.advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: [])])) { $0.exchange.gossip.speaks }
    }

    // How statements spread.

    private func ownSums() -> [UInt64] {
        var sums = mesh.table.sums
        if let key = mesh.said.signed?.key { sums[key.sumIndex] &+= key.weight }
        return sums
    }

    private mutating func sendDigest(on id: LinkID) {
        links[id]?.exchange.gossip.hasSentDigest = true
        send(.digest(ownSums()), on: id)
    }

    mutating func digestReceived(_ theirs: [UInt64], on id: LinkID) {
        guard let gossip = links[id]?.exchange.gossip else { return }
        mesh.statesHeard()
        links[id]?.exchange.gossip.speaks = true
        if !gossip.hasSentDigest { sendDigest(on: id) }
        guard links[id]?.exchange.gossip.digests.take(at: now) == true else { return }
        let sums = ownSums()
        var keys = mesh.table.keys(differingFrom: theirs, own: sums)
        if let own = mesh.said.signed?.key, theirs[own.sumIndex] != sums[own.sumIndex] { keys.append(own) }
        sendAdvertisedKeys(keys) { [id] }
    }

    /// - Parameter meant: looked at only if there is anything.
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

    /// Tells neighbours of what is new here.
    mutating func sendGossip() {
        let speaking = establishedLinks().filter { links[$0]?.exchange.gossip.speaks == true }
        let chosen = random.some(Mesh.gossipFanout, of: speaking)
        sendAdvertisedKeys(mesh.table.takeUnadvertised()) { chosen }
    }

    mutating func advertisementsTold(_ frame: Frame, on id: LinkID) throws {
        switch frame {
        case .digest(let sums): digestReceived(sums, on: id)
        case .advertise(let keys): advertiseReceived(keys, on: id)
        case .request(let processes): advertisementsRequested(processes, on: id)
        case .advertisements(let list): try advertisementsReceived(list, on: id)
        default: preconditionFailure("frames of statements only")
        }
    }

    mutating func advertiseReceived(_ keys: [AdvertisementKey], on id: LinkID) {
        links[id]?.exchange.gossip.speaks = true
        let own = ProcessTag(peer: self.id, instance: presence.instance)
        let lacking = keys.filter { $0.process != own && mesh.table.lacks($0) }
        let asked = lacking.filter { mesh.asked.shouldAsk(id, for: $0, at: now) }
        if !asked.isEmpty { send(.request(asked.map(\.process)), on: id) }
    }

    mutating func advertisementsRequested(_ processes: [ProcessTag], on id: LinkID) {
        links[id]?.exchange.gossip.speaks = true
        var batch: [AdvertisedPeer] = []
        var size = 0
        for process in processes {
            // Who asks for more than is queued for it asks again. There is still room for what people say.
            guard (links[id]?.channel.queuedSyncBytes ?? 0) < Bounds.linkQueueBytes / 2 else { break }
            guard
                let signed = mesh.said.signed?.process == process ? mesh.said.signed : mesh.table.advertisement(of: process)
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

    mutating func advertisementsReceived(_ list: [AdvertisedPeer], on id: LinkID) throws {
        links[id]?.exchange.gossip.speaks = true
        for stated in list {
            guard links[id]?.exchange.gossip.advertisements.take(at: now) == true else { return }
            // Who hands it on may know a later version, and so may its peer.
            guard let signed = try? SignedAdvertisement(parsing: stated.advertisement, with: identity.signing) else {
                noteIgnored("a statement that cannot be read is ignored", on: id)
                continue
            }
            mesh.asked.arrived(signed.process)
            guard signed.peer != self.id, mesh.table.lacks(signed.key) else { continue }
            let known = discovery.sightings[signed.peer]?.announcement
            guard signed.verify(knowing: known, with: identity.signing) else {
                throw LinkViolation("a statement with a wrong signature")
            }
            let wasHere = mesh.table.reaches(signed.peer)
            guard mesh.table.accept(signed, at: now) == .taken else { continue }
            mesh.pace.reading.taken(at: now)
            if signed.isGoodbye {
                if wasHere { passOnLeaving(signed, from: id) }
            } else {
                discovery.stated(signed, at: stated.endpoints, now: now)
            }
        }
    }

    /// Who leaves is missed at once, everywhere.
    private mutating func passOnLeaving(_ signed: SignedAdvertisement, from source: LinkID) {
        broadcast(.advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: [])])) {
            $0.id != source && $0.exchange.gossip.speaks
        }
    }

    /// From time to time with somebody, in case something slipped through.
    mutating func compareAdvertisements() {
        guard mesh.isAdvertising else { return }
        mesh.table.expire(at: now)
        timers.schedule(.comparison, at: now + Mesh.comparisonInterval * (0.5 + random.unit()))
        let speaking = establishedLinks().filter { links[$0]?.exchange.gossip.speaks == true }
        guard !speaking.isEmpty else { return }
        sendDigest(on: speaking[Int(random.uniform(below: UInt64(speaking.count)))])
    }

    // Which links there are.

    private mutating func scheduleNeighbourSelection(soon: Bool) {
        guard mesh.isAdvertising || mesh.table.count > 0 else { return }
        let jitter = Duration.milliseconds(Int64(random.uniform(below: soon ? 100 : 300)))
        timers.schedule(.neighbourSelection, at: now + .milliseconds(soon ? 50 : 200) + jitter)
    }

    /// Dials whom we want a link with, and lets go of links that are not wanted.
    mutating func selectNeighbours() {
        let wanted = mesh.wanted(at: now)
        if mesh.isGrowing(), links.peers.count >= wanted.count {
            return timers.schedule(.neighbourSelection, at: now + .milliseconds(500 + Int64(random.uniform(below: 500))))
        }
        let missing = wanted.filter { links.direct(with: $0) == nil }
        for peer in missing where !discovery.want(peer, at: now) {
            // Nobody has said where it is.
            mesh.dialFailed(peer, at: now)
        }
        guard mesh.isSparse else { return }
        guard missing.isEmpty else {
            timers.schedule(.neighbourSelection, at: now + .seconds(1) + .milliseconds(Int64(random.uniform(below: 500))))
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
        if let next { timers.schedule(.neighbourSelection, at: next + .milliseconds(Int64(random.uniform(below: 1_000)))) }
    }

    // Private messages to somebody without a link.

    /// Opens a link with somebody who is here, for what is meant for it alone.
    mutating func callUp(_ peer: PeerID) {
        guard links.direct(with: peer) == nil, mesh.table.reaches(peer) else { return }
        mesh.call(peer, at: now)
        _ = discovery.want(peer, at: now)
    }

    /// Somebody is here for whom something waits.
    private mutating func considerCalling(_ peer: PeerID) {
        let waiting = keep { archive throws(ArchiveError) in try archive.awaitingReceipt(in: .conversation(peer)) }
        guard waiting?.isEmpty == false else { return }
        // Should the call come to nothing, it is made again.
        sessions.unacknowledgedPeers.insert(peer)
        timers.schedule(.redelivery, at: now + Bounds.redeliveryInterval)
        callUp(peer)
    }

    /// What was called for and did not come about is called for again.
    mutating func callUnacknowledgedPeers() {
        for peer in sessions.unacknowledgedPeers.sorted() where links.direct(with: peer) == nil && mesh.table.reaches(peer) {
            considerRedelivery(of: peer)
            if sessions.unacknowledgedPeers.contains(peer), !roster.blocked.contains(peer) { callUp(peer) }
        }
    }

    mutating func noteUse(of id: LinkID) { links[id]?.exchange.gossip.lastUsed = now }
}
