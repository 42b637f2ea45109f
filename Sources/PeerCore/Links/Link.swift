import CoreModel
import Links
import LocalNetwork
import Secure
import Wire

/// One connection with one peer: its channel, how far it has come, and whether it still stands.
struct Link {
    enum Origin: Equatable {
        case dialled(DialTarget)
        case accepted
        /// To a relay that we take part in, by its place among ours.
        case relay(Int)
        /// Carried by a relay's link: it has no connection of its own.
        case tunnel

        /// Dialled from our link port, so that the other side's dial may be the same connection.
        var isCrossing: Bool {
            if case .dialled(.crossing) = self { true } else { false }
        }
    }

    /// Named by what is awaited. Only forwards: connection → handshake → hello → established → closed.
    enum Phase: Equatable {
        case awaitingConnection
        case awaitingHandshake
        /// The peer has proved who it is.
        case awaitingHello(PeerID)
        case established(PeerID)
        /// The relay has let us in.
        case atRelay(PeerID)
        /// We asked the host to close it; only `linkClosed` still comes.
        case closing
    }

    let id: LinkID
    let origin: Origin
    let endpoint: Endpoint
    let startedAt: Instant
    var phase: Phase
    var channel: Channel
    /// The other process, once its hello came.
    var instance: UInt64 = 0
    /// Our wall clock when the link was established: what was said before and comes late is history.
    var establishedWall: WallTime?
    /// The gathering that the other side last said it is in.
    var gathering: GatheringID?
    var liveness: Liveness
    var exchange = LinkExchange()
    var window = SendWindow()
    /// In the table's list of links that have something to send.
    var isToBeFlushed = false
    /// A firewall is between the two, and it stands all the same.
    var isThroughFirewall = false
    /// How we stood when our hello left.
    var greeting: Greeting?

    /// The peer, once it has proved who it is and until the link is closing.
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

    /// Whether it stands and has a connection of its own that may have died.
    var isAskedForLife: Bool {
        switch phase {
        case .established: !isTunnel
        case .atRelay: true
        case .awaitingConnection, .awaitingHandshake, .awaitingHello, .closing: false
        }
    }

    /// Which of our relays it goes to.
    var session: Int? {
        if case .relay(let session) = origin { return session }
        return nil
    }

    /// Whether it counts against the bound of links that have not proved who they are.
    var isUnauthenticated: Bool {
        switch phase {
        case .awaitingHandshake, .awaitingHello: !isTunnel && session == nil
        case .awaitingConnection, .established, .atRelay, .closing: false
        }
    }

    /// - Returns: its ID, if it has something to send and was not marked yet. In place: a link is large.
    mutating func markForFlush() -> LinkID? {
        guard !isToBeFlushed, channel.hasOutput, window.room > 0 else { return nil }
        isToBeFlushed = true
        return id
    }

    /// To leave with a later flush.
    /// - Returns: Whether its peer reads so little of what it is sent that it is to be cut; true once.
    mutating func queue(_ frame: [UInt8], in lane: Lane, at now: Instant) -> Bool {
        guard !window.isCut else { return false }
        channel.queue(frame, in: lane)
        liveness.said(at: now)
        return window.isToBeCut(holding: channel.queuedBytes, most: Bounds.linkQueueBytes, at: now)
    }

    mutating func asksForDrain(at now: Instant) -> Bool {
        guard phase != .closing, phase != .awaitingConnection else { return false }
        return window.asksForDrain(hasMore: channel.hasOutput, at: now)
    }
}

/// What a hello says of its sender.
struct Greeting: Equatable {
    var claim: Claim?
    var gathering: GatheringID?
    var away: String?
}

extension Link {
    /// All timers of a link in one place (Protocol.md, Timers).
    func care(at now: Instant) -> LivenessAction {
        switch phase {
        case .awaitingConnection:
            let end = startedAt + (session == nil ? Bounds.connectTime : Bounds.relayConnectTime)
            return now >= end ? .giveUp("no answer to the connection") : .fine(until: end)
        case .awaitingHandshake, .awaitingHello:
            let end = startedAt + Bounds.handshakeTime
            return now >= end ? .giveUp("no handshake in time") : .fine(until: end)
        case .established where isTunnel:
            // Its carrier is looked after, and the relay says when the other end is gone.
            return .fine(until: Instant(nanoseconds: .max))
        case .atRelay:
            return liveness.care(
                at: now, ping: Bounds.relaySilenceBeforePing, death: Bounds.relaySilenceBeforeDeath, isToBeHeard: true)
        case .established:
            return liveness.care(at: now, ping: Bounds.silenceBeforePing, death: Bounds.silenceBeforeDeath)
        case .closing:
            return .fine(until: Instant(nanoseconds: .max))
        }
    }
}
