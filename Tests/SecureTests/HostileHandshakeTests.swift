import TestKit
import Testing
import Wire

@testable import Secure

/// Attacks on a handshake by an attacker on the path or at the other end.
@Suite struct HostileHandshakeTests {
    private static func key(_ first: UInt8) -> NoiseKeyPair {
        NoiseKeyPair(privateKey: Array(repeating: first, count: 32))
    }
    private static func identity(_ first: UInt8) -> Identity { Identity(seed: Array(repeating: first, count: 32)) }

    private static func side(_ role: LinkHandshake.Role, _ seed: UInt8) -> LinkHandshake {
        LinkHandshake(
            role: role, identity: identity(seed), staticKey: key(seed &+ 100), ephemeral: key(seed &+ 200))
    }

    /// Both sides as they await each message, and the genuine messages.
    private struct Stages {
        var responderAwaitingFirst = side(.responder, 2)
        var initiatorAwaitingSecond = side(.initiator, 1)
        var responderAwaitingThird = side(.responder, 2)
        var first: [UInt8] = []
        var second: [UInt8] = []
        var third: [UInt8] = []

        init() throws {
            first = initiatorAwaitingSecond.begin() ?? []
            guard case .send(let second) = try responderAwaitingThird.messageReceived(first) else {
                throw HandshakeError.outOfTurn
            }
            self.second = second
            var initiator = initiatorAwaitingSecond
            guard case .sendAndFinish(let third, _, _) = try initiator.messageReceived(second) else {
                throw HandshakeError.outOfTurn
            }
            self.third = third
        }

        /// Whether a changed message 1 leads to an answer that the initiator accepts.
        func leadsToAnswer(first message: [UInt8]) -> Bool {
            var responder = responderAwaitingFirst
            var initiator = initiatorAwaitingSecond
            guard let step = try? responder.messageReceived(message), case .send(let answer) = step else {
                return false
            }
            return (try? initiator.messageReceived(answer)) != nil
        }

        func isTaken(second message: [UInt8]) -> Bool {
            var initiator = initiatorAwaitingSecond
            return (try? initiator.messageReceived(message)) != nil
        }

        func isTaken(third message: [UInt8]) -> Bool {
            var responder = responderAwaitingThird
            return (try? responder.messageReceived(message)) != nil
        }
    }

    @Test("a changed byte in any of the three messages prevents the link")
    func changedMessages() throws {
        let stages = try Stages()
        #expect(stages.leadsToAnswer(first: stages.first))
        #expect(stages.isTaken(second: stages.second))
        #expect(stages.isTaken(third: stages.third))
        // Also 0x80: X25519 ignores the highest bit of a public key, so only the hash detects it.
        for mask in [0x01, 0x80] as [UInt8] {
            func changed(_ message: [UInt8], _ index: Int) -> [UInt8] {
                var message = message
                message[index] ^= mask
                return message
            }
            for index in stages.first.indices { #expect(!stages.leadsToAnswer(first: changed(stages.first, index))) }
            for index in stages.second.indices { #expect(!stages.isTaken(second: changed(stages.second, index))) }
            for index in stages.third.indices { #expect(!stages.isTaken(third: changed(stages.third, index))) }
        }
    }

    @Test("a message that is too short or too long prevents the link")
    func lengths() throws {
        let stages = try Stages()
        for count in stages.first.indices { #expect(!stages.leadsToAnswer(first: Array(stages.first.prefix(count)))) }
        for count in stages.second.indices { #expect(!stages.isTaken(second: Array(stages.second.prefix(count)))) }
        for count in stages.third.indices { #expect(!stages.isTaken(third: Array(stages.third.prefix(count)))) }
        #expect(!stages.leadsToAnswer(first: stages.first + [0]))
        #expect(!stages.isTaken(second: stages.second + [0]))
        #expect(!stages.isTaken(third: stages.third + [0]))
        var responder = stages.responderAwaitingFirst
        #expect(throws: HandshakeError.tooLong(bytes: 1025)) {
            _ = try responder.messageReceived(Array(repeating: 9, count: 1025))
        }
    }

    /// All points of order 1, 2, 4 and 8, including their non-canonical encodings (RFC 7748 §6.1 and §7; the list is
    /// from Bernstein's page on Curve25519).
    static let lowOrder = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]

    @Test("an ephemeral key of low order is rejected, and the handshake is unchanged", arguments: lowOrder)
    func lowOrderKeys(text: String) throws {
        let point = try #require([UInt8](hexadecimal: text))
        let stages = try Stages()
        var responder = stages.responderAwaitingFirst
        #expect(throws: HandshakeError.badPublicKey) { _ = try responder.messageReceived(point) }
        guard case .send(let answer) = try responder.messageReceived(stages.first) else {
            throw HandshakeError.outOfTurn
        }
        #expect(answer == stages.second)
        var initiator = stages.initiatorAwaitingSecond
        #expect(throws: HandshakeError.badPublicKey) {
            _ = try initiator.messageReceived(point + stages.second.dropFirst(32))
        }
        _ = try initiator.messageReceived(stages.second)
    }

    @Test("another peer's proof is rejected with a different Noise key, from either side")
    func borrowedIdentity() throws {
        // The proof of peer 3 is for its key 103; the thief has key 104.
        let borrowed = LinkProof(identity: Self.identity(3), staticKey: Self.key(103).publicKey).encoded()
        let wrong = HandshakeError.badIdentity("the signature is wrong")

        var initiator = Self.side(.initiator, 1)
        var thief = NoiseHandshake(
            role: .responder, prologue: LinkHandshake.prologue, staticKey: Self.key(104), ephemeral: Self.key(204))
        _ = try thief.read(initiator.begin() ?? [])
        let second = try thief.write(payload: borrowed)
        #expect(throws: wrong) { _ = try initiator.messageReceived(second) }

        var responder = Self.side(.responder, 2)
        thief = NoiseHandshake(
            role: .initiator, prologue: LinkHandshake.prologue, staticKey: Self.key(104), ephemeral: Self.key(204))
        guard case .send(let answer) = try responder.messageReceived(try thief.write(payload: [])) else {
            throw HandshakeError.outOfTurn
        }
        _ = try thief.read(answer)
        let third = try thief.write(payload: borrowed)
        #expect(throws: wrong) { _ = try responder.messageReceived(third) }
    }

    @Test("a side with another prologue is rejected")
    func otherPrologue() throws {
        var initiator = NoiseHandshake(
            role: .initiator, prologue: Array("earshot link 2".utf8), staticKey: Self.key(101), ephemeral: Self.key(201)
        )
        var responder = Self.side(.responder, 2)
        guard case .send(let answer) = try responder.messageReceived(try initiator.write(payload: [])) else {
            throw HandshakeError.outOfTurn
        }
        #expect(throws: HandshakeError.notAuthentic) { _ = try initiator.read(answer) }
    }

    @Test("a message that is too early, too late or repeated is rejected")
    func outOfTurn() throws {
        let stages = try Stages()
        var silent = Self.side(.initiator, 1)
        #expect(throws: HandshakeError.outOfTurn) { _ = try silent.messageReceived(stages.second) }
        #expect(silent.begin() == stages.first)
        #expect(silent.begin() == nil)
        var responder = stages.responderAwaitingFirst
        #expect(responder.begin() == nil)
        responder = stages.responderAwaitingThird
        #expect(throws: HandshakeError.self) { _ = try responder.messageReceived(stages.first) }
        _ = try responder.messageReceived(stages.third)
        #expect(throws: HandshakeError.outOfTurn) { _ = try responder.messageReceived(stages.third) }
        var initiator = stages.initiatorAwaitingSecond
        _ = try initiator.messageReceived(stages.second)
        #expect(throws: HandshakeError.outOfTurn) { _ = try initiator.messageReceived(stages.second) }
    }

    @Test("100,000 random and mutated handshake messages cause no link and no crash")
    func fuzz() throws {
        let stages = try Stages()
        var generator = SeededGenerator(seed: 0xEA51_07)
        for round in 0..<100_000 {
            let original = round % 2 == 0 ? stages.second : stages.third
            var message = generator.mutated(original)
            if round % 4 > 1 {
                message = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            guard message != original else { continue }
            let isTaken = round % 2 == 0 ? stages.isTaken(second: message) : stages.isTaken(third: message)
            guard !isTaken else {
                Issue.record("round \(round) of seed 0xEA5107 was accepted: \(message.hexadecimal)")
                return
            }
        }
    }
}
