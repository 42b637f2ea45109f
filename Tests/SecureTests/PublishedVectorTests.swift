import COpenSSL
import TestKit
import Testing
import Wire

@testable import Secure

/// Published vectors of the Noise handshake (flynn/noise, vectors.txt) and of the primitives (RFCs).
@Suite struct PublishedVectorTests {
    private func bytes(_ text: String) -> [UInt8] { [UInt8](hexadecimal: text)! }

    struct NoiseVector: Sendable {
        var prologue = ""
        /// The payload and the message, in hexadecimal, of each of the three handshake messages.
        var messages: [(payload: String, message: String)]
    }

    private static let first = "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"
    private static let second =
        "64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d484663414af878d3e46a2f58911a8"
        + "16d6e8346d4ea17a6f2a0bb4ef4ed56c133cff45"
    private static let third = "87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d9"

    static let vectors = [
        NoiseVector(messages: [
            ("", first),
            ("", second + "60a34e36ea82109f26cf2e5a5caf992b608d55c747f615e5a3425a7a19eefb8f"),
            ("", third + "7e5ea11b16f3968710b23a3be3202dc1b5e1ce3c963347491e74f5c0768a9b42"),
        ]),
        NoiseVector(messages: [
            ("746573745f6d73675f30", first + "746573745f6d73675f30"),
            (
                "746573745f6d73675f31",
                second + "72e7a2ba5123ac30618b3d205f5c2d17f50cbca216483ac56bcc78e33bf520303278db641e5e731b2e3a"
            ),
            (
                "746573745f6d73675f32",
                third + "f27e318e43ba630594c4d08eeb3b36d97c7377a2f4f9144b2f0c8095ad92140505b2ab53eff244b14138"
            ),
        ]),
        NoiseVector(
            prologue: "6e6f74736563726574",
            messages: [
                ("", first),
                ("", second + "88f043d1e49a3289b1beeab8f96b0551a48cddf9f38b1a12e46c6908644198f3"),
                ("", third + "5a04fa1f1c41fb3f00d496f242c1e44ce5b749b3d54bf74cea2dad086d601fb6"),
            ]),
    ]

    @Test("Noise_XX_25519_ChaChaPoly_SHA256 matches its published vectors", arguments: vectors.indices)
    func noise(index: Int) throws {
        let vector = Self.vectors[index]
        func side(_ role: NoiseHandshake.Role, _ staticFirst: UInt8, _ ephemeralFirst: UInt8) -> NoiseHandshake {
            NoiseHandshake(
                role: role, prologue: bytes(vector.prologue),
                staticKey: NoiseKeyPair(privateKey: Array(staticFirst..<staticFirst + 32)),
                ephemeral: NoiseKeyPair(privateKey: Array(ephemeralFirst..<ephemeralFirst + 32)))
        }
        var initiator = side(.initiator, 0x00, 0x20)
        var responder = side(.responder, 0x01, 0x41)
        for (number, (payload, message)) in vector.messages.enumerated() {
            let isInitiators = number != 1
            let written =
                isInitiators
                ? try initiator.write(payload: bytes(payload)) : try responder.write(payload: bytes(payload))
            #expect(written.hexadecimal == message)
            let read = isInitiators ? try responder.read(written) : try initiator.read(written)
            #expect(read.hexadecimal == payload)
        }
        let (toResponder, _) = initiator.split()
        let (toInitiator, fromInitiator) = responder.split()
        var sealed: [UInt8] = []
        #expect(toResponder.seal(Array("yellowsubmarine".utf8)[...], into: &sealed))
        #expect(sealed.hexadecimal == "a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6")
        var opened: [UInt8] = []
        #expect(fromInitiator.open(sealed[...], into: &opened))
        #expect(opened == Array("yellowsubmarine".utf8))
        sealed = []
        #expect(toInitiator.seal(Array("submarineyellow".utf8)[...], into: &sealed))
        #expect(sealed.hexadecimal == "2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521")
    }

    @Test("X25519 matches RFC 7748 §6.1, and a public key of low order yields no agreement")
    func x25519() {
        let alice = NoiseKeyPair(
            privateKey: bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
        let bob = NoiseKeyPair(
            privateKey: bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
        let shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        #expect(alice.publicKey.hexadecimal == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        #expect(bob.publicKey.hexadecimal == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        #expect(alice.agree(with: bob.publicKey) == Secret(bytes(shared)))
        #expect(bob.agree(with: alice.publicKey) == Secret(bytes(shared)))
        #expect(alice.agree(with: [UInt8](repeating: 0, count: 32)) == nil)
    }

    @Test("Ed25519 matches RFC 8032 §7.1, test 1")
    func ed25519() throws {
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        let key = try #require(earshot_ed25519_key(seed))
        defer { earshot_key_free(key) }
        var signature = [UInt8](repeating: 0, count: 64)
        #expect(earshot_ed25519_sign(key, [], 0, &signature) == 1)
        #expect(
            signature.hexadecimal == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
                + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
        let peer = Identity(seed: seed).peerID
        #expect("\(peer)" == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        #expect(earshot_ed25519_verify(peer.bytes, [], 0, signature) == 1)
        signature[0] ^= 1
        #expect(earshot_ed25519_verify(peer.bytes, [], 0, signature) == 0)
    }

    @Test("ChaCha20-Poly1305 matches RFC 8439 §2.8.2")
    func aead() {
        let key: [UInt8] = Array(0x80..<0xA0)
        let text = Array(
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                + "sunscreen would be it.").utf8)
        let associated = bytes("50515253c0c1c2c3c4c5c6c7")
        let nonce = bytes("070000004041424344454647")
        var sealed = [UInt8](repeating: 0, count: text.count + 16)
        #expect(
            earshot_aead_seal(key, nonce, associated, associated.count, text, text.count, &sealed) == 1)
        #expect(Array(sealed.prefix(16)).hexadecimal == "d31a8d34648e60db7b86afbc53ef7ec2")
        #expect(Array(sealed.suffix(16)).hexadecimal == "1ae10b594f09e26a7e902ecbd0600691")
        var opened = [UInt8](repeating: 0, count: text.count)
        #expect(
            earshot_aead_open(key, nonce, associated, associated.count, sealed, text.count, &opened) == 1)
        #expect(opened == text)
    }

    @Test("SHA-256 matches FIPS 180-4, and HMAC-SHA-256 matches RFC 4231 §4.2")
    func hashes() {
        #expect(
            SHA256.hash(Array("abc".utf8)).hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let key = [UInt8](repeating: 0x0B, count: 20)
        let text = Array("Hi There".utf8)
        var code = [UInt8](repeating: 0, count: 32)
        #expect(earshot_hmac_sha256(key, key.count, text, text.count, &code) == 1)
        #expect(code.hexadecimal == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }
}
