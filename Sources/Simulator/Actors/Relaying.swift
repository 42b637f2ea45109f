import CoreModel
import PeerCore
import RelayCore
import Secure
import Wire

/// The part of a trial that concerns a relay. It has a random stream of its own, so that a seed without a relay draws
/// the same values as before relays existed.
struct Relaying {
    /// The parameters of the relay's processes.
    struct RelayParameters {
        let identity: Identity
        let seed: UInt64
        /// The relay's certificate; nil if it is its own community.
        let certificate: SignedCertificate?

        /// The key that identifies its room.
        var community: PeerID { certificate?.certificate.community ?? identity.peerID }

        func resident(_ generation: Int, _ disk: Disk) -> Resident {
            let stream = RandomStream(simulationSeed: seed &+ UInt64(generation))
            // The name is valid.
            var configuration = RelayConfiguration(name: try! Nickname("hub"))
            configuration.certificate = certificate
            // A simulated disk does not fail.
            return try! Resident(
                Relay(configuration: configuration, identity: identity, random: stream, archive: disk))
        }
    }

    private var random: RandomStream
    let neighbourhood: Neighbourhood
    /// The relay; nil if this seed has none.
    let relay: RelayParameters?
    let plan: FaultPlan?

    init(seed: UInt64, settings: TrialSettings, conditions: Conditions, signing: Signing) {
        random = RandomStream(simulationSeed: ~seed)
        guard settings.habits.contains(.relaying), random.unit() < 0.35 else {
            neighbourhood = Neighbourhood(peers: settings.peers)
            (relay, plan) = (nil, nil)
            return
        }
        let identity = Identity(seed: random.bytes(Identity.seedBytes), signing: signing)
        let hub = RelayParameters(
            identity: identity, seed: random.next(),
            certificate: Self.certificate(of: identity, seed: seed, signing: signing))
        neighbourhood = Neighbourhood(peers: settings.peers, relay: hub.community, random: &random)
        relay = hub
        // The address of the relay is fixed in the configuration of its members, so it must not change.
        let kinds = settings.faults.filter { $0 != .addressChange }
        let somebody = HostID(Int(random.uniform(below: UInt64(settings.peers))))
        plan = FaultPlan(
            swarm: &random, kinds: kinds, hosts: [HostID(settings.peers), somebody], from: Trial.start,
            for: settings.turmoil, count: Int(random.uniform(below: 12)), base: conditions)
    }

    /// Returns the certificate of the relay, which a third of the seeds have. It has a random stream of its own again.
    private static func certificate(of relay: Identity, seed: UInt64, signing: Signing) -> SignedCertificate? {
        var random = RandomStream(simulationSeed: seed ^ 0x636F_6D6D_756E_0000)
        guard random.unit() < 1.0 / 3 else { return nil }
        let community = Identity(seed: random.bytes(Identity.seedBytes), signing: signing)
        // Valid indefinitely, since clocks may have any value.
        let certificate = RelayCertificate(
            community: community.peerID, relay: relay.peerID, notBefore: 0, notAfter: Limits.wallTime)
        return SignedCertificate(signing: certificate, by: community)
    }

    /// Returns the messages that members send at the relay and to peers that may be on the other LAN.
    mutating func acts(_ settings: TrialSettings) -> [ScriptedAct] {
        let members = neighbourhood.isMember.indices.filter { neighbourhood.isMember[$0] }.map(HostID.init)
        guard !members.isEmpty else { return [] }
        let span = UInt64(clamping: settings.turmoil.wholeNanoseconds)
        return (0..<random.uniform(below: UInt64(settings.messageCount / 2 + 1))).map { number in
            let host = members[Int(random.uniform(below: UInt64(members.count)))]
            let other = members[Int(random.uniform(below: UInt64(members.count)))]
            let isPrivate = host != other && random.unit() < 0.4
            let at = Trial.start + .nanoseconds(Int64(random.uniform(below: span)))
            guard isPrivate else { return ScriptedAct(at: at, host: host, act: .sayAtRelay("at the relay #\(number)")) }
            return ScriptedAct(at: at, host: host, act: .tell(other, "to \(other) of the relay #\(number)"))
        }
    }
}

extension Neighbourhood {
    /// Returns the relays that a peer is configured with.
    func relays(of host: HostID) -> [RelayTarget] {
        guard isMember[host.number] else { return [] }
        return [RelayTarget(address: Self.relayAddress, endpoints: [relayEndpoint(for: host)])]
    }
}
