import Synchronization
public import Wire

/// Our identity: an Ed25519 key pair (RFC 8032), and the means to make and check signatures.
public final class Identity: Sendable, CustomReflectable {
    /// The public key.
    public let peerID: PeerID
    /// The implementation that makes our signatures and checks those of others.
    public let signing: Signing
    private let key: Ed25519Key

    private let lastProof = Mutex<(staticKey: [UInt8], signature: [UInt8])?>(nil)

    /// Creates an identity from its seed.
    /// - Parameter seed: The 32 bytes of the private key (RFC 8032 §5.1.5).
    public init(seed: [UInt8], signing: Signing = .ed25519) {
        key = Ed25519Key(seed: seed)
        peerID = key.peerID
        self.signing = signing
    }

    public static let seedBytes = 32

    /// Signs a payload for one purpose.
    /// - Returns: 64 bytes.
    public func sign(_ payload: some Collection<UInt8>, for context: SignatureContext) -> [UInt8] {
        signing.signature(of: payload, for: context, with: key)
    }

    /// Makes the key pair of a process or a link from 32 random bytes; in a simulation, selects one of a few shared
    /// pairs.
    public func linkKey(of random: [UInt8]) -> NoiseKeyPair {
        signing.work?.keyPair(drawnBy: random) ?? NoiseKeyPair(privateKey: random)
    }

    /// Returns the signature of the key with which a process makes its links. It is cached, because all links share the
    /// key.
    func proof(of staticKey: [UInt8]) -> [UInt8] {
        lastProof.withLock { last in
            if let last, last.staticKey == staticKey { return last.signature }
            let signature = sign(staticKey, for: .staticKey)
            last = (staticKey, signature)
            return signature
        }
    }

    public var customMirror: Mirror { Mirror(self, children: ["peerID": peerID]) }
}
