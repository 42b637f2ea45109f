import CoreModel
import Links
import RoomSync
import Secure
import Wire

/// Connections of a relay, from the first byte to the last.
extension Relay {
    mutating func linkAccepted(_ id: LinkID, from endpoint: Endpoint) {
        counters.sinceStart.connectionsAccepted += 1
        guard !state.isFinished, gate.admits(endpoint.address, at: now, configuration) else {
            counters.sinceStart.connectionsRefused += 1
            outputs.push(.closeLink(id, abruptly: true))
            return
        }
        if links.unauthenticatedLinkCount >= configuration.limits.handshakeCount {
            guard let oldest = links.evictionCandidate(for: endpoint.address, at: now) else {
                counters.sinceStart.connectionsRefused += 1
                gate.left(endpoint.address)
                outputs.push(.closeLink(id, abruptly: true))
                return
            }
            note(.debug, "link with \(oldest.endpoint) closed: too many unauthenticated links")
            drop(oldest)
        }
        if id.isGuest { return guestAccepted(id, from: endpoint) }
        let channel = Channel(
            role: .responder, identity: identity, staticKey: staticKey,
            ephemeral: identity.linkKey(of: random.bytes(32)), certificate: configuration.certificate?.bytes)
        links.insert(RelayLink(id: id, endpoint: endpoint, channel: channel, at: now))
        timers.schedule(.maintenance, at: now + Bounds.handshakeTime)
    }

    mutating func linkBytesReceived(_ id: LinkID, _ bytes: [UInt8]) {
        guard let link = links[id], link.phase != .closing else { return }
        counters.sinceStart.bytesReceived &+= UInt64(bytes.count)
        if link.guest != nil { return guestBytesReceived(bytes, on: link) }
        do {
            let received = try link.channel.bytesReceived(bytes)
            if link.channel.hasOutput { markDirty(link) }
            if let peer = received.authenticated {
                links.setPhase(.awaitingHello(peer), of: link)
            }
            // A part of a frame counts too: over a slow link a long frame takes longer than the permitted silence.
            link.lastHeard = now
            for frame in received.frames {
                // An earlier frame may have ended the link.
                guard link.phase != .closing else { return }
                try frameReceived(frame, on: link)
            }
        } catch {
            violated(link, LinkViolation(describing: error))
        }
    }

    private mutating func frameReceived(_ bytes: [UInt8], on link: RelayLink) throws {
        guard let frame = try known(bytes, on: link) else { return }
        switch (link.phase, frame) {
        case (.awaitingHello, .goodbye), (.awaitingJoin, .goodbye), (.member, .goodbye):
            goodbyeReceived(frame, on: link)
        case (.awaitingHello(let peer), .hello(let announcement, _, let away)):
            try helloReceived(announcement, away: away, from: peer, on: link)
        case (.awaitingJoin(let peer), .join(let join)):
            joinReceived(join, from: peer, on: link)
        case (.awaitingJoin, .ping(let number)), (.member, .ping(let number)):
            send(.pong(number), on: link)
        case (.awaitingJoin, _):
            // A peer that mistook us for one of its own sends a peer's frames until it learns that we are a relay.
            break
        case (.member(let peer), _):
            try memberFrameReceived(frame, from: peer, on: link)
        case (.awaitingHello, _):
            throw LinkViolation("a frame before hello")
        case (.awaitingHandshake, _), (.closing, _):
            preconditionFailure("frames come out of an open channel only")
        }
    }

    /// Decodes a frame.
    /// - Returns: Nil for a frame of a later version, which is to be ignored.
    private mutating func known(_ bytes: [UInt8], on link: RelayLink) throws -> Frame? {
        do {
            return try Frame(decoding: bytes)
        } catch {
            guard error.mayBeIgnored else { throw error }
            noteIgnored("a frame of a later version is ignored: \(error)", on: link)
            return nil
        }
    }

    /// Logs, at a bounded rate, input from a member that has no meaning to a relay, perhaps because its version is
    /// later.
    mutating func noteIgnored(_ text: String, on link: RelayLink) {
        guard link.capabilities.notes.take(at: now) else { return }
        note(.debug, "\(who(link)): \(text)")
    }

    private mutating func memberFrameReceived(_ frame: Frame, from peer: PeerID, on link: RelayLink) throws {
        switch frame {
        case .hello: throw LinkViolation("a second hello")
        case .join: throw LinkViolation("a second join")
        case .entries(let list): try entriesReceived(list, from: peer, on: link)
        case .reconcile(let room, _, _) where room == keys.precommunityRoom:
            remove(link, .kick, by: configuration.name.text, RelayNotice.beforeCommunities)
        case .reconcile(let room, _, _) where room != lobby.room, .want(let room, _) where room != lobby.room,
            .have(let room, _) where room != lobby.room:
            noteIgnored("a frame about the room \(room), which is not here, is ignored", on: link)
        case .reconcile(_, let gathering, let message):
            // A relay's lobby belongs to no gathering.
            if gathering == nil { try reconciliationReceived(message, on: link) }
        case .want(_, let ids): try wanted(ids, on: link)
        case .have(_, let ids): offered(ids, on: link)
        case .away(let word): awayReceived(word, from: peer, on: link)
        case .moderate(let act): moderationReceived(act, from: peer, on: link)
        case .tunnel(let tunnel, let bytes): try tunnelReceived(tunnel, bytes, from: peer, on: link)
        case .tunnelClosed(let tunnel): tunnelCloseReceived(tunnel, from: peer, on: link)
        case .pong, .ping, .goodbye, .receipt:
            break
        case .announcement, .gathering, .peers, .digest, .advertise, .request, .advertisements, .authors:
            // A relay takes no part in the lobby of a LAN.
            break
        case .welcome, .refusal, .members, .moderated, .removed, .notice, .topic, .declined:
            throw LinkViolation("a frame that only a relay sends")
        }
    }

    // Closing.

    private mutating func goodbyeReceived(_ frame: Frame, on link: RelayLink) {
        guard case .goodbye(let reason) = frame else { return }
        note(.debug, "link with \(link.endpoint): goodbye (\(reason))")
        outputs.push(.closeLink(link.id, abruptly: false))
        lost(link, reason == .leaving ? .left : .lost)
    }

    mutating func linkClosed(_ id: LinkID, _ end: LinkEnd) {
        guard let link = links[id] else { return }
        if link.window.isClosing {
            counters.sinceStart.failures.tooSlow += 1
            note(.warning, "\(who(link)) cut: it does not read what it is sent")
        } else if case .failed(let reason) = end, link.phase != .closing {
            note(.debug, "link with \(link.endpoint) failed: \(reason)")
        }
        // A guest does not return with the same key, so its name is not kept.
        lost(link, id.isGuest ? .left : .lost)
        if links.remove(id) != nil, id.isGuest { state.guests.count -= 1 }
        gate.left(link.endpoint.address)
    }

    /// Marks a link as closing: it remains only until the host reports that it is closed.
    mutating func lost(_ link: RelayLink, _ why: RelayMember.State) {
        guard link.phase != .closing else { return }
        let phase = link.phase
        links.setPhase(.closing, of: link)
        if case .member(let peer) = phase { memberLost(peer, link, why) }
        // Its keys and buffers are no longer needed.
        link.channel = Channel(closed: ())
        link.member = nil
        link.guest = nil
    }

    /// Closes a link whose other side broke the protocol.
    mutating func violated(_ link: RelayLink, _ violation: LinkViolation) {
        guard link.phase != .closing else { return }
        counters.sinceStart.failures.violations += 1
        if case .awaitingHandshake = link.phase { counters.sinceStart.handshakesFailed += 1 }
        // Unauthenticated connections may violate the protocol as often as they like, so they add no lines to an
        // operator's log.
        note(link.member == nil ? .debug : .warning, "\(who(link)) is cut off: \(violation.text)")
        if let detail = violation.detail { note(.debug, detail) }
        dismiss(link, .violation)
    }

    /// Sends a goodbye and closes the link.
    mutating func dismiss(_ link: RelayLink, _ reason: GoodbyeReason, as state: RelayMember.State = .lost) {
        guard link.phase != .closing else { return }
        if link.peer != nil { send(.goodbye(reason), on: link) }
        flush(link)
        outputs.push(.closeLink(link.id, abruptly: false))
        lost(link, state)
    }

    /// Closes a link abruptly, without a goodbye.
    mutating func drop(_ link: RelayLink) {
        guard link.phase != .closing else { return }
        outputs.push(.closeLink(link.id, abruptly: true))
        lost(link, .lost)
    }

    /// Closes links on which nobody joins in time, and those of members that have been silent for too long.
    mutating func maintainLinks() {
        for link in links.all {
            switch link.phase {
            case .awaitingHandshake, .awaitingHello, .awaitingJoin:
                let limit = link.id.isGuest ? RelayGuest.joinTime : Bounds.handshakeTime
                guard now >= link.startedAt + limit else { continue }
                note(.debug, "link with \(link.endpoint) closed: it did not join in time")
                counters.sinceStart.handshakesFailed += 1
                dismiss(link, .refused)
            case .member:
                // A guest cannot be pinged; the host notices when its machine is gone.
                guard !link.id.isGuest, now >= link.lastHeard + configuration.limits.silence else { continue }
                note(.info, "\(who(link)) has been silent for too long")
                drop(link)
            case .closing:
                break
            }
        }
        if links.count > 0 { timers.schedule(.maintenance, at: now + Bounds.relayMaintenanceInterval) }
    }

    /// Returns how the log names the other side of a link: by its name, if it has joined, and its endpoint.
    func who(_ link: RelayLink) -> String {
        guard let name = link.member?.name else { return "link with \(link.endpoint)" }
        return "\(name.text) at \(link.endpoint)"
    }

    // Sending.

    mutating func send(_ frame: Frame, on link: RelayLink) { sendEncoded(frame.encoded(), in: frame.lane, on: link) }

    /// Queues an encoded frame.
    /// - Parameter lane: The frame's lane, except for requested entries, which are sent last.
    mutating func sendEncoded(_ frame: [UInt8], in lane: Lane = .chat, on link: RelayLink) {
        if link.guest != nil { return sendToGuest(frame, on: link) }
        guard link.peer != nil, !link.window.isClosing else { return }
        link.channel.queue(frame, in: lane)
        markDirty(link)
        closeIfOverfull(link, holding: link.channel.queuedBytes)
    }

    /// Closes a link whose queue is too long. `linkClosed` then reports the reason.
    mutating func closeIfOverfull(_ link: RelayLink, holding bytes: Int) {
        guard link.window.shouldClose(holding: bytes, most: configuration.limits.queueBytes, at: now) else { return }
        outputs.push(.closeLink(link.id, abruptly: true))
    }

    /// Sends a frame to every member, encoded once.
    mutating func tellAll(_ frame: Frame) {
        let encoded = frame.encoded()
        for link in links.members { sendEncoded(encoded, in: frame.lane, on: link) }
    }

    /// Puts a link among those to be flushed.
    mutating func markDirty(_ link: RelayLink) {
        guard !link.isDirty else { return }
        link.isDirty = true
        state.outbox.links.append(link)
    }

    /// Seals as much of the next dirty link's queue as its window permits, when the host asks for it: each
    /// link is flushed once per round.
    mutating func nextFlush() -> Output? {
        passOnAccepted()
        while let link = state.outbox.next() {
            link.isDirty = false
            guard link.phase != .closing else { continue }
            let bytes = flushed(link, most: link.window.room)
            // This applies even if nothing was taken: the next frame may be longer than the rest of the window.
            let hasMore = link.channel.hasOutput || link.guest?.outgoing.isEmpty == false
            if link.window.requestsDrainReport(hasMore: hasMore, at: now) { outputs.push(.awaitDrained(link.id)) }
            if let bytes { return .sendOnLink(link.id, bytes) }
        }
        return nil
    }

    /// Seals and returns at most `room` bytes of a link's queue; nil if there is nothing to send.
    mutating func flushed(_ link: RelayLink, most room: Int) -> [UInt8]? {
        guard link.phase != .closing else { return nil }
        let bytes =
            link.guest == nil
            ? state.outbox.sealing.flush(&link.channel, most: room) : takeGuestOutput(link, most: room)
        if bytes.isEmpty { return nil }
        link.window.sent(bytes: bytes.count)
        counters.sinceStart.bytesSent &+= UInt64(bytes.count)
        return bytes
    }

    private mutating func flush(_ link: RelayLink) {
        if let bytes = flushed(link, most: .max) { outputs.push(.sendOnLink(link.id, bytes)) }
    }

    /// Sends more on a link after the system has accepted what was sent before.
    mutating func linkDrained(_ id: LinkID) {
        guard let link = links[id], link.phase != .closing else { return }
        link.window.drained()
        markDirty(link)
        serve(link)
    }
}
