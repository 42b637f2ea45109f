public import CoreModel
import PeerCore
import RelayCore
import Wire

/// The core of a host in a trial: a peer or a relay as shipped, or a liar. It holds a reference, because a core is far
/// too large to be copied for every query.
public struct Resident: Core {
    private final class Home<Dweller: Core> {
        var dweller: Dweller

        init(_ dweller: Dweller) { self.dweller = dweller }

        var nextDeadline: Deadline? { Self.nextDeadline(of: &dweller) }

        /// Reads the deadline through `inout`, which avoids a copy of the core.
        private static func nextDeadline(of dweller: inout Dweller) -> Deadline? { dweller.nextDeadline }
    }

    private enum Kind {
        case peer(Home<Peer>)
        case relay(Home<Relay>)
        case liar(Home<Liar>)
    }

    private let kind: Kind

    init(_ peer: Peer) { kind = .peer(Home(peer)) }

    init(_ relay: Relay) { kind = .relay(Home(relay)) }

    init(_ liar: Liar) { kind = .liar(Home(liar)) }

    public mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        switch kind {
        case .peer(let home): home.dweller.handle(input, at: now, wall: wall)
        case .relay(let home): home.dweller.handle(input, at: now, wall: wall)
        case .liar(let home): home.dweller.handle(input, at: now, wall: wall)
        }
    }

    public mutating func nextOutput() -> Output? {
        switch kind {
        case .peer(let home): home.dweller.nextOutput()
        case .relay(let home): home.dweller.nextOutput()
        case .liar(let home): home.dweller.nextOutput()
        }
    }

    public var nextDeadline: Deadline? {
        switch kind {
        case .peer(let home): home.nextDeadline
        case .relay(let home): home.nextDeadline
        case .liar(let home): home.nextDeadline
        }
    }

    // State of an honest peer; nil for other cores.

    private var peer: Home<Peer>? {
        if case .peer(let home) = kind { home } else { nil }
    }

    var heldName: Nickname? { peer.flatMap { $0.dweller.heldName } }
    var gathering: GatheringID? { peer.flatMap { $0.dweller.gathering } }
    var linkCount: Int? { peer.map { $0.dweller.linkCount } }

    func isLinked(with other: PeerID) -> Bool { peer.map { $0.dweller.isLinked(with: other) } ?? false }
}
