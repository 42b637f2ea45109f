import Testing
import Wire

@testable import Secure

@Suite struct LinkHandshakeTests {
    private func side(_ role: LinkHandshake.Role, _ seed: UInt8) -> LinkHandshake {
        LinkHandshake(
            role: role, identity: Identity(seed: Array(repeating: seed, count: 32)),
            staticKey: NoiseKeyPair(privateKey: Array(repeating: seed &+ 100, count: 32)),
            ephemeral: NoiseKeyPair(privateKey: Array(repeating: seed &+ 200, count: 32)))
    }

    /// Both ends of a finished handshake: the transport and the peer that each side sees.
    private func connect() throws -> (ana: (Transport, PeerID), bea: (Transport, PeerID)) {
        var ana = side(.initiator, 1)
        var bea = side(.responder, 2)
        let first = ana.begin() ?? []
        guard case .send(let second) = try bea.messageReceived(first),
            case .sendAndFinish(let third, let peerOfAna, let transportOfAna) = try ana.messageReceived(second),
            case .finished(let peerOfBea, let transportOfBea) = try bea.messageReceived(third)
        else { throw HandshakeError.outOfTurn }
        return ((transportOfAna, peerOfAna), (transportOfBea, peerOfBea))
    }

    @Test("each side learns the other's identity, and records pass in both directions")
    func completes() throws {
        let (ana, bea) = try connect()
        #expect(ana.1 == Identity(seed: Array(repeating: 2, count: 32)).peerID)
        #expect(bea.1 == Identity(seed: Array(repeating: 1, count: 32)).peerID)
        for text in ["hello", "", "again"] {
            var record: [UInt8] = []
            ana.0.seal(Array(text.utf8)[...], into: &record)
            #expect(record.count == text.utf8.count + Transport.tagBytes)
            var plaintext: [UInt8] = []
            try bea.0.open(record[...], into: &plaintext)
            #expect(plaintext == Array(text.utf8))
        }
    }

    @Test("a changed, repeated or reordered record is rejected")
    func refusesBadRecords() throws {
        let (ana, bea) = try connect()
        var first: [UInt8] = []
        var second: [UInt8] = []
        ana.0.seal([1, 2, 3], into: &first)
        ana.0.seal([4, 5, 6], into: &second)
        var plaintext: [UInt8] = []
        #expect(throws: RecordError.self) { try bea.0.open(second[...], into: &plaintext) }
        for index in first.indices {
            var changed = first
            changed[index] ^= 1
            #expect(throws: RecordError.self) { try bea.0.open(changed[...], into: &plaintext) }
        }
        try bea.0.open(first[...], into: &plaintext)
        #expect(throws: RecordError.self) { try bea.0.open(first[...], into: &plaintext) }
        try bea.0.open(second[...], into: &plaintext)
        #expect(plaintext == [1, 2, 3, 4, 5, 6])
    }

    @Test("a changed byte in a handshake message prevents the link")
    func refusesChangedMessages() throws {
        var ana = side(.initiator, 1)
        let first = ana.begin() ?? []
        var bea = side(.responder, 2)
        guard case .send(let second) = try bea.messageReceived(first) else { throw HandshakeError.outOfTurn }
        for index in second.indices {
            var changed = second
            changed[index] ^= 0x40
            var victim = ana
            #expect(throws: HandshakeError.self) { _ = try victim.messageReceived(changed) }
            // A failed step changes nothing: the genuine message still works.
            _ = try victim.messageReceived(second)
        }
    }

    @Test("an identity that signed another key, our own identity, and another version are rejected")
    func refusesBadIdentities() throws {
        var ana = side(.initiator, 1)
        var mirror = side(.responder, 1)
        guard case .send(let answer) = try mirror.messageReceived(ana.begin() ?? []) else {
            throw HandshakeError.outOfTurn
        }
        #expect(throws: HandshakeError.selfConnection) { _ = try ana.messageReceived(answer) }
        let proof = LinkProof(identity: Identity(seed: Array(repeating: 3, count: 32)), staticKey: [1])
        #expect(!proof.isValid(for: [2], with: .ed25519))
        #expect(throws: HandshakeError.unsupportedVersion(theirs: 2, ours: 1)) {
            _ = try LinkProof(decoding: [0x81, 2])
        }
    }

    @Test("both sides rekey at the same record and continue")
    func rekeys() throws {
        let key = Secret([UInt8](repeating: 7, count: 32))
        let other = Secret([UInt8](repeating: 8, count: 32))
        let ana = Transport(
            sending: CipherState(key: key), receiving: CipherState(key: other), recordsPerKey: 3)
        let bea = Transport(
            sending: CipherState(key: other), receiving: CipherState(key: key), recordsPerKey: 3)
        for number in 0..<10 as Range<UInt8> {
            var record: [UInt8] = []
            ana.seal([number], into: &record)
            var plaintext: [UInt8] = []
            try bea.open(record[...], into: &plaintext)
            #expect(plaintext == [number])
        }
    }

    @Test("the payload that a later version puts into message 1 is ignored")
    func laterOffer() throws {
        let own = Identity(seed: [UInt8](repeating: 9, count: 32))
        let staticKey = NoiseKeyPair(privateKey: [UInt8](repeating: 3, count: 32))
        var later = NoiseHandshake(
            role: .initiator, prologue: Array("earshot link 1".utf8), staticKey: staticKey,
            ephemeral: NoiseKeyPair(privateKey: [UInt8](repeating: 4, count: 32)))
        var bea = side(.responder, 2)
        guard case .send(let answer) = try bea.messageReceived(try later.write(payload: [0x81, 0x02])) else {
            throw HandshakeError.outOfTurn
        }
        _ = try later.read(answer)
        let proof = LinkProof(identity: own, staticKey: staticKey.publicKey).encoded()
        guard case .finished(let peer, _) = try bea.messageReceived(try later.write(payload: proof)) else {
            throw HandshakeError.outOfTurn
        }
        #expect(peer == own.peerID)
    }
}
