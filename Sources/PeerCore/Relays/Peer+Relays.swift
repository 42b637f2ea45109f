import CoreModel
import LocalNetwork
import RoomSync
import Secure
import Wire

/// Sessions with relays: dialling, admission or refusal, members, and disconnection (Protocol.md, Relays).
extension Peer {
    /// Loads the state of our relays from earlier runs, and the peers with unacknowledged private messages.
    mutating func loadSessions() throws(ArchiveError) {
        for target in configuration.relays {
            let kept = try archive.setting(Self.keySetting(target)) ?? []
            let remembered = PeerID(kept.prefix(PeerID.byteCount))
            let community = target.fingerprint ?? remembered
            let name = community == remembered ? String(decoding: kept.dropFirst(PeerID.byteCount), as: UTF8.self) : ""
            sessions.all.append(RelaySession(target: target, community: community, name: name.isEmpty ? nil : name))
            if let community { try openRelayLobby(of: community) }
        }
        guard !sessions.all.isEmpty else { return }
        for log in try archive.logs() {
            guard case .conversation(let peer) = log, try !archive.awaitingReceipt(in: log).isEmpty else { continue }
            sessions.unacknowledgedPeers.insert(peer)
        }
    }

    private static func keySetting(_ target: RelayTarget) -> String { "relay \(target.address)" }

    private mutating func openRelayLobby(of community: PeerID) throws(ArchiveError) {
        guard rooms[.relayLobby(community)] == nil else { return }
        let log = try RoomLog(log: .relayLobby(community), room: .relayLobby(of: community), archive: archive)
        rooms.openRelayLobby(log, of: community)
    }

    // Dialling.

    /// Dials the relays whose time has come.
    mutating func dialRelays() {
        for session in sessions.all.indices {
            guard case .awaitingTime(let time) = sessions.all[session].stage, time <= now else { continue }
            dialRelay(session)
        }
    }

    private mutating func dialRelay(_ session: Int) {
        let target = sessions.all[session].target
        guard presence.stage != .finished, presence.stage != .awaitingStart else { return }
        guard !target.endpoints.isEmpty else {
            relayLost(session, "there is no host of this name")
            return
        }
        let endpoint = target.endpoints[sessions.all[session].attempts.endpoint % target.endpoints.count]
        presence.lastLinkNumber += 1
        let link = makeLink(
            LinkID(number: presence.lastLinkNumber), .relay(session), endpoint, phase: .awaitingConnection)
        sessions.all[session].stage = .awaitingWelcome(link.id)
        links.insert(link)
        outputs.push(.openLink(link.id, to: endpoint, from: .any))
        timers.schedule(.maintenance, at: now + Bounds.relayConnectTime)
    }

    /// Updates the endpoints of a relay given by name, and dials it if it was waiting.
    mutating func hostFound(_ name: String, _ endpoints: [Endpoint]) {
        for session in sessions.all.indices where sessions.all[session].target.host?.name == name {
            guard !endpoints.isEmpty, sessions.all[session].target.endpoints != endpoints else { continue }
            sessions.all[session].target.endpoints = endpoints
            if case .awaitingTime = sessions.all[session].stage { sessions.all[session].stage = .awaitingTime(now) }
        }
        dialRelays()
    }

    /// Dials waiting relays immediately, because our network changed.
    mutating func redialRelaysNow() {
        for session in sessions.all.indices {
            if case .awaitingTime = sessions.all[session].stage { sessions.all[session].stage = .awaitingTime(now) }
        }
        dialRelays()
    }

    /// Joins a relay that has proved its key, if it is the expected one or belongs to the expected community.
    mutating func relayAuthenticated(_ relay: PeerID, showing certificate: [UInt8]?, session: Int, on id: LinkID) {
        let target = sessions.all[session].target
        do throws(RelayObjection) {
            sessions.all[session].recognition.shown = try community(of: relay, showing: certificate, at: session)
        } catch {
            refused(session, error.text, tryingAgain: error.retryAfter)
            close(id, abruptly: false)
            return
        }
        links.setPhase(.awaitingHello(relay), of: id)
        guard let own = ownAnnouncement() else { return }
        // A relay is sent nothing about the LAN: neither its gathering nor its peers.
        send(.hello(announcement: own.bytes, gathering: nil, away: presence.away), on: id)
        let wanted = naming.wanted ?? configuration.name
        sessions.all[session].wantedName = wanted
        let join = RelayJoin(
            name: wanted.text,
            isStrict: configuration.isStrictAboutName,
            password: target.password.map { Array($0.prefix(Limits.passwordBytes)) },
            program: configuration.program.fitting(bytes: Limits.programBytes))
        send(.join(join), on: id)
    }

    // Admission and refusal.

    /// Starts the session: opens the relay's lobby, sends queued texts and reconciles.
    mutating func welcomed(_ welcome: RelayWelcome, by relay: PeerID, session: Int, on id: LinkID) throws {
        guard case .awaitingWelcome(id) = sessions.all[session].stage,
            let community = sessions.all[session].recognition.shown
        else { throw LinkViolation("a second welcome") }
        let name = try Nickname(welcome.name)
        let relayName = (try? Nickname(welcome.relayName))?.text ?? sessions.all[session].target.address
        do {
            try openRelayLobby(of: community)
            try rooms[.relayLobby(community)]?.begin(at: welcome.historyFrom)
            let remembered = community.bytes + Array(relayName.utf8)
            try archive.setSetting(Self.keySetting(sessions.all[session].target), to: remembered)
            try rememberPlace(of: community, named: relayName, sessions.all[session].target.address)
        } catch {
            notify(.failed(.init(.storage, error.text)))
        }
        let isTaken = sessions.all.indices.contains { $0 != session && sessions.all[$0].name == relayName }
        sessions.all[session].recognition.community = community
        sessions.all[session].name = isTaken ? sessions.all[session].target.address : relayName
        sessions.all[session].ownName = name
        sessions.all[session].stage = .member(id)
        sessions.all[session].wasMember = true
        sessions.all[session].attempts.succeeded()
        sessions.all[session].presenceChanges.resume(at: now)
        links.setPhase(.atRelay(relay), of: id)
        links[id]?.establishedWall = clock.wall
        timers.schedule(.maintenance, at: now + Bounds.relaySilenceBeforePing)
        tellWelcome(welcome, session)
        schedulePresenceSummary()
        let queuedTexts = sessions.all[session].queuedTexts
        sessions.all[session].queuedTexts = []
        for (text, kind, token) in queuedTexts { say(text, kind, at: session, token: token) }
        reconcile(.relayLobby(community), on: id)
    }

    /// Stores the address of a relay under its name, so that the user can name it next time. A name belongs to the
    /// relay that had it first; only that relay, identified by its key, may move.
    private func rememberPlace(of relay: PeerID, named name: String, _ address: String) throws(ArchiveError) {
        guard let name = try? Nickname(name) else { return }
        let setting = RelayTarget.placeSetting(ofRelayNamed: name)
        if let former = try archive.setting(setting) {
            let key = try archive.setting("relay \(String(decoding: former, as: UTF8.self))") ?? []
            guard PeerID(key.prefix(PeerID.byteCount)) == relay else { return }
        } else {
            // A relay may use another name each time; each would be stored.
            let counter = "names of relay \(relay)"
            let count = try archive.setting(counter)?.first ?? 0
            guard count < Bounds.relayNameCount else { return }
            try archive.setSetting(counter, to: [count + 1])
        }
        try archive.setSetting(setting, to: Array(address.utf8))
    }

    /// Handles a refusal by a relay.
    mutating func refusalReceived(_ refusal: RelayRefusal, session: Int) {
        let place = sessions.all[session].target.address
        let reason = refusal.reason.isEmpty ? refusal.code.words : shown(refusal, session)
        var pause: Duration?
        switch refusal.code {
        case .wrongPassword, .nameTaken, .notListed, .version, .notARelay, .badName: pause = nil
        case .full, .busy, .banned, .other:
            pause = refusal.retryAfter.map { .seconds(Int64(clamping: min($0, 3_600))) }
        }
        if refusal.code == .nameTaken {
            let name = sessions.all[session].ownName?.text ?? configuration.name.text
            notify(.name(.init(state: .taken, name: name, wanted: name)))
        }
        refused(session, "\(place) refuses: \(reason)", tryingAgain: pause, isName: refusal.code == .nameTaken)
    }

    /// Ends a session that the relay refused.
    /// - Parameter pause: The time until an attempt that may succeed; nil if none will in the present state.
    mutating func refused(_ session: Int, _ reason: String, tryingAgain pause: Duration?, isName: Bool = false) {
        let wasMember = sessions.all[session].wasMember
        leftRelay(session)
        if let pause {
            sessions.all[session].stage = .awaitingTime(
                now + max(pause, .milliseconds(500)) * (0.75 + random.unit() / 2))
        } else {
            sessions.all[session].stage = .refused
        }
        if !sessions.all[session].attempts.wasRefusalTold || pause == nil {
            sessions.all[session].attempts.wasTold = true
            sessions.all[session].attempts.wasRefusalTold = true
            notify(.relay(state: .refused, address: sessions.all[session].target.address, reason: reason))
        }
        // Without any other peer to talk to, there is nothing left to do.
        let isOver = pause == nil || !wasMember
        let areAllOver = sessions.all.indices.allSatisfy { $0 == session || sessions.all[$0].stage == .refused }
        if configuration.usesOnlyRelays, isOver, areAllOver { quitNow(isName ? .nameTaken : .refused) }
    }

    // Disconnection.

    /// Handles the end of a link with a relay, or of an attempt to open one.
    mutating func relayLinkLost(session: Int, _ reason: String) {
        guard sessions.all[session].link != nil else { return }
        relayLost(session, reason)
    }

    /// Ends a session without a refusal and schedules the next attempt.
    private mutating func relayLost(_ session: Int, _ reason: String) {
        let wasMember = sessions.all[session].memberLink != nil
        leftRelay(session)
        let jitter = 0.5 + random.unit()
        if let host = sessions.all[session].target.host, presence.stage != .finished {
            outputs.push(.findHost(name: host.name, port: host.port))
        }
        let count = sessions.all[session].target.endpoints.count
        let pause = sessions.all[session].attempts.failed(jitter: jitter, endpointCount: count)
        sessions.all[session].stage = .awaitingTime(now + pause)
        guard presence.stage != .finished else { return }
        // Once for each time that it was connected, and once if it never was.
        guard wasMember || !sessions.all[session].attempts.wasTold else { return }
        sessions.all[session].attempts.wasTold = true
        notify(
            .relay(
                state: .disconnected, address: sessions.all[session].target.address,
                reason: "\(reason); trying again"))
    }

    /// Ends everything that depends on the session: members, tunnels, unanswered questions.
    private mutating func leftRelay(_ session: Int) {
        let members = sessions.all[session].roster.sorted
        if !members.isEmpty {
            let others = members.map(\.peer).filter { $0 != id && !roster.blocked.contains($0) }
            sessions.all[session].presenceChanges.suspend(others, at: now)
        }
        // First, so that no peer is reached through it any more.
        sessions.all[session].roster.forgetPresence()
        for id in sessions.tunnels where sessions.place(of: id)?.session == session { closeTunnel(id, isTold: false) }
        for member in members where member.peer != id {
            notify(.peer(.init(state: .left, peer: summary(of: member, at: session))))
        }
        for token in sessions.all[session].asked.lost() {
            refuse(.notAllowed, "the relay \(sessions.all[session].name) was lost before it answered", token)
        }
    }

    // Members.

    /// Updates the members of a relay from a list of changes.
    mutating func membersReceived(_ members: RelayMembers, session: Int) {
        if members.isFresh {
            let present = Set(members.changes.map(\.peer))
            for member in sessions.all[session].roster.sorted where !present.contains(member.peer) {
                memberGone(member, session)
            }
        }
        for change in members.changes {
            guard change.state == .here else {
                if let known = sessions.all[session].roster[change.peer] { memberGone(known, session) }
                continue
            }
            guard let name = try? Nickname(change.name) else { continue }
            memberHere(change, name, session)
        }
    }

    /// Adds or updates a member and reports the change.
    private mutating func memberHere(_ member: RelayMember, _ name: Nickname, _ session: Int) {
        if member.peer != id, roster.blocked.contains(member.peer) { return withhold(member, session) }
        var remark: String?
        if member.peer != id, sessions.all[session].roster[member.peer]?.name != member.name {
            remark = Self.remarks(
                remarkOnMember(member.peer, named: name, session), remarkOnLookalike(of: member.peer, named: name))
        }
        let former = sessions.all[session].roster.update(member, named: name, of: id)
        if member.peer == id {
            sessions.all[session].ownName = name
            return
        }
        let summary = summary(of: member, at: session)
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
        guard sessions.unacknowledgedPeers.contains(member.peer) else { return }
        reachThroughRelay(member.peer)
        timers.schedule(.redelivery, at: now + Bounds.redeliveryInterval)
    }

    /// Removes a member and its tunnels, and reports that it left.
    private mutating func memberGone(_ member: RelayMember, _ session: Int) {
        guard let known = sessions.all[session].roster.remove(member.peer), member.peer != id else { return }
        for id in sessions.tunnels {
            guard let place = sessions.place(of: id), place.session == session, place.tunnel.peer == member.peer else {
                continue
            }
            closeTunnel(id, isTold: false)
        }
        notify(.peer(.init(state: .left, peer: summary(of: known, at: session))))
    }

    /// Stores the name of a member with which the user has a private conversation, so that it is kept after the member
    /// leaves.
    mutating func rememberMember(_ peer: PeerID) {
        guard roster.name(of: peer) == nil else { return }
        for session in sessions.all {
            guard let relay = session.community, let name = session.roster.lastName(of: peer) else { continue }
            return remember(peer, as: name, at: relay)
        }
    }

    /// Returns a remark on a member that joins or changes its name.
    mutating func remarkOnMember(_ peer: PeerID, named name: Nickname, _ session: Int) -> String? {
        guard
            sessions.all[session].roster.lastName(of: peer) != name
                || sessions.all[session].roster.lastHolder(of: name) != peer,
            !roster.shown(as: name).contains(peer)
        else { return nil }
        let remark = remarkOnKey(of: peer, named: name, at: session)
        // Only once, not at every start.
        if remark != nil, let relay = sessions.all[session].community,
            roster.name(of: peer) == nil || roster.known.relay(of: peer) != nil
        {
            remember(peer, as: name, at: relay)
        }
        return remark
    }

    /// Returns the summary of a member of a relay, for events.
    func summary(of member: RelayMember, at session: Int) -> Event.PeerSummary {
        Event.PeerSummary(
            name: member.name, id: member.peer, via: .relay, isBlocked: roster.blocked.contains(member.peer),
            away: member.away, relay: sessions.all[session].name)
    }

    /// Reconciles logs with relays, at intervals, in case an entry was missed.
    mutating func reconcileWithRelays() {
        for session in sessions.all {
            guard let link = session.memberLink, let community = session.community else { continue }
            reconcile(.relayLobby(community), on: link)
        }
    }

    /// Whether a relay that still accepts entries may lack one of ours.
    var hasUnsentEntriesForRelays: Bool {
        sessions.all.contains { session in
            session.stage != .refused && (!session.unsent.isEmpty || !session.queuedTexts.isEmpty)
        }
    }
}
