import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Taking part in relays: dialling, being let in or not, who is there, and being cut off (DESIGN §5).
extension Peer {
    /// Takes up what is known of our relays from earlier, and whom private messages still wait for.
    mutating func loadVisits() throws(ArchiveError) {
        for target in configuration.relays {
            let kept = try archive.setting(Self.keySetting(target)) ?? []
            let remembered = PeerID(kept.prefix(PeerID.byteCount))
            let community = target.fingerprint ?? remembered
            let name = community == remembered ? String(decoding: kept.dropFirst(PeerID.byteCount), as: UTF8.self) : ""
            visits.all.append(RelayVisit(target: target, community: community, name: name.isEmpty ? nil : name))
            if let community { try openRelayLobby(of: community) }
        }
        guard !visits.all.isEmpty else { return }
        for log in try archive.logs() {
            guard case .conversation(let peer) = log, try !archive.awaitingReceipt(in: log).isEmpty else { continue }
            visits.debtors.insert(peer)
        }
    }

    private static func keySetting(_ target: RelayTarget) -> String { "relay \(target.address)" }

    private mutating func openRelayLobby(of community: PeerID) throws(ArchiveError) {
        guard rooms[.relayLobby(community)] == nil else { return }
        let log = try RoomLog(log: .relayLobby(community), room: .relayLobby(of: community), archive: archive)
        rooms.openRelayLobby(log, of: community)
    }

    // Dialling.

    mutating func dialRelays() {
        for visit in visits.all.indices {
            guard case .awaitingTime(let time) = visits.all[visit].stage, time <= now else { continue }
            dialRelay(visit)
        }
    }

    private mutating func dialRelay(_ visit: Int) {
        let target = visits.all[visit].target
        guard presence.stage != .finished, presence.stage != .awaitingStart else { return }
        guard !target.endpoints.isEmpty else {
            relayLost(visit, "no host of this name is found")
            return
        }
        let endpoint = target.endpoints[visits.all[visit].attempts.endpoint % target.endpoints.count]
        presence.lastLinkNumber += 1
        let link = makeLink(
            LinkID(number: presence.lastLinkNumber), .relay(visit), endpoint, phase: .awaitingConnection)
        visits.all[visit].stage = .awaitingWelcome(link.id)
        links.insert(link)
        outputs.push(.openLink(link.id, to: endpoint, from: .any))
        agenda.ask(for: .care, at: now + Bounds.relayConnectTime)
    }

    /// The relay of this name may be somewhere else now, or we have somebody to ask at last.
    mutating func hostFound(_ name: String, _ endpoints: [Endpoint]) {
        for visit in visits.all.indices where visits.all[visit].target.host?.name == name {
            guard !endpoints.isEmpty, visits.all[visit].target.endpoints != endpoints else { continue }
            visits.all[visit].target.endpoints = endpoints
            if case .awaitingTime = visits.all[visit].stage { visits.all[visit].stage = .awaitingTime(now) }
        }
        dialRelays()
    }

    /// Our network changed: whoever waits for a better time tries now.
    mutating func hurryRelays() {
        for visit in visits.all.indices {
            if case .awaitingTime = visits.all[visit].stage { visits.all[visit].stage = .awaitingTime(now) }
        }
        dialRelays()
    }

    /// The relay has proved its key: is it the one that we mean, or of the community that we mean?
    mutating func relayAuthenticated(_ relay: PeerID, showing certificate: [UInt8]?, visit: Int, on id: LinkID) {
        let target = visits.all[visit].target
        do throws(RelayObjection) {
            visits.all[visit].recognition.shown = try community(of: relay, showing: certificate, at: visit)
        } catch {
            refused(visit, error.text, tryingAgain: error.retryAfter)
            close(id, abruptly: false)
            return
        }
        links.setPhase(.awaitingHello(relay), of: id)
        guard let own = ownAnnouncement() else { return }
        // Nothing of the LAN is told to a relay: neither its gathering nor who is on it.
        send(.hello(announcement: own.bytes, gathering: nil, away: presence.away), on: id)
        let wanted = naming.wanted ?? configuration.name
        visits.all[visit].wantedName = wanted
        let join = RelayJoin(
            name: wanted.text,
            isStrict: configuration.isStrictAboutName,
            password: target.password.map { Array($0.prefix(Limits.passwordBytes)) },
            program: configuration.program.fitting(bytes: Limits.programBytes))
        send(.join(join), on: id)
    }

    // Let in, or not.

    mutating func welcomed(_ welcome: RelayWelcome, by relay: PeerID, visit: Int, on id: LinkID) throws {
        guard case .awaitingWelcome(id) = visits.all[visit].stage, let community = visits.all[visit].recognition.shown
        else { throw LinkViolation("a second welcome") }
        let name = try Nickname(welcome.name)
        let relayName = (try? Nickname(welcome.relayName))?.text ?? visits.all[visit].target.address
        do {
            try openRelayLobby(of: community)
            try rooms[.relayLobby(community)]?.begin(at: welcome.historyFrom)
            let remembered = community.bytes + Array(relayName.utf8)
            try archive.setSetting(Self.keySetting(visits.all[visit].target), to: remembered)
            try rememberPlace(of: community, named: relayName, visits.all[visit].target.address)
        } catch {
            notify(.failed(.init(.storage, error.text)))
        }
        let isTaken = visits.all.indices.contains { $0 != visit && visits.all[$0].name == relayName }
        visits.all[visit].recognition.community = community
        visits.all[visit].name = isTaken ? visits.all[visit].target.address : relayName
        visits.all[visit].ownName = name
        visits.all[visit].stage = .member(id)
        visits.all[visit].wasMember = true
        visits.all[visit].attempts.succeeded()
        visits.all[visit].comings.resume(at: now)
        links.setPhase(.atRelay(relay), of: id)
        links[id]?.establishedWall = clock.wall
        agenda.ask(for: .care, at: now + Bounds.relaySilenceBeforePing)
        tellWelcome(welcome, visit)
        askToTellCompany()
        let unsaid = visits.all[visit].unsaid
        visits.all[visit].unsaid = []
        for (text, kind, token) in unsaid { say(text, kind, at: visit, token: token) }
        reconcile(.relayLobby(community), on: id)
    }

    /// So that it can be called by its name the next time. A name belongs to the relay that had it first; only that one,
    /// told by its key, may move.
    private func rememberPlace(of relay: PeerID, named name: String, _ address: String) throws(ArchiveError) {
        guard let name = try? Nickname(name) else { return }
        let setting = RelayTarget.placeSetting(ofRelayNamed: name)
        if let former = try archive.setting(setting) {
            let key = try archive.setting("relay \(String(decoding: former, as: UTF8.self))") ?? []
            guard PeerID(key.prefix(PeerID.byteCount)) == relay else { return }
        } else {
            // A relay may call itself otherwise each time; each name would be kept.
            let counter = "names of relay \(relay)"
            let count = try archive.setting(counter)?.first ?? 0
            guard count < Bounds.relayNameCount else { return }
            try archive.setSetting(counter, to: [count + 1])
        }
        try archive.setSetting(setting, to: Array(address.utf8))
    }

    mutating func refusalReceived(_ refusal: RelayRefusal, visit: Int) {
        let place = visits.all[visit].target.address
        let reason = refusal.reason.isEmpty ? refusal.code.words : shown(refusal, visit)
        var pause: Duration?
        switch refusal.code {
        case .wrongPassword, .nameTaken, .notListed, .version, .notARelay, .badName: pause = nil
        case .full, .busy, .banned, .other:
            pause = refusal.retryAfter.map { .seconds(Int64(clamping: min($0, 3_600))) }
        }
        if refusal.code == .nameTaken {
            let name = visits.all[visit].ownName?.text ?? configuration.name.text
            notify(.name(.init(state: .taken, name: name, wanted: name)))
        }
        refused(visit, "\(place) refuses: \(reason)", tryingAgain: pause, isName: refusal.code == .nameTaken)
    }

    /// - Parameter pause: when another attempt may succeed; nil: it will not, as things are.
    mutating func refused(_ visit: Int, _ reason: String, tryingAgain pause: Duration?, isName: Bool = false) {
        let wasMember = visits.all[visit].wasMember
        leftRelay(visit)
        if let pause {
            visits.all[visit].stage = .awaitingTime(now + max(pause, .milliseconds(500)) * (0.75 + random.unit() / 2))
        } else {
            visits.all[visit].stage = .refused
        }
        if !visits.all[visit].attempts.wasRefusalTold || pause == nil {
            visits.all[visit].attempts.wasTold = true
            visits.all[visit].attempts.wasRefusalTold = true
            notify(.relay(state: .refused, address: visits.all[visit].target.address, reason: reason))
        }
        // Where there is nobody else to speak with, there is nothing left to do.
        let isOver = pause == nil || !wasMember
        let areAllOver = visits.all.indices.allSatisfy { $0 == visit || visits.all[$0].stage == .refused }
        if configuration.usesOnlyRelays, isOver, areAllOver { quitNow(isName ? .nameTaken : .refused) }
    }

    // Cut off.

    /// The link with a relay, or the attempt to make one, has ended.
    mutating func relayLinkLost(visit: Int, _ reason: String) {
        guard visits.all[visit].link != nil else { return }
        relayLost(visit, reason)
    }

    private mutating func relayLost(_ visit: Int, _ reason: String) {
        let wasMember = visits.all[visit].memberLink != nil
        leftRelay(visit)
        let jitter = 0.5 + random.unit()
        if let host = visits.all[visit].target.host, presence.stage != .finished {
            outputs.push(.findHost(name: host.name, port: host.port))
        }
        let count = visits.all[visit].target.endpoints.count
        let pause = visits.all[visit].attempts.failed(jitter: jitter, endpointCount: count)
        visits.all[visit].stage = .awaitingTime(now + pause)
        guard presence.stage != .finished else { return }
        // Once for each time that it was there, and once if it was never.
        guard wasMember || !visits.all[visit].attempts.wasTold else { return }
        visits.all[visit].attempts.wasTold = true
        notify(
            .relay(
                state: .disconnected, address: visits.all[visit].target.address,
                reason: "\(reason); it is tried again"))
    }

    /// What hung on our being there ends.
    private mutating func leftRelay(_ visit: Int) {
        let members = visits.all[visit].roster.sorted
        if !members.isEmpty {
            let others = members.map(\.peer).filter { $0 != id && !roster.blocked.contains($0) }
            visits.all[visit].comings.suspend(others, at: now)
        }
        // First: nobody there is to be reached through it any more.
        visits.all[visit].roster.forgetPresence()
        for id in visits.tunnels where visits.place(of: id)?.visit == visit { closeTunnel(id, isTold: false) }
        for member in members where member.peer != id {
            notify(.peer(.init(state: .left, peer: summary(of: member, at: visit))))
        }
        for token in visits.all[visit].asked.lost() {
            refuse(.notAllowed, "the relay \(visits.all[visit].name) was lost before it answered", token)
        }
    }

    // Who is there.

    mutating func membersReceived(_ members: RelayMembers, visit: Int) {
        if members.isFresh {
            let present = Set(members.changes.map(\.peer))
            for member in visits.all[visit].roster.sorted where !present.contains(member.peer) {
                memberGone(member, visit)
            }
        }
        for change in members.changes {
            guard change.state == .here else {
                if let known = visits.all[visit].roster[change.peer] { memberGone(known, visit) }
                continue
            }
            guard let name = try? Nickname(change.name) else { continue }
            memberHere(change, name, visit)
        }
    }

    private mutating func memberHere(_ member: RelayMember, _ name: Nickname, _ visit: Int) {
        if member.peer != id, roster.blocked.contains(member.peer) { return withhold(member, visit) }
        var remark: String?
        if member.peer != id, visits.all[visit].roster[member.peer]?.name != member.name {
            remark = Self.remarks(
                remarkOnMember(member.peer, named: name, visit), remarkOnLookalike(of: member.peer, named: name))
        }
        let former = visits.all[visit].roster.update(member, named: name, of: id)
        if member.peer == id {
            visits.all[visit].ownName = name
            return
        }
        let summary = summary(of: member, at: visit)
        if let former {
            if former.name != member.name {
                notify(.peer(.init(state: .renamed, peer: summary, was: former.name, remark: remark)))
            }
            if former.away != member.away {
                notify(.peer(.init(state: member.away == nil ? .back : .away, peer: summary)))
            }
        } else {
            notify(.peer(.init(state: .joined, peer: summary, remark: remark)))
        }
        guard visits.debtors.contains(member.peer) else { return }
        reachThroughRelay(member.peer)
        agenda.ask(for: .debts, at: now + Bounds.debtInterval)
    }

    private mutating func memberGone(_ member: RelayMember, _ visit: Int) {
        guard let known = visits.all[visit].roster.remove(member.peer), member.peer != id else { return }
        for id in visits.tunnels {
            guard let place = visits.place(of: id), place.visit == visit, place.tunnel.peer == member.peer else {
                continue
            }
            closeTunnel(id, isTold: false)
        }
        notify(.peer(.init(state: .left, peer: summary(of: known, at: visit))))
    }

    /// A member that we speak with in private keeps the name that it had, also when it is no longer there.
    mutating func rememberMember(_ peer: PeerID) {
        guard roster.name(of: peer) == nil else { return }
        for visit in visits.all {
            guard let relay = visit.community, let name = visit.roster.lastName(of: peer) else { continue }
            return remember(peer, as: name, at: relay)
        }
    }

    /// What is to be pointed out of a member that comes in, or to another name.
    mutating func remarkOnMember(_ peer: PeerID, named name: Nickname, _ visit: Int) -> String? {
        guard
            visits.all[visit].roster.lastName(of: peer) != name
                || visits.all[visit].roster.lastHolder(of: name) != peer,
            !roster.shown(as: name).contains(peer)
        else { return nil }
        let remark = remarkOnKey(of: peer, named: name, at: visit)
        // Not again at every start.
        if remark != nil, let relay = visits.all[visit].community,
            roster.name(of: peer) == nil || roster.known.relay(of: peer) != nil
        {
            remember(peer, as: name, at: relay)
        }
        return remark
    }

    func summary(of member: RelayMember, at visit: Int) -> Event.PeerSummary {
        Event.PeerSummary(
            name: member.name, id: member.peer, via: .relay, isBlocked: roster.blocked.contains(member.peer),
            away: member.away, relay: visits.all[visit].name)
    }

    /// Logs are compared with relays from time to time too, in case something slipped through.
    mutating func reconcileWithRelays() {
        for visit in visits.all {
            guard let link = visit.memberLink, let community = visit.community else { continue }
            reconcile(.relayLobby(community), on: link)
        }
    }

    /// Whether something of ours may not have come to a relay that may still take it.
    var isOwedToRelays: Bool {
        visits.all.contains { visit in
            visit.stage != .refused && (!visit.unsent.isEmpty || !visit.unsaid.isEmpty)
        }
    }
}
