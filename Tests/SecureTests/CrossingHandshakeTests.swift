import Testing
import Wire

@testable import Secure

/// Handshakes on a connection that both sides have dialled (TCP's simultaneous open), so that both send first.
@Suite struct CrossingHandshakeTests {
    private func side(_ seed: UInt8, _ role: LinkHandshake.Role = .initiator, hasSpare: Bool = true) -> LinkHandshake {
        LinkHandshake(
            role: role, identity: Identity(seed: Array(repeating: seed, count: 32)),
            staticKey: NoiseKeyPair(privateKey: Array(repeating: seed &+ 100, count: 32)),
            ephemeral: NoiseKeyPair(privateKey: Array(repeating: seed &+ 200, count: 32)),
            spare: hasSpare ? NoiseKeyPair(privateKey: Array(repeating: seed &+ 150, count: 32)) : nil)
    }

    private func identity(_ seed: UInt8) -> PeerID { Identity(seed: Array(repeating: seed, count: 32)).peerID }

    @Test("the side with the lower ephemeral key stays the initiator, in either order", arguments: [1, 2, 3, 4])
    func crossing(seed: UInt8) throws {
        var (one, other) = (side(seed), side(seed &+ 10))
        let (fromOne, fromOther) = (one.begin() ?? [], other.begin() ?? [])
        let oneLeads = fromOne.lexicographicallyPrecedes(fromOther)
        var (leader, follower) = oneLeads ? (one, other) : (other, one)
        let (lead, follow) = oneLeads ? (fromOne, fromOther) : (fromOther, fromOne)
        guard case .wait = try leader.messageReceived(follow) else { return #expect(Bool(false), "it stays") }
        guard case .send(let second) = try follower.messageReceived(lead),
            case .sendAndFinish(let third, let peer, let transport) = try leader.messageReceived(second),
            case .finished(let otherPeer, let otherTransport) = try follower.messageReceived(third)
        else { return #expect(Bool(false), "the handshake continues as normal") }
        #expect(Set([peer, otherPeer]) == [identity(seed), identity(seed &+ 10)] && peer != otherPeer)
        var record: [UInt8] = []
        transport.seal([1, 2, 3], into: &record)
        var plaintext: [UInt8] = []
        try otherTransport.open(record[...], into: &plaintext)
        #expect(plaintext == [1, 2, 3])
    }

    @Test("a handshake that only one side dialled is unaffected")
    func ordinary() throws {
        var (caller, called) = (side(1), side(2, .responder))
        guard case .send(let second) = try called.messageReceived(caller.begin() ?? []),
            case .sendAndFinish(let third, let peer, _) = try caller.messageReceived(second),
            case .finished(let otherPeer, _) = try called.messageReceived(third)
        else { return #expect(Bool(false), "three messages are enough") }
        #expect(peer == identity(2) && otherPeer == identity(1))
    }

    @Test("our own first message, reflected, is recognised as a connection to ourselves")
    func echo() throws {
        var caller = side(1)
        let first = caller.begin() ?? []
        #expect(throws: HandshakeError.selfConnection) { try caller.messageReceived(first) }
    }

    @Test("the roles are decided only once")
    func twice() throws {
        var caller = side(1)
        let own = caller.begin() ?? []
        let lower = [UInt8](repeating: 0, count: 31) + [9]
        let higher = [UInt8](repeating: 0xFF, count: 32)
        #expect(lower.lexicographicallyPrecedes(own) && own.lexicographicallyPrecedes(higher))
        guard case .wait = try caller.messageReceived(higher) else { return #expect(Bool(false), "it stays") }
        #expect(throws: HandshakeError.self) { try caller.messageReceived(higher) }
        #expect(throws: HandshakeError.self) { try caller.messageReceived(lower) }
    }

    @Test("a side without a spare key does not accept a first message as an answer")
    func withoutSpare() throws {
        var caller = side(1, hasSpare: false)
        _ = caller.begin()
        #expect(throws: HandshakeError.self) { try caller.messageReceived([UInt8](repeating: 0xFF, count: 32)) }
    }

    @Test("an announcement followed by padding is parsed as the announcement", arguments: [0, 1, 37, 300])
    func padding(count: Int) throws {
        let identity = Identity(seed: Array(repeating: 1, count: 32))
        let own = SignedAnnouncement(
            signing: Announcement(
                kind: .announce, peer: identity.peerID, instance: 1, sequence: 2, name: "ana", claimTime: 3,
                linkPort: 47474), by: identity)
        let received = try SignedAnnouncement(parsingPadded: own.bytes + [UInt8](repeating: 0, count: count))
        #expect(received == own && received.bytes == own.bytes && received.verify())
        #expect(own.padded.count == Limits.introductionBytes && own.padded.starts(with: own.bytes))
        #expect(throws: SignedError.self) { try SignedAnnouncement(parsingPadded: Array(own.bytes.dropLast())) }
    }

    @Test("every announcement is shorter than an introduction")
    func longest() {
        let identity = Identity(seed: Array(repeating: 1, count: 32))
        let longest = SignedAnnouncement(
            signing: Announcement(
                kind: .announce, peer: identity.peerID, instance: .max, sequence: .max,
                name: String(repeating: "n", count: Limits.nameBytes), claimTime: Limits.wallTime, linkPort: 65_535),
            by: identity)
        #expect(longest.bytes.count == 170 && longest.bytes.count < Limits.introductionBytes)
    }
}
