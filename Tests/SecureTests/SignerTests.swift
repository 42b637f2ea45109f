import Testing
import Wire

@testable import Secure

/// The injected signer, and nothing else in the process, decides which signatures are valid.
@Suite struct SignerTests {
    /// Accepts every signature.
    private struct Credulous: Signer {
        func signature(of message: [UInt8], for context: SignatureContext, with key: Ed25519Key) -> [UInt8] {
            [UInt8](repeating: 1, count: Envelope.signatureByteCount)
        }

        func isValid(
            _ signature: [UInt8], of message: [UInt8], for context: SignatureContext, by peer: PeerID
        ) -> Bool { true }
    }

    @Test("the product's signer accepts only Ed25519 signatures, even if identities with another signer exist")
    func apart() throws {
        let signing = Signing(signer: Credulous(), sharing: SharedWork())
        let credulous = Identity(seed: Array(repeating: 1, count: 32), signing: signing)
        let announcement = Announcement(
            kind: .announce, peer: credulous.peerID, instance: 7, sequence: 1, name: "ana", claimTime: 1,
            linkPort: 47_474)
        let forged = SignedAnnouncement(signing: announcement, by: credulous)
        #expect(forged.verify(with: signing) && !forged.verify())
        #expect(throws: SignedError.wrongSignature(credulous.peerID)) {
            _ = try SignedAnnouncement(verifying: forged.bytes)
        }
        // A message that one signer verified is not valid for the others.
        #expect(try SignedAnnouncement(verifying: forged.bytes, with: signing) == forged)
        #expect(throws: SignedError.wrongSignature(credulous.peerID)) {
            _ = try SignedAnnouncement(verifying: forged.bytes)
        }
        let genuine = Identity(seed: Array(repeating: 1, count: 32))
        #expect(
            try SignedAnnouncement(verifying: SignedAnnouncement(signing: announcement, by: genuine).bytes) != forged)
        #expect(
            genuine.linkKey(of: Array(repeating: 9, count: 32)).publicKey
                == NoiseKeyPair(privateKey: Array(repeating: 9, count: 32)).publicKey)
    }
}
