import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// A connection with a peer: its channel, its phase, and its liveness.
struct Link {
    /// How a link was opened.
    enum Origin: Equatable {
        case dialled(DialTarget)
        case accepted
        /// To one of our relays, by its index.
        case relay(Int)
        /// Carried by a relay's link, without a connection of its own.
        case tunnel

        /// Whether it was dialled from our link port, so that the other side's dial may become the same connection.
        var isCrossing: Bool {
            if case .dialled(.crossing) = self { true } else { false }
        }
    }

    /// The phases, named by the event awaited. They only advance: connection → handshake → hello → established →
    /// closing.
    enum Phase: Equatable {
        case awaitingConnection
        case awaitingHandshake
        /// The peer is authenticated.
        case awaitingHello(PeerID)
        case established(PeerID)
        /// The relay has accepted our join.
        case atRelay(PeerID)
        /// We asked the host to close it; only `linkClosed` can still arrive.
        case closing
    }

    let id: LinkID
    let origin: Origin
    let endpoint: Endpoint
    let startedAt: Instant
    var phase: Phase
    var channel: Channel
    /// The instance of the other process, once its hello arrived.
    var instance: UInt64 = 0
    /// Our wall clock when the link was established: an earlier message that arrives over it is history.
    var establishedWall: WallTime?
    /// The gathering that the other side last announced.
    var gathering: GatheringID?
    var liveness: Liveness
    var exchange = LinkExchange()
    var window = SendWindow()
    /// Whether it is in the table's list of links with output.
    var isToBeFlushed = false
    /// Whether it came up although a firewall is between the two.
    var isThroughFirewall = false
    /// The content of the hello that we sent.
    var greeting: Greeting?

    /// The authenticated peer, until the link is closing.
    var peer: PeerID? {
        switch phase {
        case .awaitingHello(let peer), .established(let peer), .atRelay(let peer): peer
        case .awaitingConnection, .awaitingHandshake, .closing: nil
        }
    }

    var isEstablished: Bool {
        if case .established = phase { return true }
        return false
    }

    var isTunnel: Bool { origin == .tunnel }

    /// Whether it is up and has a connection of its own that may have died.
    var needsPings: Bool {
        switch phase {
        case .established: !isTunnel
        case .atRelay: true
        case .awaitingConnection, .awaitingHandshake, .awaitingHello, .closing: false
        }
    }

    /// The index of the relay that it leads to.
    var session: Int? {
        if case .relay(let session) = origin { return session }
        return nil
    }

    /// Whether it counts against the maximum number of unauthenticated links.
    var isUnauthenticated: Bool {
        switch phase {
        case .awaitingHandshake, .awaitingHello: !isTunnel && session == nil
        case .awaitingConnection, .established, .atRelay, .closing: false
        }
    }

    /// Marks the link if it has output and was not marked yet. In place, because a link is large.
    /// - Returns: Its ID if it was marked now.
    mutating func markForFlush() -> LinkID? {
        guard !isToBeFlushed, channel.hasOutput, window.room > 0 else { return nil }
        isToBeFlushed = true
        return id
    }

    /// Queues a frame for a later flush.
    /// - Returns: Whether the link must be closed because its peer reads too little; true once.
    mutating func queue(_ frame: [UInt8], in lane: Lane, at now: Instant) -> Bool {
        guard !window.isClosing else { return false }
        channel.queue(frame, in: lane)
        liveness.said(at: now)
        return window.shouldClose(holding: channel.queuedBytes, most: Bounds.linkQueueBytes, at: now)
    }

    /// Returns whether the host must report when the bytes sent have left.
    mutating func requestsDrainReport(at now: Instant) -> Bool {
        guard phase != .closing, phase != .awaitingConnection else { return false }
        return window.requestsDrainReport(hasMore: channel.hasOutput, at: now)
    }
}

/// The part of a hello that can change.
struct Greeting: Equatable {
    var claim: Claim?
    var gathering: GatheringID?
    var away: String?
}

extension Link {
    /// Returns the maintenance that is due: all timers of a link in one place (Protocol.md, Timers).
    func nextAction(at now: Instant) -> LivenessAction {
        switch phase {
        case .awaitingConnection:
            let end = startedAt + (session == nil ? Bounds.connectTime : Bounds.relayConnectTime)
            return now >= end ? .giveUp("no answer to the connection") : .fine(until: end)
        case .awaitingHandshake, .awaitingHello:
            let end = startedAt + Bounds.handshakeTime
            return now >= end ? .giveUp("no handshake in time") : .fine(until: end)
        case .established where isTunnel:
            // Its carrier is maintained, and the relay reports the loss of the other end.
            return .fine(until: Instant(nanoseconds: .max))
        case .atRelay:
            return liveness.nextAction(
                at: now, ping: Bounds.relaySilenceBeforePing, death: Bounds.relaySilenceBeforeDeath, isToBeHeard: true)
        case .established:
            return liveness.nextAction(at: now, ping: Bounds.silenceBeforePing, death: Bounds.silenceBeforeDeath)
        case .closing:
            return .fine(until: Instant(nanoseconds: .max))
        }
    }
}
