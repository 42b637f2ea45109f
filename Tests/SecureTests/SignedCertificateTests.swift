import Testing
import Wire

@testable import Secure

/// Properties of certificates that the vectors do not cover.
@Suite struct SignedCertificateTests {
    private static let community = Identity(seed: Array(repeating: 1, count: 32))
    private static let relay = Identity(seed: Array(repeating: 2, count: 32)).peerID
    private static let signed = SignedCertificate(
        signing: RelayCertificate(community: community.peerID, relay: relay, notBefore: 1_000, notAfter: 2_000),
        by: community)

    @Test("a certificate with any bit flipped is rejected")
    func changed() {
        let bytes = Self.signed.bytes
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(throws: CertificateProblem.self) { _ = try SignedCertificate(verifying: changed) }
            }
        }
    }

    @Test("a clock may be wrong by the tolerance, and no time overflows")
    func tolerance() {
        func problem(at time: UInt64, _ tolerance: UInt64) -> CertificateProblem? {
            Self.signed.problem(for: Self.relay, at: time, toleranceMilliseconds: tolerance)
        }
        #expect(problem(at: 900, 99) == .notYetValid(since: 1_000) && problem(at: 900, 100) == nil)
        #expect(problem(at: 2_100, 99) == .expired(at: 2_000) && problem(at: 2_100, 100) == nil)
        #expect(problem(at: 0, 1_000) == nil && problem(at: .max, 5) == .expired(at: 2_000))
    }

    @Test("a file has one line with the certificate, besides blank lines and comments")
    func text() throws {
        let text = Self.signed.text
        #expect(try SignedCertificate(text: "# a\r\n\n  \(text)  \n#b") == Self.signed)
        for wrong in ["", "# only\n", "\(text)\n\(text)", text + "A", String(text.dropLast()), "x" + text] {
            #expect(throws: CertificateProblem.self, "\(wrong)") { _ = try SignedCertificate(text: wrong) }
        }
        let other = String(repeating: "A", count: 4 * Limits.certificateBytes)
        #expect(throws: CertificateProblem.malformed) { _ = try SignedCertificate(text: other) }
    }

    @Test("only the responder presents its certificate, and the handshake does not depend on it")
    func shown() throws {
        func side(_ role: LinkHandshake.Role, _ number: UInt8, _ certificate: [UInt8]?) -> LinkHandshake {
            LinkHandshake(
                role: role, identity: Identity(seed: Array(repeating: number, count: 32)),
                staticKey: NoiseKeyPair(privateKey: Array(repeating: number + 10, count: 32)),
                ephemeral: NoiseKeyPair(privateKey: Array(repeating: number + 20, count: 32)), certificate: certificate)
        }
        for certificate in [nil, Self.signed.bytes, [], Array(repeating: 7, count: Limits.certificateBytes)] {
            var member = side(.initiator, 3, nil)
            var relay = side(.responder, 4, certificate)
            guard case .send(let answer) = try relay.messageReceived(member.begin() ?? []),
                case .sendAndFinish(let last, _, _) = try member.messageReceived(answer),
                case .finished = try relay.messageReceived(last)
            else { throw HandshakeError.outOfTurn }
            #expect(member.certificate == certificate && relay.certificate == nil)
        }
    }
}
