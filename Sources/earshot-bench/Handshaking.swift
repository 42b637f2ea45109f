import COpenSSL
import Secure
import Wire

extension Benchmark {
    static let handshake = Benchmark(
        name: "handshake",
        about: "One link's handshake, both sides; the floor is its key agreements, signatures and verifications alone."
    ) { plan in
        var report = MeasurementReport()
        let handshaking = Handshaking()
        try report.compare(
            "both sides", plan, { use(try handshaking.transports()) }, floor: Handshaking.primitives())
        return report
    }
}

/// The two sides of a handshake in memory.
struct Handshaking {
    private let ana = Fixtures.identity
    private let bea = Identity(seed: Array(repeating: 8, count: 32))
    private let anaKey = Fixtures.keyPair(1)
    private let beaKey = Fixtures.keyPair(2)

    func transports() throws -> (ana: Transport, bea: Transport) {
        var initiator = LinkHandshake(
            role: .initiator, identity: ana, staticKey: anaKey, ephemeral: Fixtures.keyPair(3))
        var responder = LinkHandshake(
            role: .responder, identity: bea, staticKey: beaKey, ephemeral: Fixtures.keyPair(4))
        guard let first = initiator.begin(),
            case .send(let second) = try responder.messageReceived(first),
            case .sendAndFinish(let third, _, let anaTransport) = try initiator.messageReceived(second),
            case .finished(_, let beaTransport) = try responder.messageReceived(third)
        else { throw Obstacle("the handshake did not finish") }
        return (anaTransport, beaTransport)
    }

    /// Returns the cryptographic operations of Noise XX: each side makes a key, performs three key agreements, and
    /// verifies a signature. The signed data stays the same, so it needs to be signed only once.
    static func primitives() -> () -> Void {
        let seed = [UInt8](repeating: 1, count: 32)
        let signer = earshot_ed25519_key(seed)
        var publicKey = [UInt8](repeating: 0, count: 32)
        var shared = publicKey
        var signature = [UInt8](repeating: 0, count: 64)
        _ = earshot_ed25519_sign(signer, seed, seed.count, &signature)
        let peer = Identity(seed: seed).peerID.bytes
        return {
            for _ in 0..<2 {
                let key = earshot_x25519_key(seed)
                use(earshot_x25519_public(key, &publicKey))
                for _ in 0..<3 { use(earshot_x25519(key, publicKey, &shared)) }
                use(earshot_ed25519_verify(peer, seed, seed.count, signature))
                earshot_key_free(key)
            }
        }
    }
}
