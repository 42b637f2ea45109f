import TestKit
import Testing

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite struct TimerVectorTests {
    @Test("the timers are those of Protocol.md")
    func timers() throws {
        let vector = try #require(try ProtocolDocument.load().vectors(kind: "timers").first)
        func milliseconds(_ duration: Duration) -> String { "\(duration / .milliseconds(1))".droppingPointZero }
        let ours = [
            "newcomer": Beacon.burst.map(milliseconds).joined(separator: " "),
            "exchange": milliseconds(Discovery.exchangeInterval),
            "aloneBeacon": milliseconds(.seconds(Beacon.searchingInterval)),
            "rounds": SearchedNetwork.rounds.map(milliseconds).joined(separator: " "),
            "roundInterval": milliseconds(SearchedNetwork.roundInterval),
            "neighbourPause": milliseconds(Reach.neighbourPause),
            "dialTimeout": milliseconds(Reach.dialTimeout),
            "sweeps": SearchedNetwork.sweeps.map(milliseconds).joined(separator: " "),
            "sweepInterval": milliseconds(SearchedNetwork.sweepInterval),
            "deafness": milliseconds(SearchedNetwork.deafness),
            "quiet": milliseconds(SearchedNetwork.silence),
            "crossing": CrossingDials.times.map(milliseconds).joined(separator: " "),
            "firstPause": milliseconds(DialSchedule.initialBackoff),
            "longestPause": milliseconds(DialSchedule.maximumBackoff),
            "longestLastingPause": milliseconds(DialSchedule.maximumLastingBackoff),
            "connection": milliseconds(Bounds.connectTime),
            "handshake": milliseconds(Bounds.handshakeTime),
            "silenceBeforePing": milliseconds(Bounds.silenceBeforePing),
            "silenceBeforeDeath": milliseconds(Bounds.silenceBeforeDeath),
            "silenceAfterChange": milliseconds(Bounds.silenceAfterChange),
            "leaveGrace": milliseconds(Bounds.leaveGrace),
            "probeInterval": milliseconds(Naming.probeInterval),
            "probes": "\(Naming.probeCount)",
            "gatheringHours": "\(KnownGatherings.memoryMilliseconds / 3_600_000)",
            "askAgain": milliseconds(CausalOrder.requestInterval),
            "parentTimeout": milliseconds(CausalOrder.timeout),
            "rumour": milliseconds(Bounds.entryGossipInterval),
            "reconciliation": milliseconds(Bounds.reconciliationInterval),
            "advertisementUrgent": milliseconds(Mesh.urgentDelay),
            "advertisementCalm": milliseconds(Mesh.calmDelay),
            "advertise": milliseconds(Mesh.gossipDelay),
            "advertiseOften": milliseconds(Mesh.busyGossipDelay),
            "crowd": milliseconds(Mesh.crowdDelay),
            "comparison": milliseconds(Mesh.comparisonInterval),
            "relayPing": milliseconds(Bounds.relaySilenceBeforePing),
            "relayDeath": milliseconds(Bounds.relaySilenceBeforeDeath),
            "memberDeath": milliseconds(Bounds.relaySilence),
        ]
        for (name, value) in ours { #expect(vector.text(name) == value, "\(name)") }
    }
}

extension String {
    /// Turns "250.0" into "250".
    fileprivate var droppingPointZero: String { hasSuffix(".0") ? String(dropLast(2)) : self }
}
