import CoreModel
import LocalNetwork
import Secure
import Wire

/// Starts, announces and dials: performs the acts of discovery and naming.
extension Peer {
    /// Starts the peer on these networks.
    mutating func started(linkPort: UInt16, interfaces: [NetworkInterface]) {
        precondition(presence.stage == .awaitingStart, "a peer is started once")
        presence.stage = .awaitingName
        presence.linkPort = linkPort
        beginAges()
        // Wall-clock time makes sequence numbers grow across restarts; see Announcement.sequence.
        presence.sequence = min(wall.milliseconds, Limits.wallTime)
        presence.location = NetworkLocation(interfaces)
        resumeGathering()
        naming.claim(configuration.name, at: now, wall: wall)
        if configuration.usesMulticast {
            discovery.started(on: interfaces, at: now)
            linksChanged()
        }
        for endpoint in configuration.endpoints { discovery.endpointGiven(endpoint, at: now) }
        dialRelays()
        timers.schedule(.reconciliation, at: now + Bounds.reconciliationInterval)
        timers.schedule(.retention, at: now + Bounds.retentionInterval)
    }

    /// Adapts to a change of the networks.
    mutating func interfacesChanged(_ interfaces: [NetworkInterface]) {
        moved(to: NetworkLocation(interfaces))
        discovery.interfacesChanged(to: configuration.usesMulticast ? interfaces : nil, at: now)
        linksChanged()
        pingAllLinks()
        redialRelaysNow()
        gatherOnNetwork()
    }

    /// Returns our present announcement, signed, with a fresh sequence number; nil without a claim to a name.
    mutating func ownAnnouncement(_ kind: Announcement.Kind? = nil) -> SignedAnnouncement? {
        guard let claim = naming.claim else { return nil }
        presence.sequence += 1
        let announcement = Announcement(
            kind: kind ?? (claim.isHeld ? .announce : .probe), peer: id, instance: presence.instance,
            sequence: presence.sequence, name: claim.name.text, claimTime: claim.time.milliseconds,
            linkPort: presence.linkPort, features: .ofThisVersion)
        return SignedAnnouncement(signing: announcement, by: identity)
    }

    /// Performs an act of discovery.
    mutating func perform(_ act: Discovery.Act) {
        switch act {
        case .announce:
            guard configuration.usesMulticast, presence.stage != .finished, let own = ownAnnouncement() else { return }
            outputs.push(.multicast(own.bytes))
        case .dial(let target, let endpoints):
            guard presence.stage != .finished else { return }
            dial(target, endpoints)
        case .exchange(let peer, let others):
            guard let link = links.direct(with: peer) else { return }
            send(.peers(discovery.introductions(of: others, limit: 32)), on: link)
        case .reply(let address, let maximumBytes): reply(to: address, maximumBytes: maximumBytes)
        case .reach(let act): perform(act)
        case .identityInUse(let endpoint):
            notify(
                .failed(
                    .init(
                        .identityInUse,
                        "another earshot with this one's identity runs at \(endpoint): "
                            + "start one of them with another --name or --state DIR")))
        }
    }

    /// Performs an act of naming.
    mutating func perform(_ act: Naming.Act) {
        switch act {
        case .announce:
            guard let own = ownAnnouncement() else { return }
            broadcast(.announcement(own.bytes))
            scheduleAdvertisement(isUrgent: true)
        case .settled(let name):
            keep { archive throws(ArchiveError) in
                try archive.setSetting(ArchiveSetting.name, to: Array(name.text.utf8))
            }
            let remark = remarkOnLookalike(of: id, named: name)
            notify(.name(.init(state: .claimed, name: name.text, wanted: name.text, remark: remark)))
            renameAtRelays()
        case .lost(let wanted, let winner, let name, _):
            notify(.name(.init(state: .lost, name: name.text, wanted: wanted.text, holder: winner)))
            showHeldBack()
        case .taken(let wanted, let holder):
            notify(.name(.init(state: .taken, name: wanted.text, wanted: wanted.text, holder: holder)))
            quitNow(.nameTaken)
        case .refused(let wanted, let holder):
            let current = naming.claim?.name.text ?? configuration.name.text
            notify(
                .name(.init(state: .taken, name: current, wanted: wanted.text, holder: holder)),
                token: presence.nickToken)
            presence.nickToken = nil
        }
    }

    /// Makes the peer ready when its name is held for the first time, and runs the commands deferred until then.
    mutating func considerReadiness() {
        guard presence.stage == .awaitingName, let claim = naming.claim, claim.isHeld else { return }
        presence.stage = .ready
        if rooms.gathering == nil { foundGathering() }
        notify(.ready(name: claim.name.text, id: id, port: presence.linkPort))
        showUnseen()
        let deferred = presence.deferred
        presence.deferred = []
        for (command, token) in deferred { commanded(command, token: token) }
    }

    /// Handles a datagram or handshake of another protocol version. It is unauthenticated, so a later version is
    /// reported once only.
    mutating func versionHeard(_ version: UInt64) {
        guard version > Limits.version, !presence.hasReportedVersion else { return }
        presence.hasReportedVersion = true
        notify(
            .notice(
                "somebody here runs a later earshot, of version \(version) of the protocol: programs that use only "
                    + "that version are not seen by this one, of version \(Limits.version)"))
    }
}
